"""What Libreswan 4.10 prints and logs, as it was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from netlab.machine import charon, ike_daemons, pluto

GIVEN = """\
# site1-edge: written by netlab

conn A-B
  left=198.51.100.41
  leftsubnet=0.0.0.0/0
  right=203.0.113.130
  rightsubnet=0.0.0.0/0

conn A-B-2
  leftsubnet=10.9.0.0/16
  rightsubnets={10.1.0.0/16,10.2.0.0/16}
  auto=add

conn host
  leftsubnet=10.3.0.0/16
  rightsubnet=10.4.0.0/16
"""
STATES = """\
000 #1: "A-B":500 STATE_V2_ESTABLISHED_IKE_SA (established IKE SA); REKEY in 2812s; REPLACE in 2879s; newest; idle;
000 #2: "A-B":500 STATE_V2_ESTABLISHED_CHILD_SA (established Child SA); newest; eroute owner; IKE SA #1; idle;
000 #2: "A-B" esp.c1a7809d@203.0.113.130 esp.1f3e9a01@198.51.100.41 Traffic: ESPin=0B ESPout=0B
000 #3: "A-B-2/1x2":500 STATE_V2_ESTABLISHED_CHILD_SA (established Child SA); newest; eroute owner; IKE SA #1; idle;
000 #4: "host":500 STATE_V2_PARENT_I1 (sent IKE_SA_INIT request); RETRANSMIT in 0s; REPLACE in 3s; idle;
000 #5: "A-B-2/1x1":500 STATE_V2_NEW_CHILD_I1 (sent CREATE_CHILD_SA request for new Child SA); idle;
"""


@pytest.fixture
def loaded(tmp_path: Path) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    (tmp_path / "azure.conf").write_text(GIVEN)
    return pluto._loaded(str(tmp_path))


def test_the_connections_that_it_was_given_and_their_selectors(loaded: Mapping[str, Any]) -> None:
    assert loaded == {
        "A-B": {"left": ("0.0.0.0/0",), "right": ("0.0.0.0/0",)},
        "A-B-2": {"left": ("10.9.0.0/16",), "right": ("10.1.0.0/16", "10.2.0.0/16")},
        "host": {"left": ("10.3.0.0/16",), "right": ("10.4.0.0/16",)},
    }


def test_an_ike_sa_has_its_child_sas(loaded: Mapping[str, Any]) -> None:
    one, other = pluto._sas(STATES.splitlines(), loaded)
    assert (one.connection, one.number, one.state) == ("A-B", "1", "ESTABLISHED")
    assert (one.names, one.children) == (("A-B", "A-B-2"), ("INSTALLED", "INSTALLED"))
    assert one.selectors[0] == (("0.0.0.0/0",), ("0.0.0.0/0",))
    assert charon.installed([one, other], "A-B")
    # An attempt is one, and no CHILD SA that is only asked for is there.
    assert (other.connection, other.state, other.children) == ("host", "CONNECTING", ())


def test_a_number_at_the_end_is_of_further_selectors_only_where_there_are_first_ones() -> None:
    assert pluto._first("A-B-2", ["A-B", "A-B-2"]) == "A-B"
    assert pluto._first("Site-2", ["Site-2"]) == "Site-2"


BEGUN = 'Nov 28 16:27:45: "A-B" #1: initiating IKEv2 connection to 203.0.113.130 using UDP\n'


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("", ""),
        (BEGUN, charon.UNHEARD),
        (BEGUN + '"A-B" #1: response contained AUTHENTICATION_FAILED\n', "authentication failed"),
        (BEGUN + '"A-B" #1: dropping message containing NO_PROPOSAL_CHOSEN\n', "no proposal chosen"),
        (BEGUN + '"A-B" #2: IKE_AUTH response contained TS_UNACCEPTABLE\n', "selectors unacceptable"),
        (BEGUN + '"A-B" #2: initiator established Child SA using #1; IPsec tunnel\n', ""),
        # What another connection is told, and what an attempt before was.
        (BEGUN + '"C" #3: NO_PROPOSAL_CHOSEN\n', charon.UNHEARD),
        ('"A-B" #1: AUTHENTICATION_FAILED\n' + BEGUN, charon.UNHEARD),
    ],
)  # fmt: skip
def test_why_a_connection_did_not_come_up(tmp_path: Path, lines: str, why: str) -> None:
    (tmp_path / "pluto.log").write_text(lines)
    assert pluto.refusal(str(tmp_path), "A-B") == why


def test_a_pluto_without_a_log_began_nothing(tmp_path: Path) -> None:
    assert pluto.refusal(str(tmp_path), "A-B") == ""
    assert not pluto.ready(str(tmp_path))


def test_the_daemon_of_a_directory_is_known_by_its_database(tmp_path: Path) -> None:
    assert ike_daemons.of(str(tmp_path)) is charon
    (tmp_path / "nss").mkdir()
    (tmp_path / "nss/key4.db").touch()
    (tmp_path / "azure.secrets").touch()
    assert ike_daemons.of(str(tmp_path)) is pluto
    # `apply` may have charon follow it there.
    pluto.forget(str(tmp_path))
    assert ike_daemons.of(str(tmp_path)) is charon
    assert not list(tmp_path.iterdir())
    pluto.forget(str(tmp_path))


@pytest.mark.parametrize("number", [None, "", "\n"])
def test_a_pluto_that_has_just_begun_is_not_ready(tmp_path: Path, number: str | None) -> None:
    if number is not None:
        (tmp_path / "pluto.pid").write_text(number)
    assert not pluto.ready(str(tmp_path))
