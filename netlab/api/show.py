"""What Azure's operations show of a running lab."""

from __future__ import annotations

from netlab.api.labs import Lab
from netlab.api.machine import LINUX
from netlab.azure.learning import learners
from netlab.errors import UsageError
from netlab.lab.build import records
from netlab.lab.measure.shown.bgp import Speaker
from netlab.lab.measure.shown.ike import Gateway
from netlab.lab.measure.shown.nics import effective_routes as of_nic
from netlab.lab.measure.shown.nics import learned
from netlab.results.shown import ClientSession, GatewayRoute, NicRoute, Shown
from netlab.scenario.names import resolve, suggest
from netlab.scenario.network import Network, Nic

__all__ = ["Gateway", "Speaker"]


def gateway(lab: Lab, name: str) -> Gateway:
    """A gateway or a site; or an appliance that ends connections."""
    now = records.state(lab)
    known = tuple(end.name for end in (*now.network.ends, *now.network.vpn_servers))
    return Gateway(lab, now, LINUX.sas, _known(lab, name, known))


def speaker(lab: Lab, name: str) -> Speaker:
    """A gateway or a site; or one of those that speak BGP and nothing else."""
    now = records.state(lab)
    known = (*(end.name for end in now.network.ends), *learners(now.network))
    return Speaker(lab, now, LINUX.bgp, _known(lab, name, known))


def p2s_sessions(lab: Lab, name: str) -> Shown[ClientSession]:
    """Who is connected to a gateway's point-to-site."""
    found = gateway(lab, name)
    item = lab.scenario.vnets.get(found.end)
    if item is None or item.vpn_gateway is None or item.vpn_gateway.point_to_site is None:
        raise UsageError(f"{found.end} serves no point-to-site clients", "name a VNet whose gateway has point_to_site")
    return found.p2s_sessions()


def advertised_routes(lab: Lab, name: str, peer: str) -> Shown[GatewayRoute]:
    """What a gateway advertises to a BGP peer."""
    found = speaker(lab, name)
    known = found.peers()
    if peer not in known:
        raise UsageError(f"{found.end} has no BGP peer {peer[:60]!r}", f"its peers: {', '.join(known) or 'none'}")
    return found.advertised_routes(peer)


def effective_routes(lab: Lab, name: str) -> dict[str, tuple[NicRoute, ...]]:
    """The effective routes of a virtual machine's NIC, or of all of a VNet or of the scenario, by node."""
    now = records.state(lab)
    wanted, knowing = _nics(now.network, lab.facts.lab, name), learned(lab.plan, LINUX.gateways)
    return {nic.node: of_nic(now, knowing, nic) for nic in wanted}


def is_one(lab: Lab, name: str) -> bool:
    """Whether a name is that of one virtual machine, and none of a VNet."""
    return bool(name) and name.lower() not in map(str.lower, lab.scenario.vnets)


def _nics(network: Network, lab: str, name: str) -> list[Nic]:
    """The NIC of a virtual machine, or all of a VNet or of the scenario."""
    known = [nic for vnet in network.vnets.values() for nic in vnet.nics]
    nodes = resolve(network.scenario, name) if name else [nic.node for nic in known]
    wanted = [nic for nic in known if nic.node in nodes]
    if name and not wanted:
        names = (*(nic.node for nic in known), *network.vnets)
        raise UsageError(
            f"there is no virtual machine {name[:60]!r} in {lab}, and no VNet with any", suggest(name, names)
        )
    return wanted


def _known(lab: Lab, name: str, ends: tuple[str, ...]) -> str:
    known = {end.lower(): end for end in ends}
    if name.lower() not in known:
        raise UsageError(f"there is no gateway {name[:60]!r} in {lab.facts.lab}", suggest(name, known.values()))
    return known[name.lower()]
