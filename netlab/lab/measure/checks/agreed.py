"""Check what each SA was negotiated for: its algorithms and its lifetime.

Success: IKE and ESP of every SA between gateways and sites are the algorithms that the model's negotiation ends in
(`ipsec_policy` or Azure's defaults), those of clients the first that both ends accept, and each SA is rekeyed when its
end's settings say.
Failure: an SA has other algorithms or another lifetime, or is of no connection of the plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from netlab.azure.ike import EspSuite, IkeSuite, Negotiated, esp_proposals
from netlab.azure.state import State
from netlab.lab.measure.judgement import some
from netlab.lab.measure.shown.ike import ike_sa
from netlab.machine.charon import Listed
from netlab.machine.ports import Sas
from netlab.plan import proposals
from netlab.plan.model import Charon, IkeConnection, Plan
from netlab.plan.timers import scaled
from netlab.results.shown import IkeSa, QuickModeSa
from netlab.results.verification import Check, Deviation

# charon rekeys before a lifetime ends, by as much as a tenth of it.
_EARLIER = 0.1
# It counts whole seconds.
_SLACK = 2
_PFS = {"DHGroup1": "PFS1", "DHGroup2": "PFS2", "DHGroup14": "PFS2048", "DHGroup24": "PFS24"}


def check(plan: Plan, state: State, sas: Sas) -> Check:
    """Whether every SA is what was negotiated for; a charon that does not answer is no finding here."""
    listed = [(charon, sa) for charon in plan.charons for sa in sas.listed(charon.directory) or ()]
    found = tuple(item for charon, sa in listed for item in _deviations(plan, state, charon, sa))
    words = some([item.words for item in found]) or f"{len(listed)} IKE SAs are what was negotiated for"
    return Check("algorithms", "failed" if found else "passed", words, found)


def _deviations(plan: Plan, state: State, charon: Charon, sa: Listed) -> Iterator[Deviation]:
    item = next((each for each in charon.connections if each.name == sa.name), None)
    # A half-open SA of an end that was asked has no connection yet, and gets none if the keys differ.
    if sa.fields.get("state") != "ESTABLISHED":
        return
    if item is None:
        yield Deviation("sa-extra", charon.node, f"IKE SA of {sa.name}", "no connection of the plan")
    else:
        tunnel = state.topology.tunnel.get(sa.name)
        seen, negotiated = ike_sa(sa), state.negotiated[tunnel.connection.name] if tunnel is not None else None
        groups = (
            {suite.pfs_group for side in tunnel.connection.sides for suite in esp_proposals(side)} if tunnel else set()
        )
        wrong = _of_tunnel(seen, negotiated, groups) if negotiated is not None else _of_client(seen)
        lives = _lives(plan, item, sa)
        yield from (
            Deviation("sa-changed", charon.node, f"{what} of {sa.name}", words) for what, words in (*wrong, *lives)
        )


def _of_tunnel(seen: IkeSa, negotiated: Negotiated, groups: set[str]) -> Iterator[tuple[str, str]]:
    if negotiated.ike is not None:
        yield from _other("IKE SA", _ike(seen), _ike_wanted(negotiated.ike))
    for child in seen.quickModeSA if negotiated.esp is not None else ():
        assert negotiated.esp is not None
        yield from _other("CHILD SA", (child.encryption, child.integrity), _esp_wanted(negotiated.esp))
        # A rekeyed SA has a key exchange of its own, the first one of IKEv2 none.
        if _pfs(child) not in groups | {"None"}:
            yield "CHILD SA", f"its PFS group is {_pfs(child)}"


def _of_client(seen: IkeSa) -> Iterator[tuple[str, str]]:
    first = proposals.P2S_FIRST
    yield from _other("IKE SA", (seen.encryption, seen.dhGroup), (first[0].encryption, first[0].dh_group))
    for child in seen.quickModeSA:
        yield from _other("CHILD SA", (child.encryption, child.integrity), _esp_wanted(first[1]))


def _other(what: str, found: tuple[str, ...], wanted: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if found != wanted:
        yield what, f"it has {' '.join(found)}, negotiated {' '.join(wanted)}"


def _ike(seen: IkeSa) -> tuple[str, ...]:
    return (seen.encryption, *(() if seen.encryption.startswith("GCM") else (seen.integrity,)), seen.dhGroup)


def _ike_wanted(suite: IkeSuite) -> tuple[str, ...]:
    return (suite.encryption, *(() if suite.encryption.startswith("GCM") else (suite.integrity,)), suite.dh_group)


def _esp_wanted(suite: EspSuite) -> tuple[str, ...]:
    return suite.encryption, suite.encryption if suite.encryption.startswith("GCM") else suite.integrity


def _pfs(child: QuickModeSa) -> str:
    return _PFS.get(child.pfsGroupId, child.pfsGroupId)


def _lives(plan: Plan, item: IkeConnection, sa: Listed) -> Iterator[tuple[str, str]]:
    """What is wrong with when SAs are rekeyed."""
    yield from _lifetime("IKE SA", sa.fields, "established", plan.timers.ike_lifetime)
    for child in sa.children:
        yield from _lifetime("CHILD SA", child, "install-time", scaled(item.child_lifetime, plan.timers))


def _lifetime(what: str, fields: Mapping[str, Any], age: str, wanted: int) -> Iterator[tuple[str, str]]:
    if "rekey-time" not in fields:
        return
    total = int(fields[age]) + int(fields["rekey-time"])
    if not wanted * (1 - _EARLIER) - _SLACK <= total <= wanted + _SLACK:
        yield what, f"it is rekeyed after {total} s, not after {wanted} s"
