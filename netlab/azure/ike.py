"""What the two sides of a connection agree on: protocol, algorithms and selectors; or why they do not. Pure.

Algorithms have Azure's names; the plan has strongSwan's. The lab's devices are set as the gateway is, unless the
connection says otherwise (``other_end``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Literal

from netlab.azure import selectors
from netlab.azure.selectors import Answer, Selectors, answer, cover, custom
from netlab.scenario.models import IpsecPolicy
from netlab.scenario.network import Connection, Side
from netlab.scenario.values import once

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
class Negotiated:
    """The result of a negotiation: the SAs with their algorithms and the selectors of each side, by its index; or the
    reason why there are none."""

    protocol: Protocol
    initiator: Side | None = None
    reason: Reason = ""
    ike: IkeSuite | None = None
    esp: EspSuite | None = None
    selectors: tuple[tuple[Selectors, ...], tuple[Selectors, ...]] = ((), ())
    # Whether the first proposal is refused, so that the connection comes up when a packet asks for another one (R50).
    waits: bool = False

    @property
    def up(self) -> bool:
        """Whether the connection comes up."""
        return not self.reason

    @property
    def code(self) -> Code:
        """What Azure's VPN troubleshoot says of it."""
        return CODES[self.reason]

    def selects(self, source: IPv4Address, destination: IPv4Address) -> bool:
        """Whether an SA takes a packet that the first side sends."""
        return cover(self.selectors[0], source, destination)


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


@once
def initiator(connection: Connection) -> Side | None:
    """The side that initiates: an InitiatorOnly one, else of those that are not ResponderOnly the first that reaches
    the other, or that no NAT before the other stops, or the first of all (R32)."""
    modes = [(side, mode(side)) for side in connection.sides]
    eager = (side for side, own in modes if own == "InitiatorOnly")
    willing = [side for side, own in modes if own != "ResponderOnly"]
    past_nat = [side for side in willing if side.other.access is None]
    return next(iter((*eager, *filter(reaches, willing), *past_nat, *willing)), None)


def reaches(side: Side) -> bool:
    """Whether what a side sends first reaches the other one: out of its own network, with NAT traversal, and past the
    NAT before the other (R32)."""
    into = side.other.access
    if into is not None:
        return into.spec.forwards_ike
    return side.access is None or side.access.spec.lets_ike_out


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


@once
def in_pairs(connection: Connection) -> bool:
    """Whether a CHILD SA has one prefix of each side: those of IKEv1 have (RFC 2409, section 5.5)."""
    return protocol(initiator(connection) or connection.sides[0]) == "IKEv1"


@once
def proposed(side: Side) -> tuple[Selectors, ...]:
    """The selectors that a side proposes, one for each CHILD SA."""
    return selectors.proposed(side, in_pairs(side.connection))


@once
def accepted(side: Side) -> tuple[Selectors, ...]:
    """The selectors that a side accepts."""
    return selectors.accepted(side, in_pairs(side.connection))


def on_demand(side: Side) -> bool:
    """Whether packets that a side sends bring SAs up.

    All of them where a gateway is policy-based, from either end (R22); where the side that initiates has several
    selectors, those after the first (R50); at a device that answers, those that the other side did not ask for.
    """
    if side.connection.policy_based:
        return mode(side) != "ResponderOnly"
    return len(proposed(side)) > 1 if side is initiator(side.connection) else bool(_asked_for_by(side))


def refused(side: Side) -> tuple[Selectors, ...]:
    """The proposals of its peer that a side with IKEv1 refuses though it has a part of them, as the side sees them."""
    if not in_pairs(side.connection):
        return ()
    offers, own = proposed(side.other), accepted(side)
    return tuple(offer.mirrored() for offer in offers if answer(offer, own, True) and not answer(offer, own, False))


# --- the negotiation ------------------------------------------------------------------------------------------------


