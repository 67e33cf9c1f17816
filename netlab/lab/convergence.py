"""Waiting until a running lab is where Azure's rules say that it must arrive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from netlab.azure.propagation import Announcements, learned
from netlab.fabric import controller
from netlab.machine.network import KernelRoute
from netlab.machine.waiting import wait_until
from netlab.plan.model import MAIN_TABLE, BgpSpeaker, Plan
from netlab.scenario.models import Scenario

# Azure's own convergence is a matter of seconds to minutes; the lab's timers are divided by its time scale, but
# its daemons need some seconds whatever the scale.
_SECONDS = 30.0


class Reader(controller.Machine, Protocol):
    """What waiting asks of the machine."""

    def bgp_states(self, speaker: BgpSpeaker) -> dict[str, str]: ...

    def routes(self, netns: str) -> tuple[KernelRoute, ...]: ...


def await_bgp(plan: Plan, scenario: Scenario, machine: Reader, announced: Announcements | None = None) -> None:
    """Wait until every BGP session is Established and every speaker's kernel routes are what it must learn."""
    expected = learned(scenario, announced)
    for speaker in plan.speakers:
        owner = plan.node(speaker.node).owner
        wait_until(
            lambda s=speaker, o=owner: not any(_missing(plan, s, expected[o].values(), machine)),  # type: ignore[misc]
            _SECONDS,
            lambda s=speaker, o=owner: "; ".join(_missing(plan, s, expected[o].values(), machine)),  # type: ignore[misc]
        )


def _missing(plan: Plan, speaker: BgpSpeaker, expected: object, machine: Reader) -> Iterator[str]:
    """What a speaker still lacks, in words."""
    for address, state in machine.bgp_states(speaker).items():
        if state != "Established":
            yield f"{speaker.node}: the BGP session with {address} is {state}"
    tunnels = {tunnel.connection: tunnel.interface for tunnel in plan.tunnels if tunnel.node == speaker.node}
    present = {r.prefix: set(r.devices) for r in _bgp_routes(plan, speaker, machine)}
    wanted = {str(paths[0].prefix): {tunnels[path.connection] for path in paths} for paths in expected}  # type: ignore[attr-defined]
    for prefix, devices in wanted.items():
        if present.get(prefix) != devices:
            yield f"{speaker.node}: no BGP route to {prefix} over {', '.join(sorted(devices))}"
    for prefix in present.keys() - wanted.keys():
        yield f"{speaker.node}: still has a BGP route to {prefix}"


def _bgp_routes(plan: Plan, speaker: BgpSpeaker, machine: Reader) -> Iterator[KernelRoute]:
    found = machine.routes(plan.netns(speaker.node))
    return (route for route in found if route.table == MAIN_TABLE and route.by_bgp)


def await_fabrics(plan: Plan, machine: Reader) -> None:
    """Wait until every VNet table and every P2S selector is in step with what the gateways know."""
    wait_until(
        lambda: controller.in_step(plan, machine, controller.known_by_gateways(plan, machine)),
        _SECONDS,
        lambda: "VNet route tables or P2S selectors are not in step with what the gateways learned",
    )
