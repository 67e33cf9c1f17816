"""Configuration files say what the plan says; tests/golden has them whole."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import pytest
from plans import charon, planned

from netlab.plan.model import BgpSpeaker, DataPlane
from netlab.plan.timers import timers
from netlab.render import text


def strongswan(node: str, plane: DataPlane = "userspace") -> str:
    return text.strongswan_conf(charon(node, plane), timers(1), plane)


def speaker(node: str, name: str = "p2s-branch-bgp") -> BgpSpeaker:
    return next(item for item in planned(name).speakers if item.node == node)


def setting(configuration: str, key: str) -> str:
    (found,) = re.findall(rf"^\s*{re.escape(key)} = (.*)$", configuration, re.MULTILINE)
    return str(found)


# --- strongswan.conf ------------------------------------------------------------------------------------------------


def test_only_the_userspace_plane_loads_libipsec() -> None:
    assert "kernel-libipsec" in setting(strongswan("site1-edge-vnet1-site1"), "load").split()
    assert "kernel-libipsec" not in setting(strongswan("site1-edge", "kernel"), "load").split()


@pytest.mark.parametrize(("node", "priority"), [("lin", "220"), ("win", "40000"), ("vnet1-gw-0-p2s-edge", "40000")])
def test_only_a_linux_clients_routes_count(node: str, priority: str) -> None:
    """Everybody else's charon writes its routes where no packet gets to."""
    assert setting(strongswan(node), "routing_table_prio") == priority


def test_on_the_kernel_plane_charon_installs_no_routes() -> None:
    for node in ("lin", "win", "site1-edge"):
        assert setting(strongswan(node, "kernel"), "install_routes") == "no"
    assert setting(strongswan("lin", "kernel"), "install_virtual_ip_on") == "ipsec0"
    assert setting(strongswan("site1-edge", "kernel"), "install_virtual_ip") == "no"
    assert "install_routes" not in strongswan("lin")


def test_charon_listens_in_its_own_directory_and_writes_nowhere_else() -> None:
    found = strongswan("lin")
    assert setting(found, "socket") == "unix:///run/netlab/lab/lin/charon.vici"
    assert setting(found, "path") == "charon.log"
    assert re.findall(r"^\s*default = (.*)$", found, re.MULTILINE) == ["-1", "-1", "-1", "1"]


def test_charon_repeats_itself_as_the_plan_says() -> None:
    found = strongswan("lin")
    assert (setting(found, "retransmit_timeout"), setting(found, "retransmit_tries")) == ("8.75", "3")


# --- FRR ------------------------------------------------------------------------------------------------------------


def lines(configuration: str) -> list[str]:
    return [line.strip() for line in configuration.splitlines()]


def test_a_gateway_refuses_its_own_and_keeps_what_covers_it() -> None:
    found = lines(text.speaker_conf(speaker("vnet1-gw-0"), "bgpd"))
    assert "ip prefix-list OWN seq 5 permit 10.1.0.0/16 le 32" in found  # B19, B20
    covering = [line.split()[-1] for line in found if line.startswith("ip prefix-list COVERING")]
    assert covering[0] == "10.0.0.0/15"
    assert covering[-1] == "0.0.0.0/0"  # B24
    assert len(covering) == 16
    deny, keep = found.index("route-map IMPORT deny 10"), found.index("route-map IMPORT permit 20")
    assert deny < keep < found.index("route-map IMPORT permit 30")
    assert found[keep + 1 : keep + 3] == ["match ip address prefix-list COVERING", "set community no-export additive"]


def test_a_site_refuses_nothing() -> None:
    """Its device is no Azure gateway."""
    found = text.speaker_conf(speaker("site1"), "bgpd")
    assert "prefix-list" not in found
    assert "route-map IMPORT permit 30" in found


def test_bgp_has_azures_timers_and_limit_and_one_side_waits() -> None:
    scaled = replace(speaker("vnet1-gw-0"), keepalive=60, hold=180)
    found = lines(text.speaker_conf(scaled, "bgpd"))
    assert "timers bgp 60 180" in found  # B14
    assert "neighbor 10.101.255.254 maximum-prefix 4000" in found  # B16
    assert "neighbor 10.101.255.254 passive" not in found  # B13
    assert "neighbor 10.1.255.30 passive" in lines(text.speaker_conf(speaker("site1"), "bgpd"))


