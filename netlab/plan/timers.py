"""Azure's timers, divided by the lab's time scale."""

from __future__ import annotations

from netlab.azure.bgp.values import HOLD_TIME
from netlab.azure.ike import IKE_LIFETIME
from netlab.plan.model import Timers

BGP_KEEPALIVE = 60  # B14
BGP_HOLD_AT_LEAST = 3  # RFC 4271, section 4.2
BFD_INTERVAL = 300  # R98, in milliseconds; three lost ones and the peer is dead
BFD_INTERVAL_AT_LEAST = 100  # a daemon on a busy machine of two cores may sleep for as long as that
DPD_TIMEOUT = 45  # R38
DPD_DELAY = 10  # how often a silent peer is asked; Azure documents only the time-out
RETRANSMIT_TRIES = 3
RADIUS_TIMEOUT = 30  # R61
RADIUS_TIMEOUT_AT_LEAST = 3.0  # a server on a busy machine takes a second for MS-CHAPv2


def timers(scale: float) -> Timers:
    """The timers of a lab at a time scale; BGP's and DPD's cannot go below what their daemons accept, BFD's below what
    keeps a link from going down by chance.

    A peer that falls silent is dead after one DPD delay and all retransmissions: together R38's time-out.
    """
    delay = max(1, round(DPD_DELAY / scale))
    waits = RETRANSMIT_TRIES + 1
    return Timers(
        scale=scale,
        bgp_keepalive=max(1, round(BGP_KEEPALIVE / scale)),
        bgp_hold=max(BGP_HOLD_AT_LEAST, round(HOLD_TIME / scale)),
        bfd_interval=max(BFD_INTERVAL_AT_LEAST, round(BFD_INTERVAL / scale)),
        dpd_delay=delay,
        retransmit_timeout=round(max(0.25, (DPD_TIMEOUT / scale - delay) / waits), 3),
        retransmit_tries=RETRANSMIT_TRIES,
        ike_lifetime=round(IKE_LIFETIME / scale),
    )


def scaled(seconds: float, clock: Timers) -> int:
    """A time of Azure's in a lab's whole seconds, one at least."""
    return max(1, round(seconds / clock.scale))


def radius_timeout(clock: Timers) -> float:
    """How long a gateway waits for its RADIUS server, in a lab's seconds."""
    return max(RADIUS_TIMEOUT_AT_LEAST, RADIUS_TIMEOUT / clock.scale)


def bgp_timers(hold: int, clock: Timers) -> tuple[int, int]:
    """The keepalive interval and the hold time of a peer that asks for another one, in a lab's seconds."""
    seconds = max(BGP_HOLD_AT_LEAST, round(hold / clock.scale))
    return seconds // 3, seconds


def dpd_delay(timeout: int, clock: Timers) -> int:
    """How often a silent peer is asked, for it to be dead after R38's time-out; not below what charon accepts."""
    return max(1, round(timeout / clock.scale - (clock.retransmit_tries + 1) * clock.retransmit_timeout))
