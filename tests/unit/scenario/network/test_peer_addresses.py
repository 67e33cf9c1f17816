"""The BGP addresses of tunnels: Azure's rules B33 to B43, and Microsoft's tutorial for AWS (B41)."""

from __future__ import annotations

import pytest

from netlab.azure.moments import initial
from netlab.azure.state import State
from netlab.plan.model import BgpNeighbor
from netlab.plan.planner import plan
from netlab.scenario.loader import parse

AWS = "169.254.21.2, 169.254.21.6, 169.254.22.2, 169.254.22.6"

# The gateway's address in a tunnel, the one that it expects of the device, and the device's own two; "" is none.
Row = tuple[str, str, str, str]


def text(gateway: str, sites: str, connections: str, gateways: str = "{}") -> str:
    return f"""
name: apipa
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {{default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}}
    vms: {{vm1: {{subnet: default}}}}
    vpn_gateway: {gateway}
sites: {sites}
local_network_gateways: {gateways}
connections: {connections}
"""


def at(found: str) -> State:
    loaded = parse(found, "apipa.yaml")
    assert [finding for finding in loaded.warnings if finding.severity == "error"] == []
    return initial(loaded.scenario)


def tunnels(state: State) -> dict[str, Row]:
    """The addresses of each tunnel."""

    def row(name: str) -> Row:
        tunnel = state.topology.tunnel[name]
        first = 0 if tunnel.routers[0].role == "gateway" else 1
        gateway, device = tunnel.bgp[first], tunnel.bgp[1 - first]
        one, two, three, four = (str(a or "") for a in (gateway.address, gateway.peer, device.address, device.peer))
        return one, two, three, four

    return {name: row(name) for name in state.topology.tunnel}


def fits(gateway: str, device: str) -> Row:
    """A tunnel whose routers expect each other."""
    return gateway, device, device, gateway


def standby(addresses: str = "") -> str:
    return f"{{bgp: {{asn: 65010{addresses}}}}}"


def active(addresses: str = "") -> str:
    listed = f", bgp_peering_addresses: [{addresses}]" if addresses else ""
    return f"{{sku: VpnGw2AZ, active_active: true, bgp: {{asn: 65010{listed}}}}}"


def site(prefix: str, asn: int, bgp: str = "", rest: str = "") -> str:
    return f"{{address_prefixes: [{prefix}], bgp: {{asn: {asn}{bgp}}}{rest}}}"


def joined(*sites: str, rest: str = "") -> str:
    each = (f"VNet1-{s}: {{type: IPsec, between: [VNet1, {s}], enable_bgp: true{rest}}}" for s in sites)
    return f"{{{', '.join(each)}}}"


TWO = f"{{F: {site('10.101.0.0/16', 65101, '%s')}, R: {site('10.102.0.0/16', 65102)}}}"


@pytest.mark.parametrize(
    ("gateway", "device", "f", "r"),
    [
        # B33, B36: the default address and an APIPA one, at once.
        (
            standby(", bgp_peering_addresses: [10.1.255.30, 169.254.21.2]"),
            ", bgp_peering_address: 169.254.21.1",
            [fits("169.254.21.2", "169.254.21.1")],
            [fits("10.1.255.30", "10.102.255.254")],
        ),
        (
            standby(", bgp_peering_address: 169.254.22.254"),
            ", bgp_peering_address: 169.254.22.253",
            [fits("169.254.22.254", "169.254.22.253")],
            [fits("10.1.255.30", "10.102.255.254")],
        ),
        (
            standby(", bgp_peering_addresses: [169.254.21.2]"),
            ", bgp_peering_address: 169.254.100.9",
            [fits("169.254.21.2", "169.254.100.9")],
            [fits("10.1.255.30", "10.102.255.254")],
        ),
        (
            active("169.254.21.2, 10.1.255.8, 169.254.22.2, 10.1.255.9"),
            ", bgp_peering_addresses: [169.254.21.1, 169.254.22.1]",
            [fits("169.254.21.2", "169.254.21.1"), fits("169.254.22.2", "169.254.22.1")],
            [fits("10.1.255.8", "10.102.255.254"), fits("10.1.255.9", "10.102.255.254")],
        ),
        # A loopback, though the gateway has APIPA addresses.
        (
            active("169.254.21.2, 169.254.22.2"),
            ", bgp_peering_address: 10.101.0.1",
            [fits("10.1.255.4", "10.101.0.1"), fits("10.1.255.5", "10.101.0.1")],
            [fits("10.1.255.4", "10.102.255.254"), fits("10.1.255.5", "10.102.255.254")],
        ),
    ],
)
def test_a_peer_with_apipa_meets_apipa_and_another_one_the_default_address(
    gateway: str, device: str, f: list[Row], r: list[Row]
) -> None:
    state = at(text(gateway, TWO % device, joined("F", "R")))
    found = tunnels(state)
    assert [row for name, row in found.items() if "-F" in name] == f
    assert [row for name, row in found.items() if "-R" in name] == r
    assert state.talking == frozenset(found)


