"""Whether a gateway and its RADIUS server reach each other (P15): packets of the data plane, as all others. Pure."""

from __future__ import annotations

from netlab.azure.dataplane.packets import Packet
from netlab.azure.dataplane.plane import Plane
from netlab.azure.state import State
from netlab.scenario.network import VpnGateway

# RFC 2865, section 3.
PORT = 1812


def answers(state: State, gateway: VpnGateway) -> bool:
    """Whether a request of the instance that serves clients reaches the server, and the answer comes back.

    A gateway without a RADIUS server needs no answer.
    """
    settings, instance = gateway.client_settings, state.topology.point_to_site(gateway)
    if settings.authentication != "Radius":
        return True
    if instance is None or settings.radius_server_address is None:
        return False
    plane, machines = Plane(state, {}), gateway.network.radius_servers
    request = Packet(instance.bgp_address, settings.radius_server_address, "udp", destination_port=PORT)
    asked = plane.walks(instance.node, request)
    back = [
        answer
        for walk in asked
        if walk.arrived is not None and walk.nodes[-1] in machines
        for answer in plane.walks(walk.nodes[-1], walk.arrived.answer, walk.sessions)
    ]
    return len(back) >= len(asked) and all(walk.arrived is not None for walk in back)
