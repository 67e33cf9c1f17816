"""NAT gateways."""

from typing import Annotated, Literal

from pydantic import Field

from netlab.scenario.values import Address, Model


class NatGateway(Model):
    """A NAT gateway: subnets that name it send TCP and UDP to the Internet under its public address (E19 to E22)."""

    sku: Literal["Standard", "StandardV2"] = "Standard"
    """The SKU; packets see no difference."""
    idle_timeout_in_minutes: Annotated[int, Field(ge=4, le=120)] = 4
    """After how many minutes without packets it forgets a flow of TCP; of UDP it is always 4 (E22)."""
    public_ip_addresses: Annotated[tuple[Address, ...], Field(max_length=16)] = ()
    """Its public addresses, 16 at most (E20). Default: the lab gives one."""
