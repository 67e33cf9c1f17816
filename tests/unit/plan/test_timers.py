"""Azure's timers divided by the time scale."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.azure.ike import CHILD_LIFETIME, POLICY_BASED_CHILD_LIFETIME
from netlab.errors import UsageError
from netlab.machine.waiting import stretched
from netlab.plan.model import Timers
from netlab.plan.timers import DPD_TIMEOUT, dpd_delay, scaled, timers


def test_at_scale_one_they_are_azures() -> None:
    """B14, R38 (10 s, then four waits of 8.75 s: 45 s), R33, R37."""
    assert timers(1) == Timers(
        scale=1,
        bgp_keepalive=60,
        bgp_hold=180,
        bfd_interval=300,
        dpd_delay=10,
        retransmit_timeout=8.75,
        retransmit_tries=3,
        ike_lifetime=28_800,
    )


def test_at_the_default_scale() -> None:
    assert timers(20) == Timers(
        scale=20,
        bgp_keepalive=3,
        bgp_hold=9,
        bfd_interval=100,
        dpd_delay=1,
        retransmit_timeout=0.312,
        retransmit_tries=3,
        ike_lifetime=1440,
    )


@pytest.mark.parametrize("scale", [1, 2, 3, 5, 10])
def test_a_silent_peer_is_dead_after_azures_45_seconds(scale: float) -> None:
    """R38: one delay, then the first request and each repetition of it are waited for."""
    found = timers(scale)
    waits = found.retransmit_tries + 1
    assert found.dpd_delay + waits * found.retransmit_timeout == pytest.approx(45 / scale, abs=waits * 0.001)


@pytest.mark.parametrize("scale", [1, 2, 3, 5, 10, 20, 60])
def test_the_default_dpd_timeout_asks_as_often_as_azure(scale: float) -> None:
    assert dpd_delay(DPD_TIMEOUT, timers(scale)) == timers(scale).dpd_delay


def test_a_longer_dpd_timeout_asks_less_often() -> None:
    """R38: 9 to 3,600 s; what charon needs for its repetitions stays as it is."""
    clock = timers(20)
    waits = (clock.retransmit_tries + 1) * clock.retransmit_timeout
    assert [dpd_delay(seconds, clock) for seconds in (9, 45, 3600)] == [1, 1, 179]
    assert dpd_delay(3600, clock) + waits == pytest.approx(3600 / 20, abs=0.5)


@given(st.floats(1, 60))
def test_they_are_what_the_daemons_accept(scale: float) -> None:
    """FRR: keepalive 1 at least and below the hold time, hold 3 at least; strongSwan: whole seconds of DPD."""
    found = timers(scale)
    assert found.bgp_hold >= 3
    assert 1 <= found.bgp_keepalive < found.bgp_hold
    assert found.bfd_interval >= 100
    assert found.dpd_delay >= 1
    assert found.retransmit_timeout >= 0.25
    assert scaled(POLICY_BASED_CHILD_LIFETIME, found) < scaled(CHILD_LIFETIME, found) < found.ike_lifetime


@given(st.floats(1, 60), st.floats(1, 60))
def test_a_larger_scale_makes_none_slower(one: float, other: float) -> None:
    slow, fast = timers(min(one, other)), timers(max(one, other))
    assert fast.bgp_keepalive <= slow.bgp_keepalive
    assert fast.bgp_hold <= slow.bgp_hold
    assert fast.bfd_interval <= slow.bfd_interval
    assert fast.dpd_delay <= slow.dpd_delay
    assert fast.ike_lifetime <= slow.ike_lifetime


@pytest.mark.parametrize(("text", "seconds"), [(None, 2.0), ("10", 20.0), ("0.1", 2.0)])
def test_deadlines_are_stretched_where_the_environment_says_so_and_never_shortened(
    text: str | None, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NETLAB_PATIENCE", raising=False)
    if text is not None:
        monkeypatch.setenv("NETLAB_PATIENCE", text)
    assert stretched(2) == seconds


def test_a_patience_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETLAB_PATIENCE", "long")
    with pytest.raises(UsageError, match="NETLAB_PATIENCE is 'long'"):
        stretched(2)
