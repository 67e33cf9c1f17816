"""What the two ends of a connection agree on: protocol, algorithms and selectors; or why they do not. Pure.

Azure's words for algorithms; the plan writes them as strongSwan does. The lab's devices are set as the gateway is,
unless the connection says otherwise (``other_end``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from itertools import product
from typing import Literal

from netlab.scenario.addresses import bgp_address, local_network_gateway
from netlab.scenario.models import Connection, IpsecPolicy, Scenario, TunnelSettings

Protocol = Literal["IKEv1", "IKEv2"]
# In the peer's own IKE words.
Reason = Literal[
    "", "authentication failed", "no proposal chosen", "selectors unacceptable", "peer unreachable", "nobody initiates"
]
# What Azure's VPN troubleshoot says of a connection (azure-rules.md, section 6).
Code = Literal["NoFault", "Authentication", "IkePolicyMismatch", "PeerReachability"]

CODES: Mapping[Reason, Code] = {
    "": "NoFault",
    "authentication failed": "Authentication",
    "no proposal chosen": "IkePolicyMismatch",
    "selectors unacceptable": "IkePolicyMismatch",
    "peer unreachable": "PeerReachability",
    "nobody initiates": "PeerReachability",
}

ANY = IPv4Network("0.0.0.0/0")
IKE_LIFETIME = 28_800  # R33, R34, R43
CHILD_LIFETIME = 27_000  # R37
POLICY_BASED_CHILD_LIFETIME = 3_600  # R23, R37
IDLE_TIMEOUT = 300  # R22


@dataclass(frozen=True, slots=True)
class IkeSuite:
    """A proposal for the IKE SA."""

    encryption: str
    integrity: str
    dh_group: str


@dataclass(frozen=True, slots=True)
class EspSuite:
    """A proposal for a CHILD SA."""

    encryption: str
    integrity: str
    pfs_group: str = "None"


@dataclass(frozen=True, slots=True)
class Selectors:
    """The traffic selectors of one CHILD SA, as one end sees them: every local prefix with every remote one."""

    local: tuple[IPv4Network, ...]
    remote: tuple[IPv4Network, ...]

    def mirrored(self) -> Selectors:
        """As the other end sees them."""
        return Selectors(self.remote, self.local)

    def cover(self, source: IPv4Address, destination: IPv4Address) -> bool:
        """Whether a packet that this end sends is selected."""
        return any(source in prefix for prefix in self.local) and any(destination in prefix for prefix in self.remote)


ANY_TO_ANY = Selectors((ANY,), (ANY,))


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What came of a negotiation: the SAs with their algorithms and, by end, their selectors; or the reason."""

    protocol: Protocol
    initiator: str = ""
    reason: Reason = ""
    ike: IkeSuite | None = None
    esp: EspSuite | None = None
    selectors: Mapping[str, tuple[Selectors, ...]] = field(default_factory=dict)

    @property
    def up(self) -> bool:
        """Whether the connection comes up."""
        return not self.reason

    @property
    def code(self) -> Code:
        """What Azure's VPN troubleshoot says of it."""
        return CODES[self.reason]

    def refusal(self, end: str, source: IPv4Address, destination: IPv4Address) -> str:
        """Why no SA takes a packet that an end sends: the address, and what the selectors hold; empty if one does."""
        mine = self.selectors.get(end, ())
        if any(item.cover(source, destination) for item in mine):
            return ""
        towards = [item for item in mine if any(destination in prefix for prefix in item.remote)]
        address = source if towards else destination
        held = {prefix for item in towards for prefix in item.local} if towards else _remote_of(mine)
        return f"{address} is in none of {', '.join(map(str, sorted(held)))}"


def _remote_of(selectors: Iterable[Selectors]) -> set[IPv4Network]:
    return {prefix for item in selectors for prefix in item.remote}


# --- Azure's default proposals --------------------------------------------------------------------------------------

# R33: phase 1, route-based, in Azure's order; all with Diffie-Hellman group 2.
ROUTE_BASED_IKE = tuple(
    IkeSuite(encryption, integrity, "DHGroup2")
    for encryption in ("AES256", "AES128", "DES3")
    for integrity in ("SHA1", "SHA256")
)

# R34: phase 1, policy-based.
POLICY_BASED_IKE = (
    IkeSuite("AES256", "SHA256", "DHGroup2"),
    IkeSuite("AES256", "SHA1", "DHGroup2"),
    IkeSuite("AES128", "SHA1", "DHGroup2"),
    IkeSuite("DES3", "SHA1", "DHGroup2"),
)

