"""Azure Route Server."""

from typing import Literal

from netlab.scenario.values import Model

HubRoutingPreference = Literal["ExpressRoute", "VpnGateway", "ASPath"]


class RouteServer(Model):
    """A Route Server: two instances in RouteServerSubnet, with ASN 65515 (A1, A3, A4)."""

    allow_branch_to_branch_traffic: bool = False
    """Whether the Route Server also exchanges routes with the gateways of its VNet (A23)."""
    hub_routing_preference: HubRoutingPreference = "ExpressRoute"
    """Which routes win if several sources advertise the same prefix (A27)."""
