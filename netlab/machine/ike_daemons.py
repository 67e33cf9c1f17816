"""Which IKE daemon a directory has: charon or pluto."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from netlab.machine import charon, pluto


class IkeDaemon(Protocol):
    """How an IKE daemon is asked and ordered. LabError or OSError if it does not answer."""

    def ready(self, directory: str, seconds: float = ...) -> bool: ...

    def initiate(self, directory: str, name: str, seconds: float, child: str = "") -> None: ...

    def terminate(self, directory: str, name: str, seconds: float) -> None: ...

    def sas(self, directory: str) -> list[charon.Sa]: ...

    def refusal(self, directory: str, name: str) -> str: ...

    def listen(self, directory: str, poke: Callable[[], None], closed: Callable[[], bool]) -> None: ...


def of(directory: str) -> IkeDaemon:
    """The daemon that works in a directory."""
    return pluto if pluto.runs_in(directory) else charon