def test_a_speaker_announces_its_networks_to_every_neighbour() -> None:
    found = lines(text.speaker_conf(speaker("vnet1-gw-0"), "bgpd"))
    # B63: the host route of the peer is the gateway's own, and does not leave it.
    assert [line for line in found if line.startswith("network ")] == [
        *("network 10.1.0.0/16", "network 192.168.0.0/24", "network 10.101.255.254/32")
    ]
    assert "ip prefix-list EXPORT-FILTER-VNet1-Site1 seq 5 permit 10.101.255.254/32" in found
    assert found[found.index("route-map EXPORT-VNet1-Site1 deny 5") + 1] == (
        "match ip address prefix-list EXPORT-FILTER-VNet1-Site1"
    )
    assert "neighbor 10.101.255.254 route-map EXPORT-VNet1-Site1 out" in found
    assert "neighbor 10.101.255.254 remote-as 65101" in found
    assert "neighbor 10.101.255.254 activate" in found
    assert "neighbor 10.101.255.254 route-map IMPORT in" in found


def hub(*changes: dict[str, Any]) -> BgpSpeaker:
    """A gateway whose neighbors are alike but for these changes: n0, n1, ..."""
    gateway = speaker("vnet1-gw-0")
    neighbors = [
        replace(gateway.neighbors[0], **{"connection": f"n{i}", "address": f"10.{i}.0.1"} | change)
        for i, change in enumerate(changes)
    ]
    return replace(gateway, neighbors=tuple(neighbors))


def exporting(**settings: Any) -> dict[str, Any]:
    policy = speaker("vnet1-gw-0").neighbors[0].policy
    return {"policy": replace(policy, exports=replace(policy.exports, **settings))}


PREPENDING, BARE = exporting(as_path_prepend=2), exporting(prefix_filter=())


@pytest.mark.parametrize(
    ("changes", "maps"),
    [
        (({}, {}, {}), ["n0", "n0", "n0"]),
        (({}, PREPENDING, {}, PREPENDING), ["n0", "n1", "n0", "n1"]),
        (({}, {"communities": (7,)}, {"communities": (8,)}), ["n0", "n1", "n2"]),
        ((BARE, {}, {}), [None, "n1", "n1"]),
    ],
)
def test_neighbors_of_one_policy_share_an_export_map(
    changes: tuple[dict[str, Any], ...], maps: list[str | None]
) -> None:
    found = lines(text.speaker_conf(hub(*changes), "bgpd"))
    out = [line for line in found if line.endswith(" out")]
    wanted = [f"neighbor 10.{i}.0.1 route-map EXPORT-{name} out" for i, name in enumerate(maps) if name]
    assert out == wanted
    assert {line.split()[1] for line in found if line.startswith("route-map EXPORT-")} == {
        f"EXPORT-{name}" for name in maps if name
    }


@pytest.mark.parametrize("peers", [1, 5, 100])
def test_the_filter_of_a_hub_is_written_once(peers: int) -> None:
    """100 sites with a filter of 100 host routes for each were 10,000 lines, for which bgpd took minutes."""
    routes = tuple(IPv4Network(f"10.{i}.255.254/32") for i in range(peers))
    found = lines(text.speaker_conf(hub(*[exporting(prefix_filter=routes)] * peers), "bgpd"))
    assert len([line for line in found if line.startswith("ip prefix-list EXPORT-FILTER-")]) == peers


def test_metrics_are_compared_where_there_are_any() -> None:
    """A27: Route Server and gateways of a VNet that goes by AS paths, not those of the others."""
    name = "route-server-routing-preference"
    server = lines(text.speaker_conf(speaker("vnet3-rs-0", name), "bgpd"))
    start = server.index("route-map IMPORT-vnet3-rs-0-vnet3-gw-0 permit 20")
    assert server[start + 2 : start + 5] == ["set metric 1000", "call IMPORT", "exit"]
    assert "neighbor 10.3.254.4 route-map IMPORT-vnet3-rs-0-vnet3-gw-0 in" in server
    assert "neighbor 10.3.254.12 route-map IMPORT in" in server  # ExpressRoute's have none
    assert "bgp always-compare-med" in server
    gateway = lines(text.speaker_conf(speaker("vnet3-gw-0", name), "bgpd"))
    for peer in ("VNet3-Office-0", "vnet3-gw-1", "vnet3-gw-0-vnet3-rs-0"):
        start = gateway.index(f"route-map IMPORT-{peer} permit 20")
        assert gateway[start + 2] == "set metric 1000"
    for node in ("vnet1-rs-0", "vnet1-gw-0", "vnet2-rs-0", "office"):
        found = text.speaker_conf(speaker(node, name), "bgpd")
        assert "set metric" not in found
        assert "always-compare-med" not in found


