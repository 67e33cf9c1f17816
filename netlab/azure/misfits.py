"""Why the two ends of a connection cannot agree, in words, and the place in the file that decides it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from netlab.azure import ike
from netlab.azure.disagreement import Documented
from netlab.azure.ike import EspSuite, IkeSuite
from netlab.azure.moments import initial
from netlab.azure.prediction import predict, story_of
from netlab.azure.selectors import Selectors
from netlab.azure.state import State, unknown_instance
from netlab.results.verification import Remark
from netlab.scenario.models import NEEDS, NewKey, Scenario
from netlab.scenario.network import Connection, Side, Topology, VpnGateway, resolve
from netlab.scenario.rules.breach import Breach, Path
from netlab.scenario.rules.local_network_gateways import b7_local_network_gateways_know_the_peer

SHUT_IN = "A20"
_MOST_LISTED = 3


@dataclass(frozen=True, slots=True)
class Misfit:
    """What the two ends of a connection do not agree on: the rule, the key of the setting, and a sentence."""

    rule: str
    key: str
    message: str


def unexpected(state: State, documented: Documented) -> Iterator[Remark]:
    """The connections that cannot come up although the scenario states nothing about them."""
    for name in state.network.connections:
        found = None if name in documented.connections else misfit(state, name)
        if found is not None:
            yield Remark(f"connection {name}", f"NotConnected, and nothing expects it: {found.message}")


def warnings(scenario: Scenario) -> Iterator[Breach]:
    """A warning for each connection whose ends cannot agree at some step, unless a step expects it to be down then."""
    found: dict[str, Breach] = {}
    expected: set[str] = set()
    documented = Documented()
    for step, foreseen in zip(story_of(scenario), predict(scenario), strict=True):
        documented = documented.at(scenario, step)
        for name in foreseen.state.network.connections:
            problem = misfit(foreseen.state, name)
            # A rule reports what shuts an appliance in, whatever the story expects.
            if problem is not None and problem.rule != SHUT_IN:
                found.setdefault(name, _breach(foreseen.state, name, problem))
                expected |= {name} if documented.connections.get(name, "Connected") != "Connected" else set()
    yield from (breach for name, breach in found.items() if name not in expected)
    yield from (breach for breach in _not_rekeyed(initial(scenario)) if breach.path[1] not in found)


def _not_rekeyed(state: State) -> Iterator[Breach]:
    """A warning for each connection that comes up and is lost: only the first CHILD SA of IKEv2 needs no PFS group."""
    for name, negotiated in state.negotiated.items():
        begins = negotiated.initiator
        if begins is None or negotiated.reason or set(ike.esp_proposals(begins)) & set(ike.esp_proposals(begins.other)):
            continue
        message = "the connection comes up and is lost when its IPsec SA is replaced"
        apart = _apart("IPsec", begins, ike.esp_proposals)
        yield Breach(_place(state, name, "ipsec_policy"), f"{message}: {apart}", "warning", "R40")


def without_session(scenario: Scenario) -> Iterator[Breach]:
    """A warning for each connection with BGP of which no tunnel can have a session (B37), but for those whose local
    network gateway is named for it already (B7)."""
    mistaken = {breach.path[1] for breach in b7_local_network_gateways_know_the_peer(scenario)}
    for name, tunnels in Topology(resolve(scenario)).tunnels_by_connection.items():
        known = [tunnel for tunnel in tunnels if not unknown_instance(tunnel)]
        why = [tunnel.why_no_session for tunnel in known if tunnel.connection.speaks_bgp]
        told = mistaken & set(scenario.connections[name].local_network_gateways.values())
        if why and all(why) and not told:
            yield Breach(("connections", name), f"none of its tunnels has a BGP session: {why[0]}", "warning", "B37")


def _breach(state: State, name: str, problem: Misfit) -> Breach:
    message = f"the connection stays NotConnected, and no step expects it: {problem.message}"
    left = tuple(other for other in _alike(state, name) if misfit(state, other) is None)
    of_them = f"; of the connections with its prefixes {' and '.join(left) or 'none'} can come up (B46)"
    return Breach(
        _place(state, name, problem.key), message + (of_them if _alike(state, name) else ""), "warning", problem.rule
    )


def _alike(state: State, name: str) -> tuple[str, ...]:
    """The other connections by which a VPN gateway has a static prefix of this one."""

    def statics(connection: Connection) -> set[tuple[str, IPv4Network]]:
        sides = (side for side in connection.sides if isinstance(side.end, VpnGateway))
        return {
            (side.end.name, prefix) for side in sides if not connection.speaks_bgp for prefix in side.static_prefixes
        }

    mine, known = statics(state.network.connections[name]), state.network.connections.items()
    return tuple(other for other, connection in known if other != name and mine & statics(connection))


def _place(state: State, name: str, key: str) -> Path:
    """Where the file sets what does not fit: at the second end, where it has settings of its own."""
    scenario = state.scenario
    if key == "shared_key":
        given = scenario.connections[name]
        if given.settings(given.between[1]).shared_key in (None, given.shared_key):
            return _last_set_key(scenario, name)
    other = scenario.connections[name].other_end
    if other is not None and key in other.model_fields_set:
        return ("connections", name, "other_end", key)
    return ("connections", name, key)


def _last_set_key(scenario: Scenario, name: str) -> Path:
    """The action of the story that gives one end of a connection another key."""
    actions = (
        ("story", number, "do", index)
        for number, step in enumerate(scenario.story)
        for index, action in enumerate(step.do)
        if isinstance(action.subject, NewKey) and action.subject.connection == name
    )
    return next(actions, ("connections", name))


def misfit(state: State, name: str) -> Misfit | None:
    """What keeps a connection from coming up that no fault is to blame for; None where its ends agree."""
    connection, negotiated = state.network.connections[name], state.negotiated[name]
    if not negotiated.reason:
        tunnels = state.topology.tunnels_by_connection[name]
        reasons = [state.why_never_up(tunnel) for tunnel in tunnels]
        return Misfit(SHUT_IN, "between", reasons[0]) if reasons and all(reasons) else None
    begins = negotiated.initiator
    if begins is None:
        return Misfit("R46", "connection_mode", "both ends are ResponderOnly, so none begins")
    match negotiated.reason:
        case "peer unreachable":
            return _unheard(begins)
        case "authentication failed":
            one, other = connection.spec.between
            return Misfit("R31", "shared_key", f"the shared keys of {one} and {other} differ")
        case "selectors unacceptable":
            return _selectors(begins)
    return _proposals(begins)


def _unheard(begins: Side) -> Misfit:
    """Why the side that begins gets no answer."""
    for side in begins.connection.sides:
        if (told := side.mistaken_address) is not None:
            own = side.other.given_address
            message = f"{_end(side.other)} has the public address {own}, and its local network gateway {told}"
            return Misfit("R127", "local_network_gateways", message)
    into, out_of = begins.other.access, begins.access
    if not ike.answers(begins.other):
        return Misfit("R46", "connection_mode", f"{_end(begins.other)} is InitiatorOnly and answers nobody")
    if into is not None:
        message = f"{_end(begins)} begins, and the NAT of {into.name} lets no IKE in to {_end(begins.other)}"
        return Misfit("R32", "connection_mode", message)
    assert out_of is not None
    needs = " and ".join(NEEDS["IkeV2"])
    return Misfit("R32", "between", f"{_end(begins)} begins, and {out_of.name} does not let {needs} out")


def _proposals(begins: Side) -> Misfit:
    responds = begins.other
    if ike.protocol(begins) != ike.protocol(responds):
        versions = f"{_end(begins)} speaks {ike.protocol(begins)}, {_end(responds)} {ike.protocol(responds)}"
        return Misfit("R25", "connection_protocol", versions)
    if not set(ike.ike_proposals(begins)) & set(ike.ike_proposals(responds)):
        return Misfit("R40", "ipsec_policy", _apart("IKE", begins, ike.ike_proposals))
    return Misfit("R40", "ipsec_policy", _apart("IPsec", begins, ike.esp_proposals))


# --- words ----------------------------------------------------------------------------------------------------------


def _end(side: Side) -> str:
    return side.connection.spec.between[side.index]


def _apart(what: str, begins: Side, proposals: Callable[[Side], Iterable[IkeSuite | EspSuite]]) -> str:
    """The proposals of both ends, which have none in common."""
    responds = begins.other
    offered, accepted = (_listed(map(_suite, proposals(side))) for side in (begins, responds))
    return (
        f"the {what} policies have no proposal in common: {_end(begins)} proposes {offered}; "
        f"{_end(responds)} accepts {accepted}"
    )


def _suite(suite: IkeSuite | EspSuite) -> str:
    group = suite.dh_group if isinstance(suite, IkeSuite) else suite.pfs_group
    names = dict.fromkeys((suite.encryption, suite.integrity, group))
    return "-".join(name for name in names if name != "None")


def _selectors(begins: Side) -> Misfit:
    responds = begins.other
    offered = _listed(map(_selected, ike.proposed(begins)))
    accepted = _listed(_selected(each.mirrored()) for each in ike.accepted(responds))
    each = f"{_end(begins)} proposes {offered}; {_end(responds)} accepts {accepted}"
    if ike.refused(responds):
        why = "IKEv1 does not narrow, and what is proposed is not inside of what is accepted"
        return Misfit("B57", "traffic_selector_policies", f"{why}: {each}")
    return Misfit("R50", "traffic_selector_policies", f"the traffic selectors have nothing in common: {each}")


def _selected(item: Selectors) -> str:
    return f"{_listed(map(str, item.local))} to {_listed(map(str, item.remote))}"


def _listed(items: Iterable[str]) -> str:
    found = tuple(dict.fromkeys(items))
    more = len(found) - _MOST_LISTED
    return ", ".join((*found[:_MOST_LISTED], *((f"and {more} more",) if more > 0 else ())))