def negotiate(connection: Connection, keys_differ: bool = False) -> Negotiated:
    """The result when the two sides of a connection negotiate, each set as it is."""
    begins = initiator(connection)
    spoken = protocol(begins or connection.sides[0])
    if begins is None:
        return Negotiated(spoken, reason="nobody initiates")
    responds = begins.other
    # R127: a gateway begins with whom its local network gateway names, and answers nobody else.
    strangers = any(side.mistaken_address is not None for side in connection.sides)
    if strangers or not answers(responds) or not reaches(begins):
        return Negotiated(spoken, begins, "peer unreachable")
    ike = _choose(ike_proposals(begins), ike_proposals(responds))
    if ike is None or spoken != protocol(responds):
        return Negotiated(spoken, begins, "no proposal chosen")
    if keys_differ:
        return Negotiated(spoken, begins, "authentication failed", ike)
    first, *others = (found.selectors if found is not None else None for found in _answered(begins))
    later = (*filter(None, others), *_answers_to_responder(begins))
    if first is None and not later:
        return Negotiated(spoken, begins, "selectors unacceptable", ike)
    offered, taken = esp_proposals(begins), esp_proposals(responds)
    full = next((suite for suite in taken if suite in offered), None)
    esp = _without_pfs(offered, taken) if spoken == "IKEv2" and first is not None else full
    if esp is None:
        return Negotiated(spoken, begins, "no proposal chosen", ike)
    # Only the first CHILD SA of IKEv2 has no key exchange of its own: ends that differ in PFS have no others.
    agreed = tuple(dict.fromkeys((*((first,) if first is not None else ()), *(later if full is not None else ()))))
    mirrored = tuple(each.mirrored() for each in agreed)
    both = (agreed, mirrored) if begins.index == 0 else (mirrored, agreed)
    return Negotiated(spoken, begins, "", ike, esp, both, waits=first is None)


def _answered(side: Side) -> tuple[Answer | None, ...]:
    """The other side's answer to each proposal of a side."""
    own = accepted(side.other)
    return tuple(answer(offer, own, not in_pairs(side.connection)) for offer in proposed(side))


def _answers_to_responder(begins: Side) -> Iterator[Selectors]:
    """What the side that initiates leaves of its peer's own proposals, as the side that initiates sees it."""
    for offer in _asked_for_by(begins.other):
        found = answer(offer, accepted(begins), not in_pairs(begins.connection))
        if found is not None:
            yield found.selectors.mirrored()


def _asked_for_by(responds: Side) -> tuple[Selectors, ...]:
    """The selectors that a side which answers proposes when a packet asks for them (R22, R46).

    Of a policy-based connection all of its own; of a device with several custom selectors those with which it has
    answered no proposal, once it has answered one: before that its peer has to initiate.
    """
    begins = responds.other
    used = {found.by for found in _answered(begins) if found is not None}
    device = responds.is_device and mode(responds) == "Default" and bool(used) and bool(custom(responds))
    policy_based = responds.connection.policy_based and mode(responds) != "ResponderOnly"
    if not answers(begins) or not (device or policy_based):
        return ()
    return tuple(each for each in proposed(responds) if each not in used)


def _choose(offered: tuple[IkeSuite, ...], accepted: tuple[IkeSuite, ...]) -> IkeSuite | None:
    """The responder's first choice among what it is offered."""
    return next((suite for suite in accepted if suite in offered), None)


def _without_pfs(offered: tuple[EspSuite, ...], accepted: tuple[EspSuite, ...]) -> EspSuite | None:
    """The responder's first choice for the first CHILD SA of IKEv2, which has no key exchange of its own (RFC 7296,
    section 1.2): ends that differ in PFS only notice when they rekey."""
    plain = {(suite.encryption, suite.integrity) for suite in offered}
    found = next((suite for suite in accepted if (suite.encryption, suite.integrity) in plain), None)
    return EspSuite(found.encryption, found.integrity) if found is not None else None