# R35: phase 2 as initiator, all without PFS.
INITIATOR_ESP = (
    EspSuite("GCMAES256", "GCMAES256"),
    EspSuite("AES256", "SHA1"),
    EspSuite("DES3", "SHA1"),
    EspSuite("AES256", "SHA256"),
    EspSuite("AES128", "SHA1"),
    EspSuite("DES3", "SHA256"),
)


# R23, R34: phase 2, policy-based, in either role: the algorithms of its phase 1, without PFS.
POLICY_BASED_ESP = tuple(EspSuite(suite.encryption, suite.integrity) for suite in POLICY_BASED_IKE)


def _with_pfs(encryption: str, integrity: str, *groups: str) -> Iterator[EspSuite]:
    return (EspSuite(encryption, integrity, group) for group in groups)


# R36: phase 2 as responder: the same, then these.
RESPONDER_ESP = (
    *INITIATOR_ESP,
    EspSuite("DES", "SHA1"),
    *_with_pfs("AES256", "SHA1", "PFS1", "PFS2", "PFS2048"),
    *_with_pfs("AES128", "SHA1", "PFS1", "PFS2", "PFS2048"),
    *_with_pfs("DES3", "SHA1", "PFS1", "PFS2"),
    *_with_pfs("DES3", "SHA256", "PFS2"),
    *_with_pfs("AES256", "SHA256", "PFS1", "PFS2", "PFS2048"),
    *_with_pfs("AES256", "SHA1", "PFS24"),
    *_with_pfs("AES256", "SHA256", "PFS24"),
    *_with_pfs("AES128", "SHA256", "None", "PFS1", "PFS2", "PFS2048"),
    *_with_pfs("DES3", "SHA1", "PFS2048"),
)


# Two names for one group: the first is what the second is read as.
_SAME_GROUP = {"DHGroup2048": "DHGroup14", "PFS14": "PFS2048"}
# PFSMM: the group of the main mode.
_MAIN_MODE_GROUP = {
    "None": "None",
    "DHGroup1": "PFS1",
    "DHGroup2": "PFS2",
    "DHGroup14": "PFS2048",
    "DHGroup24": "PFS24",
    "ECP256": "ECP256",
    "ECP384": "ECP384",
}


def ike_suite(policy: IpsecPolicy) -> IkeSuite:
    """The one IKE proposal of a custom policy (R40)."""
    group = _SAME_GROUP.get(policy.dh_group, policy.dh_group)
    return IkeSuite(policy.ike_encryption, policy.ike_integrity, group)


def esp_suite(policy: IpsecPolicy) -> EspSuite:
    """The one ESP proposal of a custom policy (R40)."""
    group = _SAME_GROUP.get(policy.pfs_group, policy.pfs_group)
    if group == "PFSMM":
        group = _MAIN_MODE_GROUP[ike_suite(policy).dh_group]
    return EspSuite(policy.ipsec_encryption, policy.ipsec_integrity, group)


# --- how each end is set --------------------------------------------------------------------------------------------


def is_policy_based(scenario: Scenario, end: str) -> bool:
    """Whether an end is a policy-based gateway."""
    gateway = scenario.vnets[end].vpn_gateway if end in scenario.vnets else None
    return gateway is not None and gateway.vpn_type == "PolicyBased"


def faces_policy_based(scenario: Scenario, connection: str) -> bool:
    """Whether one of a connection's ends is a policy-based gateway."""
    return any(is_policy_based(scenario, end) for end in scenario.connections[connection].between)


def protocol(scenario: Scenario, connection: str, end: str) -> Protocol:
    """The IKE version of an end: as set, else IKEv1 where a gateway is policy-based and IKEv2 elsewhere (R25)."""
    settings = scenario.connections[connection].settings(end)
    return settings.connection_protocol or ("IKEv1" if faces_policy_based(scenario, connection) else "IKEv2")


def is_device(scenario: Scenario, connection: str, end: str) -> bool:
    """Whether an end is a gateway's counterpart, which is set to what the gateway wants: a site, or an appliance that
    faces the gateway of a VNet."""
    facing = scenario.connections[connection].other(end)
    return end in scenario.sites or (end in scenario.appliances and facing in scenario.vnets)


