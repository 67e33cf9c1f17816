"""A circuit that ends at two devices of a site, a link at each (R95, R99)."""

from __future__ import annotations

import pytest
from moments import action, moment

from netlab.plan.planner import plan
from netlab.render import text
from netlab.scenario.loader import load, parse
from netlab.scenario.models import Scenario
from netlab.scenario.network import resolve

NAME = "expressroute-two-devices"


def scenario(devices: str) -> Scenario:
    written = load(NAME).text
    assert "devices: [er1, er2], " in written
    return parse(written.replace("devices: [er1, er2], ", devices), "circuit.yaml").scenario


@pytest.mark.parametrize(
    ("devices", "ends"),
    [
        ("devices: [er1, er2], ", ("site1-er1", "site1-er2")),
        ("devices: [er2, er1], ", ("site1-er2", "site1-er1")),
        ("devices: [er2, er2], ", ("site1-er2", "site1-er2")),
        ("", ("site1-fw1", "site1-er1")),
    ],
)
def test_each_link_ends_at_its_device(devices: str, ends: tuple[str, str]) -> None:
    found = scenario(devices)
    links = resolve(found).circuits["circuit1"].links
    assert tuple(device.node for _, device in links) == ends
    built = plan(found, "lab")
    wired = {(link.a.node, link.b.node) for link in built.links if "msee" in link.b.node and "site1" in link.a.node}
    assert wired == {(ends[0], "circuit1-msee-0"), (ends[1], "circuit1-msee-1")}


def test_at_a_site_with_one_device_both_links_end_there() -> None:
    links = resolve(load("expressroute").scenario).circuits
    for circuit in links.values():
        assert {device for _, device in circuit.links} == set(circuit.customer.devices)


@pytest.mark.parametrize(
    ("severed", "by"),
    [
        ((), {"site1-er1", "site1-er2"}),
        (("primary",), {"site1-er2"}),
        (("secondary",), {"site1-er1"}),
        (("primary", "secondary"), {"site1-fw1"}),
    ],
)
def test_the_site_prefers_its_circuit_at_every_router_while_a_link_is_there(
    severed: tuple[str, ...], by: set[str]
) -> None:
    """R95: also the device with the VPN, whose own path is as long and external."""
    state = moment(NAME, *(action("fail_circuit", circuit="circuit1", link=link) for link in severed))
    (prefix,) = state.network.vnets["VNet1"].address_space
    assert {path.neighbor for path in state.learned["site1"][prefix]} == by
    if len(severed) < 2:
        assert {path.neighbor for path in state.learned["site1-fw1"][prefix]} == by


def test_frr_gives_the_circuit_a_local_preference() -> None:
    built = plan(load(NAME).scenario, "lab")
    written = {speaker.node: text.speaker_conf(speaker, "bgpd") for speaker in built.speakers}
    assert "set local-preference 200" in written["site1-er1"]
    assert "set local-preference" not in written["site1-fw1"]
