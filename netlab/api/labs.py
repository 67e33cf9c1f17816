"""Labs: built, removed, found by what a user calls them, and looked at."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from netlab.api.machine import LINUX
from netlab.api.plans import lab_name
from netlab.api.scenarios import find_two
from netlab.azure.moments import initial
from netlab.errors import LabError, NetlabError, UsageError
from netlab.lab.build import engine, keys, records
from netlab.lab.build.records import Lab
from netlab.lab.build.transition import Transition, opening, to_scenario
from netlab.lab.measure.overview import node_routes, overview
from netlab.lab.story.addresses import probe_addresses
from netlab.lab.story.rewind import rewind
from netlab.lab.story.stage import Stage
from netlab.machine import entering
from netlab.machine.host import choose_data_plane, require_for
from netlab.plan.planner import plan
from netlab.report.difference import described
from netlab.results.lab import LabNode, NodeRoute, Overview, PlanChange, Removed
from netlab.scenario.loader import Loaded
from netlab.scenario.names import resolve_node, suggest

__all__ = ["Lab"]

Progress = Callable[[str], None]
# What brings a lab to another scenario, and back.
Ways = tuple[Transition, Transition]


# --- built and removed ----------------------------------------------------------------------------------------------


def up(
    loaded: Loaded, name: str, time_scale: float | None, data_plane: str, progress: Progress, *, anew: bool = False
) -> str:
    """Plan a scenario and build its lab, in place of one of its name if it shall be built ``anew``; the lab's name."""
    scenario = loaded.scenario
    lab = lab_name(name) if name else scenario.name
    planned = plan(scenario, lab, choose_data_plane(data_plane), time_scale)
    require_for(planned)
    facts = records.Facts(lab, scenario.name, planned.data_plane, planned.timers.scale)
    if anew and engine.down(lab, LINUX):
        progress(f"{lab} is removed")
    engine.up(records.Lab(facts, scenario, planned), loaded.text, LINUX, progress)
    return lab


def transition(lab: Lab, loaded: Loaded) -> Ways:
    """What brings a lab to another scenario: it keeps its name, its data plane and a time scale of its own."""
    facts, scenario = lab.facts, loaded.scenario
    scale = facts.time_scale if facts.time_scale != lab.scenario.time_scale else scenario.time_scale
    wanted = replace(facts, scenario=scenario.name, time_scale=scale)
    old, new = (records.planned(each, of, initial(of)) for each, of in ((facts, lab.scenario), (wanted, scenario)))
    held = keys.read(facts.lab)
    secrets = keys.carried_over(lab.scenario, scenario, new.plan.secrets, held)
    before, after = opening(old, records.text_of(lab), held), opening(new, loaded.text, secrets)
    return to_scenario(before, after, LINUX), to_scenario(after, before, LINUX)


def changes(ways: Ways) -> tuple[PlanChange, ...]:
    """What a change makes otherwise, in words."""
    return described(ways[0].difference)


def apply(lab: Lab, ways: Ways, progress: Progress) -> None:
    """Bring a lab to another scenario. What a story, a fault or an interrupted `verify` left is put back first."""
    with records.locked(lab.facts.lab):
        rewind(Stage(lab, LINUX))
        engine.apply(*ways, progress)


def down(name: str) -> bool:
    """Remove a lab, in whatever state it is; whether there was anything."""
    return engine.down(name, LINUX)


def collect() -> list[Removed]:
    """Remove the remains of unfinished labs."""
    return [Removed(name) for name in engine.collect(LINUX)]


# --- found ----------------------------------------------------------------------------------------------------------


def names() -> tuple[str, ...]:
    """The labs that have a run directory."""
    return records.names()


def read(name: str) -> Lab:
    """The lab of a name or, without one, the only one there is."""
    if name:
        return records.read(lab_name(name))
    known = records.names()
    if len(known) != 1:
        problem = f"several labs are up: {', '.join(known)}" if known else "no lab is up"
        raise UsageError(problem, "name one" if known else "build one: netlab up SCENARIO")
    return records.read(known[0])


def find_node(lab: Lab, name: str) -> str:
    """The node of a lab by its name from `netlab nodes`, or by a short one."""
    known = [node.name for node in lab.plan.nodes]
    found = name.lower() if name.lower() in known else resolve_node(lab.scenario, name)
    if found is None:
        raise UsageError(f"there is no node {name[:60]!r} in {lab.facts.lab}", suggest(name, known))
    return found


def find_pair(lab: Lab, addresses: Mapping[str, str], source: str, target: str) -> tuple[str, str]:
    """The nodes of two different machines, hosts or clients that have an address."""
    nodes = find_two(lab.scenario, source, target)
    for node in nodes:
        if node not in addresses:
            raise LabError(f"{node} has no address from the pool: it is not connected", "netlab status says why")
    return nodes


def entrance(lab: Lab, node: str) -> tuple[str, ...]:
    """The command that runs the words after it at a node, where host names are those of the lab."""
    names: dict[str, list[str]] = {}
    # In a broken lab a client may not say its address; the way in stays open.
    with contextlib.suppress(NetlabError):
        for name, address in probe_addresses(lab, LINUX.clients).items():
            names.setdefault(address, []).extend((name, *_short(lab, name)))
    return entering.words(lab.facts.lab, lab.plan.netns(node), node, names)


def _short(lab: Lab, name: str) -> tuple[str, ...]:
    """What the scenario calls a machine, without its VNet or site; none where two have this name."""
    parts = name.split("-")
    ends = ("-".join(parts[number:]) for number in range(1, len(parts)))
    return tuple(end for end in ends if resolve_node(lab.scenario, end) == name)


# --- looked at ------------------------------------------------------------------------------------------------------


def status(name: str) -> list[Overview]:
    """A lab as it is now, or all."""
    if name and not records.exists(lab_name(name)):
        raise UsageError(f"there is no lab called {name}", "`netlab status` lists them")
    return [overview(item, LINUX) for item in ((name,) if name else records.names())]


def nodes(lab: Lab) -> list[LabNode]:
    """The nodes of a lab, with their namespaces and addresses."""
    addresses = LINUX.links.addresses(lab.plan)
    return [LabNode(n.name, n.kind, n.netns, tuple(addresses[n.name])) for n in lab.plan.nodes]


def routes(lab: Lab, node: str) -> tuple[NodeRoute, ...]:
    """The routes of a node, by the name that a user gives it."""
    return node_routes(lab, find_node(lab, node), LINUX.routes)