def mode(scenario: Scenario, connection: str, end: str) -> str:
    """Who may begin (R46). A connection's mode is its gateway's; a device's is its own, and Default unless set."""
    item = scenario.connections[connection]
    if is_device(scenario, connection, end) and item.other_end is None:
        return "Default"
    return item.settings(end).connection_mode


def initiator(scenario: Scenario, connection: str) -> str:
    """The end that begins: an InitiatorOnly one, else the first that is not ResponderOnly; empty if neither may."""
    ends = scenario.connections[connection].between
    modes = {end: mode(scenario, connection, end) for end in ends}
    eager = [end for end in ends if modes[end] == "InitiatorOnly"]
    return next(iter((*eager, *(end for end in ends if modes[end] != "ResponderOnly"))), "")


def answers(scenario: Scenario, connection: str, end: str) -> bool:
    """Whether an end answers a peer that begins (R46; that an InitiatorOnly one stays silent is the lab's reading)."""
    return mode(scenario, connection, end) != "InitiatorOnly"


def ike_proposals(scenario: Scenario, connection: str, end: str) -> tuple[IkeSuite, ...]:
    """What an end proposes and accepts for the IKE SA: its custom policy's (R40), else Azure's defaults."""
    policy = scenario.connections[connection].settings(end).ipsec_policy
    if policy is not None:
        return (ike_suite(policy),)
    return POLICY_BASED_IKE if faces_policy_based(scenario, connection) else ROUTE_BASED_IKE


def esp_proposals(scenario: Scenario, connection: str, end: str) -> tuple[EspSuite, ...]:
    """What an end proposes, or as responder accepts, for CHILD SAs."""
    policy = scenario.connections[connection].settings(end).ipsec_policy
    if policy is not None:
        return (esp_suite(policy),)
    if faces_policy_based(scenario, connection):
        return POLICY_BASED_ESP
    return INITIATOR_ESP if end == initiator(scenario, connection) else RESPONDER_ESP


def child_lifetime(scenario: Scenario, connection: str, end: str) -> int:
    """Seconds that a CHILD SA lives at an end; they need not match (R43)."""
    policy = scenario.connections[connection].settings(end).ipsec_policy
    if policy is not None:
        return policy.sa_life_time_seconds
    return POLICY_BASED_CHILD_LIFETIME if faces_policy_based(scenario, connection) else CHILD_LIFETIME


def selectors(scenario: Scenario, connection: str, end: str) -> tuple[Selectors, ...]:
    """The selectors that an end proposes, one for each CHILD SA.

    Custom ones (R50); every combination of local and remote prefixes where the gateway is policy-based (R20) or told so
    (R48); else any to any (R19). A device is set to what its gateway wants, unless it has custom ones of its own.
    """
    item = scenario.connections[connection]
    custom = _custom(scenario, connection, end)
    if custom:
        return custom
    other, own = item.other(end), scenario.prefixes_of(end)
    if _by_policy(scenario, item, end):
        remote = local_network_gateway(scenario, connection, end).address_prefixes
        return _combinations(own, _with_peer(scenario, item, other, remote))
    if not is_device(scenario, connection, end) or not _by_policy(scenario, item, other):
        return (ANY_TO_ANY,)
    there = scenario.static_routes(end).get(connection, scenario.prefixes_of(other))
    return _combinations(_with_peer(scenario, item, end, own), there)


def _with_peer(
    scenario: Scenario, item: Connection, end: str, prefixes: tuple[IPv4Network, ...]
) -> tuple[IPv4Network, ...]:
    """The prefixes and, where BGP runs, the address that the end speaks it from (B11)."""
    peer = IPv4Network(bgp_address(scenario, end)) if item.enable_bgp else None
    return prefixes if peer is None or any(peer.subnet_of(own) for own in prefixes) else (*prefixes, peer)


def _custom(scenario: Scenario, connection: str, end: str) -> tuple[Selectors, ...]:
    """Custom selectors as an end sees them: a connection's are its gateway's (the first one's, of two)."""
    item = scenario.connections[connection]
    settings: TunnelSettings = item.settings(end)
    found = (Selectors(p.local_address_ranges, p.remote_address_ranges) for p in settings.traffic_selector_policies)
    first = next(name for name in item.between if not is_device(scenario, connection, name))
    if settings is not item or end == first:
        return tuple(found)
    return tuple(each.mirrored() for each in found)


def _by_policy(scenario: Scenario, item: Connection, end: str) -> bool:
    if end not in scenario.vnets:
        return False
    return is_policy_based(scenario, end) or item.settings(end).use_policy_based_traffic_selectors


