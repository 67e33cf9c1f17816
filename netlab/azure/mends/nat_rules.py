"""Changes that have a connection use a NAT rule of its gateway, or its BGP the prefixes of the rules. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.mends.case import Case
from netlab.results.mends import Change, Edit
from netlab.scenario.models import NatRule
from netlab.scenario.network import Side, Site, VpnGateway


def listed(case: Case) -> Iterator[Change]:
    """A rule for the address of either end that its connection to a site does not name (T11)."""
    for end, address in ((case.sender, case.address), (case.receiver, case.own)):
        site = case.state.network.sites.get(end.owner)
        for side in _gateway_sides(site) if site is not None else ():
            assert isinstance(side.end, VpnGateway)
            for name, rule in side.end.spec.nat_rules.items():
                if rule.mode == "EgressSnat" and address in rule.internal and rule not in side.egress_nat:
                    yield _with(side, name, rule)


def translated(case: Case) -> Iterator[Change]:
    """Route translation of a gateway whose connections have NAT rules and BGP: without it BGP carries other prefixes
    than packets have (T20)."""
    for gateway in case.state.network.vpn_gateways:
        by_bgp = (side for side in gateway.sides if side.connection.speaks_bgp)
        if not gateway.spec.bgp_route_translation_for_nat and any(s.ingress_nat or s.egress_nat for s in by_bgp):
            path = (*gateway.path, "bgp_route_translation_for_nat")
            sentence = f"set bgp_route_translation_for_nat on {gateway.vnet.name}'s gateway: BGP carries"
            yield Change(f"{sentence} its routes untranslated (T18)", (Edit("set", path, True),))


def _gateway_sides(site: Site) -> Iterator[Side]:
    return (side.other for side in site.sides if side.other.end.role == "gateway")


def _with(side: Side, name: str, rule: NatRule) -> Change:
    own = side.settings is side.connection.spec.other_end
    path = ("connections", side.connection.name, *(("other_end",) if own else ()), "egress_nat_rules")
    sentence = f"list the NAT rule {name}, {rule.internal} to {rule.external}, in egress_nat_rules of"
    value = [*side.settings.egress_nat_rules, name]
    return Change(f"{sentence} {side.connection.name} (T11)", (Edit("set", path, value),))
