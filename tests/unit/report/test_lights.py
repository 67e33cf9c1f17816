"""What lights up in a drawing: literal elements of the ways of scenarios of the catalogue."""

from __future__ import annotations

import re
from html import unescape

import pytest

from netlab.machine.drawing import svg
from netlab.report.dot import dot
from netlab.report.lights import Lights
from netlab.scenario.loader import load
from netlab.scenario.outline import topology

WAYS = {
    "to a VNet by peering": (
        "hub-spoke-stateful-firewall",
        ("spoke1-vm1", "spoke1", "hub", "hub-fw", "hub", "spoke2", "spoke2-vm2"),
        {
            "spoke1/default", "cluster spoke1", "hub/firewall", "cluster hub", "cluster spoke2", "spoke2/default",
            "hub/firewall->spoke1/default", "hub/firewall->spoke2/default",
        },
    ),
    "through a tunnel, from the instance that is not drawn": (
        "gateway-active-standby-failover",
        ("site1-h1", "site1", "vnet1-gw-1", "vnet1", "vnet1-vm1"),
        {"site1/", "site1", "vnet1-gw-0", "cluster vnet1", "vnet1/default", "vnet1-gw-0->site1"},
    ),
    "over a circuit, whose edge routers are not drawn": (
        "expressroute",
        ("site1-host1", "site1", "msee-circuit1-0", "vnet1-er-0", "vnet1", "vnet1-vm1"),
        {"site1/", "site1", "vnet1-er-0", "cluster vnet1", "vnet1/default", "vnet1-er-0->site1"},
    ),
    "nobody": ("expressroute", (), set()),
}  # fmt: skip


@pytest.mark.parametrize("case", WAYS)
def test_boxes_frames_and_lines_of_a_way_light_up_and_no_others(case: str) -> None:
    name, nodes, lit = WAYS[case]
    drawing = topology(load(name).scenario)
    found = Lights.of(drawing).way(nodes)
    assert set(found) == lit
    assert len(found) == len(lit)
    titles = re.findall(r"<title>(.*?)</title>", svg(dot(drawing)))
    assert lit <= {unescape(title) for title in titles}


def test_a_node_that_is_not_drawn_is_nowhere() -> None:
    lights = Lights.of(topology(load("hub-spoke-stateful-firewall").scenario))
    assert lights.at("internet") == ""
    assert lights.at("hub-fw") == "hub/firewall"
    assert lights.at("spoke1") == "cluster spoke1"