def test_an_edge_router_takes_the_number_from_a_vnets_own_prefixes_only() -> None:
    """A32."""
    found = lines(text.speaker_conf(speaker("circuit1-msee-0", "route-server-expressroute"), "bgpd"))
    name = "circuit1-msee-0-vnet1-er-0"
    listed = [line for line in found if line.startswith(f"ip prefix-list AS-PATH-EXCLUDE-{name} ")]
    assert listed == [f"ip prefix-list AS-PATH-EXCLUDE-{name} seq 5 permit 10.1.0.0/16"]
    own, others = (found.index(f"route-map IMPORT-{name} permit {number}") for number in (10, 20))
    assert found[own + 1 : own + 3] == [
        f"match ip address prefix-list AS-PATH-EXCLUDE-{name}",
        "set as-path exclude 65515",
    ]
    assert "exclude" not in "".join(found[others : found.index("exit", others)])


def test_zebra_keeps_no_next_hop_groups() -> None:
    """platform-facts.md, section 3: a stale one ends ECMP for good."""
    assert "no zebra nexthop kernel enable" in text.speaker_conf(speaker("site1"), "zebra")


# --- the profile package --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vpn_types", [["IKEv2"], ["SSTP"], ["IKEv2", "SSTP"]])
def test_a_profile_is_xml_with_server_types_authentication_and_routes(vpn_types: list[str]) -> None:
    found = text.vpn_settings("203.0.113.1", vpn_types, "Radius", ("10.1.0.0/16", "192.168.0.0/24"))
    root = ElementTree.fromstring(found)
    assert root.findtext("VpnType") == ",".join(vpn_types)
    assert root.findtext("Auth") == "Radius"
    assert root.findtext("VpnServer") == "203.0.113.1"
    assert root.findtext("Routes") == "10.1.0.0/16,192.168.0.0/24"


# --- BIRD -----------------------------------------------------------------------------------------------------------


def bird(node: str, name: str, **changes: Any) -> list[str]:
    return lines(text.speaker_conf(replace(speaker(node, name), program="bird", **changes), "bird"))


def test_bird_keeps_what_bgp_learned_apart_from_the_kernels_routes() -> None:
    found = bird("site1", "s2s-bird")
    assert found.count("table bgp4;") == 3  # the pipe, what it originates, and the peer
    assert "igp table master4;" in found
    assert "export where source = RTS_BGP && dest != RTD_UNREACHABLE;" in found
    assert "metric 20;" in found


@pytest.mark.parametrize("networks", [(), ("10.101.0.0/16",), ("0.0.0.0/0", "10.101.0.0/24")])
def test_bird_originates_networks(networks: tuple[str, ...]) -> None:
    found = bird("site1", "s2s-bird", networks=networks)
    assert [line for line in found if line.startswith("route ")] == [f"route {each} unreachable;" for each in networks]


@pytest.mark.parametrize(("node", "prepended"), [("site1-fw1", 0), ("site1-fw2", 3), ("site2", 0)])
def test_bird_prepends_on_one_connection(node: str, prepended: int) -> None:
    assert bird(node, "s2s-bgp-transit").count("bgp_path.prepend(65101);") == prepended


def test_bird_prefers_a_circuit_and_keeps_its_site_of_origin() -> None:
    found = bird("site1", "expressroute-vpn-coexist-failover")
    assert "preference = 32600;" in found  # R95: a weight of 32,500
    added = {line.removeprefix("bgp_community.add(") for line in found if line.startswith("bgp_community.add(")}
    dropped = {line.removeprefix("if ") for line in found if line.endswith("~ bgp_community then reject;")}
    assert {each.removesuffix(");") for each in added} == {each.partition(" ~")[0] for each in dropped} != set()  # R99


def test_a_session_that_is_shut_down_is_disabled() -> None:
    (neighbor,) = speaker("site1", "s2s-bird").neighbors
    assert "disabled;" in bird("site1", "s2s-bird", neighbors=(replace(neighbor, shut=True),))
    assert "disabled;" not in bird("site1", "s2s-bird")


def test_one_side_waits_and_both_have_azures_timers() -> None:
    found = bird("site1", "s2s-bird", keepalive=60, hold=180)
    assert {"passive;", "hold time 180;", "keepalive time 60;"} <= {*found}  # B13, B14
