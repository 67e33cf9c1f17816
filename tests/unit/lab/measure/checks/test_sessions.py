"""BGP sessions in other states than the model's: each is found at both of its ends."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from machine import loaded, planned

from netlab.azure.moments import after, initial
from netlab.lab.measure.checks.sessions import check
from netlab.machine.speaking import BgpPeer
from netlab.plan.model import BgpSpeaker
from netlab.scenario.models import Action


@dataclass
class Bgp:
    """Every session is in the same state."""

    state: str

    def peers(self, speaker: BgpSpeaker) -> list[BgpPeer]:
        return [BgpPeer(n.address, 65000, self.state) for n in speaker.neighbors]


DOWN = Action.model_validate({"stop_bgp_session": {"speaker": "Site1"}})


@pytest.mark.parametrize(
    ("state", "down", "kind"),
    [
        ("Established", False, ""),
        ("Active", False, "session-missing"),
        ("Established", True, "session-extra"),
        ("Idle", True, ""),
    ],
)
def test_a_session_in_another_state_is_found_at_both_ends(state: str, down: bool, kind: str) -> None:
    moment = initial(loaded().scenario)
    moment = after(moment, DOWN) if down else moment
    checks = list(check(planned(), moment, Bgp(state)))
    assert len(checks) == 2
    for found in checks:
        assert {(item.type, item.node) for item in found.findings} == (
            {(kind, "vnet1-gw-0"), (kind, "site1")} if kind else set()
        )
        assert found.status == ("failed" if kind else "passed")
