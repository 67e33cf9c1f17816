"""Which times an outage consists of, by the action that makes it: Azure documents some, others only the lab has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from netlab.results.timers import Timer
from netlab.scenario.models import Action

DPD = Timer(
    "dead peer detection gives up a silent peer", "documented", "45 s, unless dpd_timeout_seconds says otherwise", "R38"
)
DPD_DELAY = Timer("a silent peer is asked for a sign of life", "not documented", lab="every 10 s")
HOLD_TIME = Timer("BGP gives up a silent neighbor", "documented", "180 s (hold time)", "B14")
ROUTE_SERVER_HOLD_TIME = Timer("a Route Server gives up a silent neighbor", "documented", "180 s (hold time)", "A10")
PROBE = Timer(
    "a load balancer's probe takes a member out",
    "documented",
    "5 s by default: interval_in_seconds times probe_threshold",
    "L9",
)
EXPRESSROUTE_HOLD_TIME = Timer(
    "BGP over the circuit gives up a silent neighbor",
    "documented",
    "180 s (hold time), less where the peer asks",
    "R98",
)
BFD = Timer("BFD gives up a silent neighbor", "not documented", lab="after three times 300 ms")
OTHER_TUNNEL = Timer("traffic takes another tunnel, which B26 promises", "not documented", lab="at once")
VNET_TABLES = Timer("the routes of the NICs follow", "not documented", lab="as soon as BGP has them")
TUNNEL_AGAIN = Timer("a tunnel is brought up again", "not documented", lab="at once")
SESSION_AGAIN = Timer("a BGP session comes back", "not documented", lab="within some seconds, whatever the time scale")
PLANNED = Timer("a standby instance takes over, planned", "documented", "10 to 15 s", "R8", "10 s")
UNPLANNED = Timer(
    "a standby instance takes over, not planned", "documented", "60 to 90 s (2016), 1 to 3 min (2024)", "R8", "60 s"
)
INSTANCE_AGAIN = Timer("a lost instance comes back", "not documented", lab="when the story says so")
MACHINE_AGAIN = Timer("a machine starts", "not documented", lab="at once")
DAEMON_NOTICED = Timer("the end of a BGP daemon is noticed", "recorded", "within 39 s")
DAEMON_BACK = Timer("routes are back after the start of a BGP daemon", "recorded", "within 24 s")
PROPAGATED = Timer("a changed announcement is everywhere", "not documented", lab="as soon as BGP has it")

SILENT = (DPD, DPD_DELAY, HOLD_TIME, OTHER_TUNNEL, VNET_TABLES)
TUNNEL_BACK = (TUNNEL_AGAIN, SESSION_AGAIN, VNET_TABLES)

TIMERS: Mapping[str, tuple[Timer, ...]] = {
    "fail_gateway": (PLANNED, UNPLANNED, DPD, SESSION_AGAIN, VNET_TABLES),
    "restore_gateway": (PLANNED, INSTANCE_AGAIN, SESSION_AGAIN, VNET_TABLES),
    "fail_tunnel": (OTHER_TUNNEL, HOLD_TIME, VNET_TABLES),
    "restore_tunnel": TUNNEL_BACK,
    "cut_link": SILENT,
    "mend_link": TUNNEL_BACK,
    "cut_internet": SILENT,
    "mend_internet": TUNNEL_BACK,
    "silence_device": SILENT,
    "wake_device": TUNNEL_BACK,
    "stop_vm": (ROUTE_SERVER_HOLD_TIME, PROBE, VNET_TABLES),
    "start_vm": (MACHINE_AGAIN, SESSION_AGAIN, VNET_TABLES),
    "fail_route_server": (ROUTE_SERVER_HOLD_TIME, VNET_TABLES),
    "restore_route_server": (INSTANCE_AGAIN, SESSION_AGAIN, VNET_TABLES),
    "fail_circuit": (BFD, EXPRESSROUTE_HOLD_TIME, VNET_TABLES),
    "restore_circuit": (SESSION_AGAIN, VNET_TABLES),
    "stop_bgp_daemon": (DAEMON_NOTICED, HOLD_TIME, VNET_TABLES),
    "start_bgp_daemon": (DAEMON_BACK, VNET_TABLES),
    "stop_bgp_session": (PROPAGATED, VNET_TABLES),
    "start_bgp_session": (SESSION_AGAIN, VNET_TABLES),
    "announce": (PROPAGATED, VNET_TABLES),
    "withdraw": (PROPAGATED, VNET_TABLES),
    "set_key": TUNNEL_BACK,
}


def timers(actions: Iterable[Action]) -> tuple[Timer, ...]:
    """The times that the outage of some actions may consist of, each once."""
    return tuple(dict.fromkeys(timer for action in actions for timer in TIMERS.get(action.verb, ())))
