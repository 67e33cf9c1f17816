"""Big networks are drawn with bundles; small ones, and lines that say something of their own, are not."""

from __future__ import annotations

import re
from html import unescape

import pytest

from netlab.machine.drawing import svg
from netlab.report.bundles import bundled
from netlab.report.dot import dot
from netlab.report.lights import Lights
from netlab.results.topology import Topology
from netlab.scenario.loader import catalogue, load, parse
from netlab.scenario.outline import topology

HUB = "  Hub: {address_space: [10.200.0.0/16], subnets: {GatewaySubnet: 10.200.255.0/27, s: 10.200.0.0/24}, "
HUB += "vpn_gateway: {sku: VpnGw4AZ, bgp: {asn: 65000}}}"


def spokes(count: int, more: str = "") -> Topology:
    """A hub with so many spokes; ``more`` is what the first one's peering says besides."""
    lines = ["name: spokes", "vnets:", HUB]
    lines += [f"  V{n}: {{address_space: [10.{n}.0.0/16], subnets: {{s: 10.{n}.0.0/24}}}}" for n in range(1, count + 1)]
    lines += ["peerings:"]
    for n in range(1, count + 1):
        lines += [f"  h{n}: {{vnet: Hub, remote_vnet: V{n}, allow_gateway_transit: true}}"]
        lines += [f"  v{n}: {{vnet: V{n}, remote_vnet: Hub, use_remote_gateways: true{more if n == 1 else ''}}}"]
    return topology(parse("\n".join(lines), "spokes.yaml").scenario)


def sites(count: int) -> Topology:
    """A hub with so many sites."""
    lines = ["name: sites", "vnets:", HUB, "sites:"]
    lines += [f"  S{n}: {{address_prefixes: [10.{n}.0.0/16], bgp: {{asn: {65100 + n}}}}}" for n in range(1, count + 1)]
    lines += ["connections:"]
    lines += [f"  c{n}: {{type: IPsec, between: [S{n}, Hub], enable_bgp: true}}" for n in range(1, count + 1)]
    return topology(parse("\n".join(lines), "sites.yaml").scenario)


def drawn(drawing: Topology) -> set[str]:
    """The titles in a drawing."""
    return {unescape(title) for title in re.findall(r"<title>(.*?)</title>", svg(dot(drawing)))}


def test_spokes_that_are_alike_are_a_grid_in_a_frame_with_one_line() -> None:
    (bundle,) = bundled(spokes(13)).bundles
    assert bundle.words == ("13 VNets, each peered with Hub", "Hub: allow_gateway_transit", "each: use_remote_gateways")
    assert [len(row) for row in bundle.rows] == [4, 4, 4, 1]
    titles = drawn(spokes(13))
    assert {"cluster bundle 1", "cluster v1", "cluster v13"} <= titles
    assert {title for title in titles if "hub" in title and "->" in title and title == "->".join(bundle.line)} == {
        "hub/s->v9/s"
    }


def test_every_spoke_lights_up_the_one_line() -> None:
    lights = Lights.of(spokes(7))
    assert set(lights.way(("v7", "hub", "v1"))) == {"cluster v7", "cluster hub", "cluster v1", "hub/s->v4/s"}


def test_sites_are_left_of_their_hub_and_have_the_names_of_their_connections() -> None:
    (bundle,) = bundled(sites(30)).bundles
    assert bundle.words == ("30 sites, each connected to Hub", "IPsec, BGP")
    assert bundle.line[1] == "hub-gw-0"
    assert [leaf.called for leaf in bundle.leaves[:2]] == ["c1", "c2"]
    assert ">c30<" in svg(dot(sites(30)))


def test_a_few_or_a_line_that_says_something_else_have_a_line_of_their_own() -> None:
    assert bundled(spokes(5)).bundles == ()
    assert bundled(spokes(6, ", allow_forwarded_traffic: true")).bundles == ()
    found = bundled(spokes(7, ", allow_forwarded_traffic: true"))
    assert (len(found.bundles[0].leaves), [c.id for c in found.clusters]) == (6, ["hub", "v1"])


@pytest.mark.parametrize("name", catalogue())
def test_the_catalogue_is_drawn_as_ever(name: str) -> None:
    assert bundled(topology(load(name).scenario)).bundles == ()


def test_a_drawing_with_bundles_is_no_tower() -> None:
    """39 spokes in one column would be 3,950 points high."""
    width, height = map(int, re.findall(r'(?:width|height)="(\d+)pt"', svg(dot(spokes(39))))[:2])
    assert width < 1250
    assert height < 1100
