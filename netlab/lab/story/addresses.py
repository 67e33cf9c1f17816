"""The addresses at which the endpoints of a running lab are probed."""

from __future__ import annotations

from netlab.lab.build.records import Lab
from netlab.machine.ports import Clients
from netlab.scenario.addresses import INTERNET_ADDRESS
from netlab.scenario.names import INTERNET, endpoints


def probe_addresses(lab: Lab, clients: Clients) -> dict[str, str]:
    """The address at which each endpoint is probed: a client's virtual one; a client that has none is left out.

    A client with several tunnels has the first one's, and each of theirs by the tunnel's name.
    """
    found = {INTERNET: str(INTERNET_ADDRESS)}
    for endpoint in (endpoint for endpoint in endpoints(lab.scenario) if endpoint.kind != "client"):
        interfaces = (end for link in lab.plan.links for end in (link.a, link.b))
        end = next(item for item in interfaces if item.node == endpoint.node)
        found[endpoint.node] = end.addresses[0].partition("/")[0]
    for client in lab.plan.clients:
        address = clients.virtual_address(client)
        if address:
            found.setdefault(client.node, address)
            found[client.name] = address
    return found
