"""The addresses at which the endpoints of a running lab are probed."""

from __future__ import annotations

from netlab.lab.build.records import Lab
from netlab.machine.ports import Clients
from netlab.plan.model import Interface
from netlab.scenario.addresses import INTERNET_ADDRESS
from netlab.scenario.names import INTERNET, answering, frontends


def probe_addresses(lab: Lab, clients: Clients) -> dict[str, str]:
    """The address at which each endpoint is probed: a client's virtual one; a client that has none is left out.

    A client with several tunnels has the first one's, and each of theirs by the tunnel's name.
    """
    found = {INTERNET: str(INTERNET_ADDRESS)}
    first: dict[str, Interface] = {}
    for end in (end for link in lab.plan.links for end in (link.a, link.b)):
        first.setdefault(end.node, end)
    held = (endpoint for endpoint in answering(lab.scenario) if endpoint.kind not in ("client", "frontend"))
    for endpoint in held:
        found[endpoint.node] = first[endpoint.node].addresses[0].partition("/")[0]
    found |= {frontend.node: str(address) for frontend, address in frontends(lab.scenario).items()}
    for client in lab.plan.clients:
        address = clients.virtual_address(client)
        if address:
            found.setdefault(client.node, address)
            found[client.name] = address
    return found
