"""The house: tests mirror modules, modules and functions are short, names are looked up where the network is resolved.

``tests/unit/azure/bgp/test_policy.py`` tests ``netlab/azure/bgp/policy.py``.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

UNIT = Path(__file__).parent
CHECKOUT = UNIT.parents[1]
PACKAGE = CHECKOUT / "netlab"
FILES = [path for path in sorted(UNIT.rglob("test_*.py")) if path.parent != UNIT]
SCRIPTS = [path for path in (CHECKOUT / "scripts").rglob("*") if path.is_file() and path.suffix != ".pyc"]
IN_PYTHON = [p for p in SCRIPTS if p.suffix == ".py" or p.read_bytes().startswith(b"#!/usr/bin/env python3")]
MODULES = sorted((*PACKAGE.rglob("*.py"), *IN_PYTHON))
# Tests of what several modules of a room do together.
TOGETHER = {
    "api/test_template_changes.py",
    "azure/bgp/test_any_network.py",
    "azure/bgp/test_circuits.py",
    "azure/bgp/test_coexistence.py",
    "azure/bgp/test_global_reach.py",
    "azure/bgp/test_provider_networks.py",
    "azure/bgp/test_remote_appliances.py",
    "azure/bgp/test_route_servers.py",
    "azure/bgp/test_routing_preference.py",
    "azure/bgp/test_two_devices.py",
    "azure/dataplane/test_gateway_subnets.py",
    "azure/dataplane/test_next_hops.py",
    "azure/dataplane/test_nics.py",
    "azure/dataplane/test_overlaps.py",
    "azure/dataplane/test_public_addresses.py",
    "azure/dataplane/test_rules_of_appliances.py",
    "azure/dataplane/test_subnet_peerings.py",
    "azure/dataplane/test_two_firewalls.py",
    "azure/dataplane/test_vpn_servers.py",
    "azure/dataplane/test_ways_out.py",
    "azure/p2s/test_access_networks.py",
    "azure/test_public_targets.py",
    "cli/test_surroundings.py",
    "controllers/test_controllers.py",
    "imports/arm/test_cases.py",
    "imports/test_deployments.py",
    "lab/measure/shown/test_shown.py",
    "lab/measure/test_autopsy_of_frontends.py",
    "machine/test_refusal.py",
    "machine/test_refusals.py",
    "plan/test_shared_bandwidth.py",
    "plan/test_soundness.py",
    "plan/test_stability.py",
    "report/test_graphs.py",
    "report/test_page_in_browser.py",
    "report/test_paper_in_browser.py",
    "report/test_topology_in_browser.py",
    "scenario/test_typos.py",
    "ui/test_designer_in_browser.py",
    "ui/test_lab_in_browser.py",
}
LONGEST_MODULE, LONGEST_FUNCTION = 400, 40
# Before `resolve` there are names only; the rules work on what a file says.
NAMES_LIVE_IN = ("scenario/names.py", "scenario/network/", "scenario/rules/")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(UNIT)))
def test_a_test_file_mirrors_a_module(path: Path) -> None:
    place = path.relative_to(UNIT)
    module = PACKAGE / place.with_name(path.stem.removeprefix("test_"))
    mirrors = module.with_suffix(".py").is_file() or (module / "__init__.py").is_file()
    assert mirrors != (str(place) in TOGETHER)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_modules_and_functions_are_short(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LONGEST_MODULE
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lengths = {node.name: (node.end_lineno or node.lineno) - node.lineno + 1 for node in functions}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_an_end_is_looked_up_by_its_name_only_before_the_network_is_resolved() -> None:
    lookup = re.compile(r"\bin (\w+\.)*scenario\.(vnets|sites|appliances)\b")
    found = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if lookup.search(path.read_text()) and not str(path.relative_to(PACKAGE)).startswith(NAMES_LIVE_IN)
    }
    assert found == set()
