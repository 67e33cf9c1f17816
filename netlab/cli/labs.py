"""From what a command line names to scenarios, labs and their nodes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from netlab.cli.options import Format, Plane
from netlab.cli.output import display, log, print_json, stepper
from netlab.errors import LabError, UsageError

if TYPE_CHECKING:
    from netlab.lab.build.state import Lab
    from netlab.lab.machine import Machine
    from netlab.lab.story.incidents import Incident
    from netlab.scenario.loader import Loaded
    from netlab.scenario.models import Scenario


def load_scenario(reference: str) -> Loaded:
    """A scenario from a file or from the catalogue; its warnings are told."""
    from netlab.scenario.loader import load

    loaded = load(reference)
    for warning in loaded.warnings:
        log(str(warning))
    return loaded


def read_scenario(reference: str) -> Scenario:
    """The scenario of a lab that exists, if we may read it; else that of a file or of the catalogue."""
    from netlab.lab.build import state
    from netlab.scenario.loader import catalogue
    from netlab.scenario.models import is_lab_name

    if not is_lab_name(reference) or not state.exists(reference):
        return load_scenario(reference).scenario
    if os.geteuid() != 0 and reference in catalogue():
        return load_scenario(reference).scenario
    require_root()
    return state.read(reference).scenario


def lab_name(name: str) -> str:
    """The name, if it can name a lab."""
    from netlab.scenario.models import is_lab_name

    if not is_lab_name(name):
        raise UsageError(
            f"{name[:60]!r} cannot name a lab", "lower case letters, digits and dashes, a letter first, 40 at most"
        )
    return name


def require_root() -> None:
    """HostError where this machine, or this user, can have no lab."""
    from netlab.machine import host

    host.require()


def build_lab(loaded: Loaded, name: str, time_scale: float | None, data_plane: Plane) -> str:
    """Plan a scenario and build its lab; the lab's name."""
    from netlab.api import controller
    from netlab.api.machine import LINUX
    from netlab.lab.build import engine, state
    from netlab.machine import host
    from netlab.plan.planner import plan as make

    scenario = loaded.scenario
    lab = lab_name(name) if name else scenario.name
    planned = make(scenario, lab, host.choose_data_plane(data_plane), time_scale)
    facts = state.Facts(lab, scenario.name, planned.data_plane, planned.timers.scale)
    command = (sys.executable, "-m", controller.__name__, lab)
    engine.up(state.Lab(facts, scenario, planned), loaded.text, LINUX, command, stepper())
    return lab


def read_lab(name: str) -> Lab:
    """The lab of a name or, without one, the only one there is."""
    from netlab.lab.build import state

    if name:
        return state.read(lab_name(name))
    known = state.names()
    if len(known) != 1:
        problem = f"several labs are up: {', '.join(known)}" if known else "no lab is up"
        raise UsageError(problem, "name one" if known else "build one: netlab up SCENARIO")
    return state.read(known[0])


def named(lab: Lab, name: Any) -> Any:
    """What somebody called in some other case, as the scenario calls it; anything else as it is."""
    scenario = lab.scenario
    devices = (device for site in scenario.sites.values() for device in site.devices)
    known = (*scenario.vnets, *scenario.sites, *scenario.clients, *scenario.connections, *devices)
    return next((item for item in known if isinstance(name, str) and item.lower() == name.lower()), name)


def act(lab: Lab, deed: Callable[[Machine], Incident], output: Format) -> None:
    """Do something to a lab, alone, and say what came of it."""
    from netlab.api.machine import LINUX
    from netlab.lab.build import state

    with state.locked(lab.facts.lab):
        incident = deed(LINUX)
    if output is Format.json:
        print_json(incident.structure())
    else:
        display(incident.words)


def find_node(lab: Lab, name: str) -> str:
    """The node of a lab by its name from `netlab nodes`, or by a short one."""
    from netlab.scenario.names import resolve_node, suggest

    names = [node.name for node in lab.plan.nodes]
    found = name.lower() if name.lower() in names else resolve_node(lab.scenario, name)
    if found is None:
        raise UsageError(f"there is no node {name[:60]!r} in {lab.facts.lab}", suggest(name, names))
    return found


def find_pair(lab: Lab, addresses: Mapping[str, str], source: str, target: str) -> tuple[str, str]:
    """The nodes of two different machines, hosts or clients that have an address."""
    nodes = find_two(lab.scenario, source, target)
    for node in nodes:
        if node not in addresses:
            raise LabError(f"{node} has no address from the pool: it is not connected", "netlab status says why")
    return nodes


def find_two(scenario: Scenario, source: str, target: str) -> tuple[str, str]:
    """The nodes of two different machines, hosts or clients; the Internet asks only where the story has it ask."""
    from netlab.scenario.names import INTERNET, sources

    nodes = (find_endpoint(scenario, source), find_endpoint(scenario, target))
    if nodes[0] == nodes[1]:
        raise UsageError(f"{source} and {target} are one and the same", "name two different ones")
    if nodes[0] == INTERNET and INTERNET not in (end.node for end in sources(scenario)):
        raise UsageError("the Internet asks nothing in this story", "name it second, or under `reach` in a step")
    return nodes


def find_endpoint(scenario: Scenario, name: str) -> str:
    """The node of one machine, host or client."""
    from netlab.scenario.names import endpoints, resolve, suggest

    nodes = resolve(scenario, name)
    if len(nodes) != 1:
        what = f"stands for {', '.join(nodes)}" if nodes else "is unknown here"
        raise UsageError(f"{name[:60]!r} {what}", suggest(name, [item.node for item in endpoints(scenario)]))
    return nodes[0]
