"""Azure's timers, divided by the lab's time scale."""

from __future__ import annotations

from netlab.azure.ike import IKE_LIFETIME
from netlab.plan.model import Timers

BGP_KEEPALIVE = 60  # B14
BGP_HOLD = 180  # B14
DPD_TIMEOUT = 45  # R38
DPD_DELAY = 10  # how often a silent peer is asked; Azure documents only the time-out
RETRANSMIT_TRIES = 3


def timers(scale: float) -> Timers:
    """The timers of a lab at a time scale; BGP's and DPD's cannot go below what their daemons accept.

    A peer that falls silent is dead after one DPD delay and all retransmissions: together R38's time-out.
    """
    delay = max(1, round(DPD_DELAY / scale))
    waits = RETRANSMIT_TRIES + 1
    return Timers(
        scale=scale,
        bgp_keepalive=max(1, round(BGP_KEEPALIVE / scale)),
        bgp_hold=max(3, round(BGP_HOLD / scale)),
        dpd_delay=delay,
        retransmit_timeout=round(max(0.25, (DPD_TIMEOUT / scale - delay) / waits), 3),
        retransmit_tries=RETRANSMIT_TRIES,
        ike_lifetime=round(IKE_LIFETIME / scale),
    )


def scaled(seconds: float, clock: Timers) -> int:
    """A time of Azure's in a lab's whole seconds, one at least."""
    return max(1, round(seconds / clock.scale))


def dpd_delay(timeout: int, clock: Timers) -> int:
    """How often a silent peer is asked, for it to be dead after R38's time-out; not below what charon accepts."""
    return max(1, round(timeout / clock.scale - (clock.retransmit_tries + 1) * clock.retransmit_timeout))
