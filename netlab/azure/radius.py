"""Whether a gateway and its RADIUS servers reach each other (P15): packets of the data plane, as all others. Pure."""

from __future__ import annotations

from netlab.azure.dataplane.packets import Packet
from netlab.azure.dataplane.plane import Plane
from netlab.azure.p2s.refusals import NO_RADIUS, WRONG_SECRET
from netlab.azure.state import State
from netlab.scenario.models import RadiusServer
from netlab.scenario.network import Router, VpnGateway

# RFC 2865, section 3.
PORT = 1812


def silence(state: State, gateway: VpnGateway) -> str:
    """Why no RADIUS server answers the instance that serves clients; empty where one does, or none needs to.

    A server that has another secret for the gateway does not answer (RFC 2865, section 3); then the next one is asked
    (P34).
    """
    instance, reached = state.topology.point_to_site(gateway), []
    for server in gateway.spec.radius_servers:
        if instance is not None and _is_reached(state, instance, server):
            reached.append(server)
    if gateway.client_settings.authentication != "Radius" or any(s.radius_server_secret == "right" for s in reached):
        return ""
    return WRONG_SECRET if reached else NO_RADIUS


def _is_reached(state: State, instance: Router, server: RadiusServer) -> bool:
    """Whether a request of an instance reaches a server, and the answer comes back."""
    plane, machines = Plane(state, {}), state.network.radius_servers
    request = Packet(instance.bgp_address, server.radius_server_address, "udp", destination_port=PORT)
    asked = plane.walks(instance.node, request)
    back = [
        answer
        for walk in asked
        if walk.arrived is not None and walk.nodes[-1] in machines
        for answer in plane.walks(walk.nodes[-1], walk.arrived.answer, walk.sessions)
    ]
    return len(back) >= len(asked) and all(walk.arrived is not None for walk in back)
