"""What the two sides of a connection agree on: protocol, algorithms and selectors; or why they do not. Pure.

Algorithms have Azure's names; the plan has strongSwan's. The lab's devices are set as the gateway is, unless the
connection says otherwise (``other_end``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from itertools import product
from typing import Literal

from netlab.scenario.models import IpsecPolicy
from netlab.scenario.network import Connection, Side, VpnGateway

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
    """The result of a negotiation: the SAs with their algorithms and the selectors of each side, by its index; or the
    reason why there are none."""

    protocol: Protocol
    initiator: Side | None = None
    reason: Reason = ""
    ike: IkeSuite | None = None
    esp: EspSuite | None = None
    selectors: tuple[tuple[Selectors, ...], tuple[Selectors, ...]] = ((), ())

    @property
    def up(self) -> bool:
        """Whether the connection comes up."""
        return not self.reason

    @property
    def code(self) -> Code:
        """What Azure's VPN troubleshoot says of it."""
        return CODES[self.reason]

    def refusal(self, side: int, source: IPv4Address, destination: IPv4Address) -> str:
        """Why no SA takes a packet that a side sends: the address, and what the selectors hold; empty if one does."""
        mine = self.selectors[side]
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


# --- how each side is set -------------------------------------------------------------------------------------------


def protocol(side: Side) -> Protocol:
    """The IKE version of a side: as set, else IKEv1 where a gateway is policy-based and IKEv2 elsewhere (R25)."""
    default: Protocol = "IKEv1" if side.connection.policy_based else "IKEv2"
    return side.settings.connection_protocol or default


def mode(side: Side) -> str:
    """Which side may initiate (R46). A connection's mode is its gateway's; a device's is Default unless set."""
    if side.is_device and side.connection.spec.other_end is None:
        return "Default"
    return side.settings.connection_mode


def initiator(connection: Connection) -> Side | None:
    """The side that initiates: an InitiatorOnly one, else the first that is not ResponderOnly, if there is one."""
    modes = [(side, mode(side)) for side in connection.sides]
    eager = (side for side, own in modes if own == "InitiatorOnly")
    return next(eager, next((side for side, own in modes if own != "ResponderOnly"), None))


def answers(side: Side) -> bool:
    """Whether a side answers a peer that initiates (R46; an InitiatorOnly one is silent: the lab's reading)."""
    return mode(side) != "InitiatorOnly"


def ike_proposals(side: Side) -> tuple[IkeSuite, ...]:
    """What a side proposes and accepts for the IKE SA: its custom policy's (R40), else Azure's defaults."""
    policy = side.settings.ipsec_policy
    if policy is not None:
        return (ike_suite(policy),)
    return POLICY_BASED_IKE if side.connection.policy_based else ROUTE_BASED_IKE


def esp_proposals(side: Side) -> tuple[EspSuite, ...]:
    """What a side proposes, or as responder accepts, for CHILD SAs."""
    policy = side.settings.ipsec_policy
    if policy is not None:
        return (esp_suite(policy),)
    if side.connection.policy_based:
        return POLICY_BASED_ESP
    return INITIATOR_ESP if side is initiator(side.connection) else RESPONDER_ESP


def child_lifetime(side: Side) -> int:
    """Seconds that a CHILD SA lives at a side; they need not match (R43)."""
    policy = side.settings.ipsec_policy
    if policy is not None:
        return policy.sa_life_time_seconds
    return POLICY_BASED_CHILD_LIFETIME if side.connection.policy_based else CHILD_LIFETIME


def selectors(side: Side) -> tuple[Selectors, ...]:
    """The selectors that a side proposes, one for each CHILD SA.

    Custom ones (R50); every combination of local and remote prefixes where the gateway is policy-based (R20) or set to
    do the same (R48); else any to any (R19). A device is set to what its gateway wants, unless it has custom ones.
    """
    custom = _custom(side)
    if custom:
        return custom
    own, other = side.end.prefixes, side.other
    if _by_policy(side):
        return _combinations(_with_peer(side, own), _with_peer(other, side.local_network_gateway.address_prefixes))
    if not side.is_device or not _by_policy(other):
        return (ANY_TO_ANY,)
    there = () if isinstance(side.end, VpnGateway) else side.end.static_routes.get(side.connection.name)
    return _combinations(_with_peer(side, own), _with_peer(other, other.end.prefixes) if there is None else there)


def _with_peer(side: Side, prefixes: tuple[IPv4Network, ...]) -> tuple[IPv4Network, ...]:
    """The prefixes and, where BGP runs, the addresses from which the side speaks it (B11)."""
    peers = map(IPv4Network, side.bgp_addresses if side.connection.speaks_bgp else ())
    return (*prefixes, *(peer for peer in peers if not any(peer.subnet_of(own) for own in prefixes)))


def _custom(side: Side) -> tuple[Selectors, ...]:
    """Custom selectors as a side sees them: a connection's are its gateway's (the first one's, of two)."""
    settings = side.settings
    found = (Selectors(p.local_address_ranges, p.remote_address_ranges) for p in settings.traffic_selector_policies)
    first = next(each for each in side.connection.sides if not each.is_device)
    if settings is not side.connection.spec or side is first:
        return tuple(found)
    return tuple(each.mirrored() for each in found)


def _by_policy(side: Side) -> bool:
    is_gateway = isinstance(side.end, VpnGateway)
    return is_gateway and (side.policy_based or side.settings.use_policy_based_traffic_selectors)


def _combinations(local: Iterable[IPv4Network], remote: Iterable[IPv4Network]) -> tuple[Selectors, ...]:
    return tuple(Selectors((mine,), (theirs,)) for mine, theirs in product(local, remote))


def accepted_selectors(side: Side) -> tuple[Selectors, ...]:
    """What a side accepts of its peer's proposals: a route-based gateway everything (R47), an appliance too."""
    return selectors(side) if side.end.role == "site" or side.policy_based else (ANY_TO_ANY,)


def on_demand(side: Side) -> bool:
    """Whether packets that a side sends bring SAs up.

    All of them where a gateway is policy-based, from either end (R22); where the side that initiates has several
    selectors, those after the first (R50).
    """
    if side.connection.policy_based:
        return mode(side) != "ResponderOnly"
    return side is initiator(side.connection) and len(selectors(side)) > 1


# --- the negotiation ------------------------------------------------------------------------------------------------


def negotiate(connection: Connection, keys_differ: bool = False) -> Negotiated:
    """The result when the two sides of a connection negotiate, each set as it is."""
    begins = initiator(connection)
    spoken = protocol(begins or connection.sides[0])
    if begins is None:
        return Negotiated(spoken, reason="nobody initiates")
    responds = begins.other
    if not answers(responds):
        return Negotiated(spoken, begins, "peer unreachable")
    ike = _choose(ike_proposals(begins), ike_proposals(responds))
    if ike is None or spoken != protocol(responds):
        return Negotiated(spoken, begins, "no proposal chosen")
    if keys_differ:
        return Negotiated(spoken, begins, "authentication failed", ike)
    agreed = _narrowed(selectors(begins), accepted_selectors(responds))
    if not agreed:
        return Negotiated(spoken, begins, "selectors unacceptable", ike)
    esp = _choose_esp(spoken, esp_proposals(begins), esp_proposals(responds))
    if esp is None:
        return Negotiated(spoken, begins, "no proposal chosen", ike)
    mirrored = tuple(each.mirrored() for each in agreed)
    both = (agreed, mirrored) if begins.index == 0 else (mirrored, agreed)
    return Negotiated(spoken, begins, "", ike, esp, both)


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