@pytest.mark.parametrize(
    ("gateway", "device", "rows"),
    [
        # An address for each tunnel.
        ("169.254.21.2, 169.254.22.2", "es: [169.254.21.1, 169.254.22.1]", ["21.2-21.1", "22.2-22.1"]),
        # By the /30, whatever the order.
        ("169.254.21.2, 169.254.22.2", "es: [169.254.22.1, 169.254.21.1]", ["21.2-21.1", "22.2-22.1"]),
        ("169.254.21.1, 169.254.21.5", "es: [169.254.21.2, 169.254.21.6]", ["21.1-21.2", "21.5-21.6"]),
        # In no /30: by their places.
        ("169.254.21.2, 169.254.22.2", "es: [169.254.77.1, 169.254.88.1]", ["21.2-77.1", "22.2-88.1"]),
        # B43: a tunnel interface's address answers in its own tunnel only.
        ("169.254.21.2, 169.254.22.2", "es: [169.254.22.1]", ["", "22.2-22.1"]),
        ("169.254.21.2, 169.254.22.2", ": 169.254.21.1", ["21.2-21.1", ""]),
        ("169.254.21.2, 169.254.22.2", ": 169.254.22.1", ["", "22.2-22.1"]),
        ("169.254.21.2, 169.254.22.2", ": 169.254.99.1", ["21.2-99.1", ""]),
        ("", "es: [10.101.9.9]", ["10.1.255.4-10.101.9.9", ""]),
        # A loopback answers in both.
        ("", ": 10.101.9.9", ["10.1.255.4-10.101.9.9", "10.1.255.5-10.101.9.9"]),
        ("", "es: [10.101.9.1, 10.101.9.2]", ["10.1.255.4-10.101.9.1", "10.1.255.5-10.101.9.2"]),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_a_device_has_a_loopback_or_an_address_for_each_tunnel(
    gateway: str, device: str, rows: list[str], swapped: bool
) -> None:
    between = "[F, VNet1]" if swapped else "[VNet1, F]"
    connections = f"{{VNet1-F: {{type: IPsec, between: {between}, enable_bgp: true}}}}"
    state = at(
        text(active(gateway), f"{{F: {site('10.101.0.0/16', 65101, f', bgp_peering_address{device}')}}}", connections)
    )
    found = tunnels(state)
    whole = [tuple(a if a.startswith("10.") else f"169.254.{a}" for a in row.split("-")) for row in rows if row]
    assert [row for name, row in found.items() if name in state.talking] == [fits(*each) for each in whole]
    assert [name in state.talking for name in found] == [bool(row) for row in rows]


def two_gateways(one: str, other: str, device: str) -> State:
    """Two active-standby gateways and one device."""
    vnets = "".join(
        f"""
  {name}:
    address_space: [10.{n}.0.0/16]
    subnets: {{GatewaySubnet: 10.{n}.255.0/27}}
    vpn_gateway: {{bgp: {{asn: 6501{n}{bgp}}}}}"""
        for n, (name, bgp) in enumerate((("VNet1", one), ("VNet2", other)), 1)
    )
    return at(f"""
name: two-gateways
vnets: {vnets}
sites: {{F: {site("10.101.0.0/16", 65101, device)}}}
connections:
  VNet2-F: {{type: IPsec, between: [VNet2, F], enable_bgp: true}}
  VNet1-F: {{type: IPsec, between: [VNet1, F], enable_bgp: true}}
""")


@pytest.mark.parametrize(
    ("one", "other", "device", "pairs"),
    [
        # In the order of the connections.
        ("169.254.21.2", "169.254.22.2", "es: [169.254.77.1, 169.254.88.1]", ["22.2-77.1", "21.2-88.1"]),
        # By the /30.
        ("169.254.21.2", "169.254.22.2", "es: [169.254.21.1, 169.254.22.1]", ["22.2-22.1", "21.2-21.1"]),
        # APIPA at one gateway, the loopback at the other one.
        (
            "169.254.21.2",
            "",
            "es: [169.254.21.1], bgp_peering_address: 10.101.0.1",
            ["10.2.255.30-10.101.0.1", "21.2-21.1"],
        ),
    ],
)
def test_a_device_with_two_gateways_has_an_address_for_each(
    one: str, other: str, device: str, pairs: list[str]
) -> None:
    first, second = (f", bgp_peering_address: {address}" if address else "" for address in (one, other))
    state = two_gateways(first, second, f", bgp_peering_address{device}")
    whole = [tuple(a if a.startswith("10.") else f"169.254.{a}" for a in pair.split("-")) for pair in pairs]
    assert [row[:2] for row in tunnels(state).values()] == whole
    assert state.talking == {"VNet1-F", "VNet2-F"}


DEVICES = "{" + ", ".join(f"t{n}: {{bgp_peering_address: %s}}" for n in range(1, 5)) + "}"
TUTORIAL = DEVICES % ("169.254.21.1", "169.254.22.1", "169.254.21.5", "169.254.22.5")


def aws(gateway: str, devices: str, *each: str) -> State:
    """Four connections with four devices, and what each connection has besides."""
    rest = each or ("", "", "", "")
    found = (
        f"VNet1-AWS-{n}: {{type: IPsec, between: [VNet1, AWS], device: t{n}, enable_bgp: true{more}}}"
        for n, more in enumerate(rest, 1)
    )
    sites = f"{{AWS: {site('10.2.0.0/16', 64512, rest=f', devices: {devices}')}}}"
    peers = [part.split("}")[0] for part in devices.split("bgp_peering_address: ")[1:]]
    gateways = (
        f"lng{n}: {{site: AWS, bgp: {{asn: 64512, bgp_peering_address: {peer}}}}}" for n, peer in enumerate(peers, 1)
    )
    return at(text(active(gateway), sites, f"{{{', '.join(found)}}}", f"{{{', '.join(gateways)}}}"))


def sessions(state: State) -> dict[str, tuple[str, str]]:
    """The tunnels with a session, and its two addresses."""
    return {name: row[:2] for name, row in tunnels(state).items() if name in state.talking}


FOUR = {
    "VNet1-AWS-1-0": ("169.254.21.2", "169.254.21.1"),
    "VNet1-AWS-2-0": ("169.254.22.2", "169.254.22.1"),
    "VNet1-AWS-3-1": ("169.254.21.6", "169.254.21.5"),
    "VNet1-AWS-4-1": ("169.254.22.6", "169.254.22.5"),
}


def test_each_of_four_aws_tunnels_has_its_own_pair() -> None:
    assert sessions(aws(AWS, TUTORIAL)) == FOUR


def test_another_choice_of_prefixes_has_other_pairs() -> None:
    gateway = "169.254.22.130, 169.254.22.134, 169.254.22.138, 169.254.22.142"
    devices = DEVICES % ("169.254.22.129", "169.254.22.137", "169.254.22.133", "169.254.22.141")
    assert sessions(aws(gateway, devices)) == {
        "VNet1-AWS-1-0": ("169.254.22.130", "169.254.22.129"),
        "VNet1-AWS-2-0": ("169.254.22.138", "169.254.22.137"),
        "VNet1-AWS-3-1": ("169.254.22.134", "169.254.22.133"),
        "VNet1-AWS-4-1": ("169.254.22.142", "169.254.22.141"),
    }


LNGS = tuple(f", local_network_gateways: {{VNet1: lng{n}}}" for n in range(1, 5))
FIRST, SECOND = (
    f", custom_bgp_addresses: [{pair}]" for pair in ("169.254.21.2, 169.254.21.6", "169.254.22.2, 169.254.22.6")
)


def test_with_local_network_gateways_connections_have_the_addresses_that_they_name() -> None:
    each = (FIRST, SECOND, FIRST, SECOND)
    assert sessions(aws(AWS, TUTORIAL, *(a + b for a, b in zip(LNGS, each, strict=True)))) == FOUR


def test_a_connection_that_names_none_has_the_first_addresses_of_the_instances() -> None:
    state = aws(AWS, TUTORIAL, *LNGS)
    found = tunnels(state)
    assert sessions(state) == {name: FOUR[name] for name in ("VNet1-AWS-1-0", "VNet1-AWS-3-1")}
    assert found["VNet1-AWS-2-0"] == ("169.254.21.2", "169.254.22.1", "169.254.22.1", "169.254.22.2")
    assert found["VNet1-AWS-4-1"] == ("169.254.21.6", "169.254.22.5", "169.254.22.5", "169.254.22.6")


def test_a_connection_that_names_another_ones_addresses_has_no_session() -> None:
    assert sessions(aws(AWS, TUTORIAL, SECOND, FIRST, FIRST, SECOND)) == {
        name: FOUR[name] for name in ("VNet1-AWS-3-1", "VNet1-AWS-4-1")
    }


def neighbors(state: State) -> dict[tuple[str, str], BgpNeighbor]:
    """The neighbors over tunnels, by speaker and tunnel."""
    found = plan(state.scenario, "lab").speakers
    return {(s.node, n.connection): n for s in found for n in s.neighbors if n.connection in state.topology.tunnel}


def test_the_device_opens_a_session_with_apipa_and_the_gateway_another_one() -> None:
    gateway = standby(", bgp_peering_address: 169.254.21.2")
    state = at(text(gateway, TWO % ", bgp_peering_address: 169.254.21.1", joined("F", "R")))
    found = neighbors(state)
    opens = {(node, n.local, n.address) for (node, _), n in found.items() if not n.passive}
    assert opens == {("f", "169.254.21.1", "169.254.21.2"), ("vnet1-gw-0", "", "10.102.255.254")}


def test_a_device_has_no_neighbor_in_a_tunnel_without_its_address() -> None:
    state = at(
        text(active("169.254.21.2, 169.254.22.2"), TWO % ", bgp_peering_address: 169.254.22.1", joined("F", "R"))
    )
    assert {tunnel for node, tunnel in neighbors(state) if node == "f"} == {"VNet1-F-1"}


def test_policy_based_selectors_have_the_bgp_addresses_of_the_tunnels() -> None:
    policy = (
        "{ike_encryption: AES256, ike_integrity: SHA256, dh_group: DHGroup14, ipsec_encryption: AES256, "
        "ipsec_integrity: SHA256, pfs_group: None}"
    )
    rest = f", use_policy_based_traffic_selectors: true, ipsec_policy: {policy}"
    gateway = standby(", bgp_peering_address: 169.254.21.2")
    state = at(text(gateway, TWO % ", bgp_peering_address: 169.254.21.1", joined("F", rest=rest)))
    mine = {str(prefix) for each in state.negotiated["VNet1-F"].selectors[0] for prefix in (*each.local, *each.remote)}
    assert {"169.254.21.2/32", "169.254.21.1/32"} <= mine
    assert state.talking == {"VNet1-F"}


def test_why_a_tunnel_has_no_session() -> None:
    state = aws(AWS, TUTORIAL, *LNGS)
    why = {name: tunnel.why_no_session for name, tunnel in state.topology.tunnel.items()}
    assert {name for name, said in why.items() if not said} == {"VNet1-AWS-1-0", "VNet1-AWS-3-1"}
    assert why["VNet1-AWS-2-0"] == "vnet1-gw-0 peers from 169.254.21.2, and aws-t2 expects 169.254.22.2 (B37)"
    assert why["VNet1-AWS-1-1"] == "aws-t1 has no BGP address in this tunnel (B43)"
