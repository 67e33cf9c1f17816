"""What is down at a moment of a story: literal words, and where a drawing shows it."""

from __future__ import annotations

import pytest

from netlab.azure.down import down
from netlab.azure.moments import after, initial
from netlab.azure.prediction import predict
from netlab.report.lights import Lights
from netlab.scenario.loader import load
from netlab.scenario.models import Action
from netlab.scenario.outline import topology

# By scenario and step: why, and the elements of the drawing.
STEPS = {
    ("hub-spoke-firewall", 1): ((), ()),
    ("hub-spoke-firewall", 2): (("hub-fw is stopped",), ("hub/firewall",)),
    ("hub-spoke-firewall", 4): (
        ("site1 has no link to the Internet", "Hub-Site1 is down: the link of site1 to the Internet is cut"),
        ("site1", "hub-gw-0->site1"),
    ),
    ("expressroute", 2): (("circuit1 is cut (primary link)",), ("vnet1-er-0->site1",)),
    ("s2s-active-active", 5): (
        ("1 of 2 tunnels of VNet1-Site1 is down: VNet1-Site1-0 was taken down",),
        ("vnet1-gw-0->site1",),
    ),
    # Tunnels that a device never had are no fault.
    ("s2s-bgp-apipa", 1): ((), ()),
    ("route-server-nva-in-spoke", 2): (
        ("BGP of hub-rs-0 and spoke1-sdwan1 is shut down", "BGP of hub-rs-1 and spoke1-sdwan1 is shut down"),
        ("spoke1/appliances->hub-rs-0",),
    ),
    ("p2s-certificates", 1): (
        (
            "carol is down: its certificate is revoked",
            "mallory is down: the gateway does not trust the root that issued its certificate",
        ),
        ("carol->vnet1-gw-0", "mallory->vnet1-gw-0"),
    ),
}


@pytest.mark.parametrize(("name", "step"), STEPS)
def test_what_is_down_says_why_and_is_drawn(name: str, step: int) -> None:
    scenario = load(name).scenario
    found = down(tuple(predict(scenario))[step - 1].state)
    assert (tuple(item.why for item in found), Lights.of(topology(scenario)).down(found)) == STEPS[name, step]


def test_a_peering_that_a_story_removes_is_down() -> None:
    opening = initial(load("hub-spoke-gateway-transit").scenario)
    (name, spec), *_ = opening.scenario.peerings.items()
    now = after(opening, Action.model_validate({"change": {"peerings": {name: None}}}))
    lights = Lights.of(topology(opening.written))
    (item,) = down(now)
    assert set(item.ends) == {spec.vnet.lower(), spec.remote_vnet.lower()}
    assert item.why.startswith("the peering of ")
    assert len(lights.down((item,))) == 1
    assert "->" in lights.down((item,))[0]
