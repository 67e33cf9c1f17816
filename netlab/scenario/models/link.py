"""Impairments of links to the Internet."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from netlab.scenario.values import Model, quantity

_MILLISECONDS = quantity({"ms": 1, "us": 0.001, "s": 1000}, "40ms")
_PERCENT = quantity({"%": 1}, "1%")
_KBIT = quantity({"kbit": 1, "mbit": 1000, "gbit": 1_000_000}, "100mbit")


Delay = Annotated[float, Field(ge=0, le=10_000), _MILLISECONDS]


class Impairment(Model):
    """What a link to the Internet does to packets, in each direction."""

    delay: Delay = 0
    """How long a packet takes, as `40ms`. A number without a unit is in milliseconds."""
    jitter: Annotated[float, Field(ge=0, le=10_000), _MILLISECONDS] = 0
    """How much the delay varies, as `5ms`. A number without a unit is in milliseconds."""
    loss: Annotated[float, Field(ge=0, le=100), _PERCENT] = 0
    """How many packets are lost, as `1%`."""
    rate: Annotated[float, Field(ge=0, le=100_000_000), _KBIT] = 0
    """The bandwidth, as `100mbit`. A number without a unit is in kbit/s. Default: no limit."""

    @model_validator(mode="after")
    def _impairs(self) -> Self:
        if not (self.delay or self.loss or self.rate):
            raise ValueError("write delay, loss or rate; jitter needs a delay")
        return self
