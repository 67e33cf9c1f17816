"""Route tables and their user-defined routes."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from netlab.scenario.values import Address, Model, Name, Prefix


class UserRoute(Model):
    """A user-defined route. Of equal prefixes it wins over routes of BGP and of the system."""

    address_prefix: Prefix
    """The destinations of the route."""
    next_hop_type: Literal["VirtualAppliance", "VirtualNetworkGateway", "VnetLocal", "Internet", "None"]
    """Where Azure sends a packet for these destinations. `None` drops it. `VirtualNetworkGateway` means a VPN gateway,
    and works only without an ExpressRoute gateway beside it (R88)."""
    next_hop_ip_address: Address | None = None
    """The private address of the appliance. Only the type VirtualAppliance has one, and it needs one (R89)."""

    @model_validator(mode="after")
    def _one_next_hop(self) -> UserRoute:
        if (self.next_hop_type == "VirtualAppliance") != (self.next_hop_ip_address is not None):
            raise ValueError("only a next hop of type VirtualAppliance has a `next_hop_ip_address`, and it needs one")
        return self


class RouteTable(Model):
    """A route table. A subnet uses it by its name."""

    disable_bgp_route_propagation: bool = False
    """Whether subnets with this table have no routes of a gateway, neither static ones nor those of BGP (5.1)."""
    routes: dict[Name, UserRoute] = {}
    """The user-defined routes, by name. There is one for a prefix."""