def _combinations(local: Iterable[IPv4Network], remote: Iterable[IPv4Network]) -> tuple[Selectors, ...]:
    return tuple(Selectors((mine,), (theirs,)) for mine, theirs in product(local, remote))


def accepted_selectors(scenario: Scenario, connection: str, end: str) -> tuple[Selectors, ...]:
    """What an end accepts of what its peer proposes: a route-based gateway everything (R47), an appliance too."""
    if end not in scenario.sites and not is_policy_based(scenario, end):
        return (ANY_TO_ANY,)
    return selectors(scenario, connection, end)


def on_demand(scenario: Scenario, connection: str, end: str) -> bool:
    """Whether packets that an end sends bring SAs up.

    All of them where a gateway is policy-based, from either end (R22); where the end that begins has several selectors,
    those after the first (R50).
    """
    if faces_policy_based(scenario, connection):
        return mode(scenario, connection, end) != "ResponderOnly"
    return end == initiator(scenario, connection) and len(selectors(scenario, connection, end)) > 1


# --- the negotiation ------------------------------------------------------------------------------------------------


def negotiate(scenario: Scenario, connection: str, keys_differ: bool = False) -> Negotiated:
    """What becomes of a connection when its ends talk, each set as it is."""
    item = scenario.connections[connection]
    begins = initiator(scenario, connection)
    spoken = protocol(scenario, connection, begins or item.between[0])
    if not begins:
        return Negotiated(spoken, reason="nobody initiates")
    responds = item.other(begins)
    if not answers(scenario, connection, responds):
        return Negotiated(spoken, begins, "peer unreachable")
    ike = _choose(ike_proposals(scenario, connection, begins), ike_proposals(scenario, connection, responds))
    if ike is None or spoken != protocol(scenario, connection, responds):
        return Negotiated(spoken, begins, "no proposal chosen")
    if keys_differ:
        return Negotiated(spoken, begins, "authentication failed", ike)
    agreed = _narrowed(selectors(scenario, connection, begins), accepted_selectors(scenario, connection, responds))
    if not agreed:
        return Negotiated(spoken, begins, "selectors unacceptable", ike)
    esp = _choose_esp(
        spoken, esp_proposals(scenario, connection, begins), esp_proposals(scenario, connection, responds)
    )
    if esp is None:
        return Negotiated(spoken, begins, "no proposal chosen", ike)
    seen = {begins: agreed, responds: tuple(each.mirrored() for each in agreed)}
    return Negotiated(spoken, begins, "", ike, esp, seen)


def _choose(offered: tuple[IkeSuite, ...], accepted: tuple[IkeSuite, ...]) -> IkeSuite | None:
    """The responder's first choice among what it is offered."""
    return next((suite for suite in accepted if suite in offered), None)


def _choose_esp(spoken: Protocol, offered: tuple[EspSuite, ...], accepted: tuple[EspSuite, ...]) -> EspSuite | None:
    """As ``_choose``; but IKEv2 makes the first CHILD SA without a key exchange of its own (RFC 7296, section 1.2):

    ends that differ in PFS only notice when they rekey.
    """
    if spoken == "IKEv1":
        return next((suite for suite in accepted if suite in offered), None)
    plain = {(suite.encryption, suite.integrity) for suite in offered}
    found = next((suite for suite in accepted if (suite.encryption, suite.integrity) in plain), None)
    return EspSuite(found.encryption, found.integrity) if found is not None else None


def _narrowed(offered: tuple[Selectors, ...], accepted: tuple[Selectors, ...]) -> tuple[Selectors, ...]:
    """What a responder, whose own view ``accepted`` is, leaves of each offer; nothing of those it refuses."""
    found = (_narrow(offer, own.mirrored()) for offer in offered for own in accepted)
    return tuple(dict.fromkeys(each for each in found if each.local and each.remote))


def _narrow(one: Selectors, other: Selectors) -> Selectors:
    return Selectors(_common(one.local, other.local), _common(one.remote, other.remote))


def _common(ones: tuple[IPv4Network, ...], others: tuple[IPv4Network, ...]) -> tuple[IPv4Network, ...]:
    """The prefixes that both sides hold; of one that lies in another, the smaller."""
    smaller = (one if one.subnet_of(other) else other for one in ones for other in others if one.overlaps(other))
    return tuple(dict.fromkeys(smaller))
