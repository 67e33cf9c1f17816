"""Machines, firewalls, appliances, probes, route tables, Route Servers (5.8 to 5.13, V5 to V7)."""

from __future__ import annotations

from typing import Any

import pytest
from imported import (
    GROUP,
    body,
    codes,
    id_of,
    imported_bodies,
    messages,
    nic,
    peering,
    public,
    scenario,
    to,
    vnet,
)

V = vnet("V", "10.0.0.0/16", a="10.0.0.0/24", b="10.0.1.0/24")


def routes(*hops: str, name: str = "rt") -> dict[str, Any]:
    """A route table with a default route to each of these."""
    made = [
        {
            "name": f"r{i}",
            "properties": {
                "addressPrefix": f"10.{i + 100}.0.0/16",
                "nextHopType": "VirtualAppliance",
                "nextHopIpAddress": hop,
            },
        }
        for i, hop in enumerate(hops)
    ]
    return body("routeTables", name, routes=made)


def with_table(table: str = "rt") -> dict[str, Any]:
    return vnet(
        "V", "10.0.0.0/16", a={"addressPrefix": "10.0.0.0/24", "routeTable": to("routeTables", table)}, b="10.0.1.0/24"
    )


# --- machines ---------------------------------------------------------------------------------------------------------


def test_a_machine_is_called_like_the_virtual_machine_of_its_nic() -> None:
    found = imported_bodies(V, nic("n1", "V", "a", "10.0.0.9", machine="web"), nic("n2", "V", "b"))
    assert sorted(name for name in scenario(found).vnets["V"].vms) == ["n2", "web"]
    assert "n2: it is attached to no virtual machine" in messages(found)


def test_the_machine_may_name_its_nics_instead() -> None:
    machine = {
        "id": f"{GROUP}/providers/Microsoft.Compute/virtualMachines/web",
        "properties": {"networkProfile": {"networkInterfaces": [{"id": id_of("networkInterfaces", "N1").upper()}]}},
    }
    assert "web" in scenario(imported_bodies(V, machine, nic("n1", "V", "a"))).vnets["V"].vms


def test_a_machine_has_its_nics() -> None:
    """R126: each with its subnet, its addresses and whether it forwards; the primary one first."""
    found = imported_bodies(
        V,
        nic("n1", "V", "a", "10.0.0.9", machine="fw", enableIPForwarding=True),
        nic("n2", "V", "b", "10.0.1.9", machine="fw", primary=True),
    )
    made = scenario(found).vnets["V"].vms["fw"]
    assert [(key, str(item.private_ip_address), item.subnet) for key, item in made.interfaces.items()] == [
        ("n2", "10.0.1.9", "b"),
        ("n1", "10.0.0.9", "a"),
    ]
    assert [item.enable_ip_forwarding for item in made.interfaces.values()] == [False, True]
    assert found.report.approximated == ()


def test_a_route_to_any_nic_of_a_machine_makes_it_an_appliance() -> None:
    forwards = {"machine": "fw", "enableIPForwarding": True}
    both = nic("n1", "V", "a", "10.0.0.9", **forwards), nic("n2", "V", "b", "10.0.1.9", **forwards)
    made = scenario(imported_bodies(with_table(), routes("10.0.1.9"), *both)).vnets["V"].vms
    assert made["fw"].nva is not None


def test_nics_of_a_machine_are_machines_where_a_pool_has_one_that_is_not_primary() -> None:
    """Pools of the lab have machines, and ask the primary NIC."""
    pool = {"loadBalancerBackendAddressPools": [{"id": f"{id_of('loadBalancers', 'lb')}/backendAddressPools/p"}]}
    both = nic("n1", "V", "a", machine="fw"), nic("n2", "V", "b", machine="fw", configuration=pool)
    found = imported_bodies(V, *both)
    assert sorted(scenario(found).vnets["V"].vms) == ["fw-n1", "fw-n2"]
    assert len(found.report.approximated) == 2


def test_further_configurations_of_a_nic_are_its_secondary_addresses() -> None:
    parts = [
        {"name": name, "properties": {"subnet": to("virtualNetworks/subnets", "V", "a"), "primary": first,
                                      "privateIPAddress": address}}
        for name, first, address in (("x", False, "10.0.0.21"), ("y", True, "10.0.0.20"))
    ]  # fmt: skip
    made = scenario(imported_bodies(V, body("networkInterfaces", "n1", ipConfigurations=parts))).vnets["V"].vms["n1"]
    assert str(made.private_ip_address) == "10.0.0.20"
    assert [str(each) for each in made.secondary_private_ip_addresses] == ["10.0.0.21"]


def test_nics_of_private_endpoints_are_not_machines() -> None:
    found = imported_bodies(V, nic("pe", "V", "a", privateEndpoint={"id": id_of("privateEndpoints", "p")}))
    assert sorted(scenario(found).vnets["V"].vms) == ["probe-a", "probe-b"]
    assert found.report.not_modelled == {"Microsoft.Network/networkInterfaces": 1}


def test_a_public_address_is_written_or_invented_from_its_id() -> None:
    given = {"configuration": {"publicIPAddress": to("publicIPAddresses", "p")}}
    known = scenario(imported_bodies(V, public("p", "20.4.4.4"), nic("n", "V", "a", **given))).vnets["V"].vms["n"]
    assert str(known.public_ip_address) == "20.4.4.4"
    one, two = (
        scenario(imported_bodies(V, public("p"), nic("n", "V", "a", **given), *more)).vnets["V"].vms["n"]
        for more in (
            [],
            [public("q"), nic("m", "V", "b", configuration={"publicIPAddress": to("publicIPAddresses", "q")})],
        )
    )
    assert str(one.public_ip_address).startswith("198.51.100.")
    assert one.public_ip_address == two.public_ip_address


def test_a_nic_in_a_subnet_out_of_the_input_is_left_out() -> None:
    found = imported_bodies(V, nic("n", "W", "a"))
    assert [left.name for left in found.report.left_out] == ["n"]
    assert [each.name for each in found.report.unresolved] == ["W"]


# --- routes and appliances --------------------------------------------------------------------------------------------


def test_the_machine_that_a_route_leads_to_is_an_appliance_and_its_nic_stays_as_it_is() -> None:
    found = imported_bodies(with_table(), routes("10.0.1.4"), nic("n", "V", "b", "10.0.1.4", machine="fw"))
    made = scenario(found).vnets["V"].vms["fw"]
    assert made.nva is not None
    assert not made.enable_ip_forwarding
    other = scenario(imported_bodies(with_table(), routes("10.0.1.4"), nic("n", "V", "b", "10.0.1.5", machine="fw")))
    assert other.vnets["V"].vms["fw"].nva is None


def test_the_owner_of_a_next_hop_is_looked_for_in_peered_vnets_and_no_further() -> None:
    hub = vnet("Hub", "10.5.0.0/16", fw="10.5.0.0/24")
    machine = nic("n", "Hub", "fw", "10.5.0.4", machine="fw", enableIPForwarding="true")
    legs = [peering("V", "Hub"), peering("Hub", "V")]
    near = imported_bodies(with_table(), hub, machine, routes("10.5.0.4"), *legs)
    far = imported_bodies(with_table(), hub, machine, routes("10.5.0.4"))
    assert scenario(near).vnets["Hub"].vms["fw"].nva is not None
    assert scenario(far).vnets["Hub"].vms["fw"].nva is None
    assert "an address that nobody in the input has" in messages(far)


@pytest.mark.parametrize(
    ("route", "left_out"),
    [
        ({"addressPrefix": "AzureCloud", "nextHopType": "Internet"}, True),
        ({"addressPrefix": "Storage.WestEurope", "nextHopType": "Internet"}, True),
        ({"addressPrefix": "10.9.0.0/16", "nextHopType": "VNetPeering"}, True),
        ({"addressPrefix": "10.9.0.0/16", "nextHopType": "none"}, False),
        ({"addressPrefix": "10.9.0.0/16", "nextHopType": "VirtualNetworkGateway"}, False),
    ],
)
def test_a_route_that_the_format_has_not_is_left_out(route: Any, left_out: bool) -> None:
    found = imported_bodies(V, body("routeTables", "rt", routes=[{"name": "r", "properties": route}]))
    assert bool(found.report.left_out) is left_out
    assert bool(scenario(found).route_tables["rt"].routes) is not left_out


@pytest.mark.parametrize(
    "route",
    [{"nextHopType": "Internet"}, {"addressPrefix": "10.9.0.0/16"},
     {"addressPrefix": "10.9.0.0/16", "nextHopType": "VirtualAppliance"},
     {"addressPrefix": "10.9.0.0/16", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.0.0"}],
)  # fmt: skip
def test_a_route_without_what_it_needs_is_an_error(route: Any) -> None:
    assert codes(imported_bodies(V, body("routeTables", "rt", routes=[{"name": "r", "properties": route}]))) == ["E11"]


def test_propagation_and_a_table_out_of_the_input() -> None:
    off = scenario(imported_bodies(V, body("routeTables", "rt", disableBgpRoutePropagation="true")))
    assert off.route_tables["rt"].disable_bgp_route_propagation
    found = imported_bodies(with_table("elsewhere"))
    assert scenario(found).vnets["V"].subnets["a"].route_table is None
    assert [each.name for each in found.report.unresolved] == ["elsewhere"]


def balanced(*members: int, **more: Any) -> tuple[dict[str, Any], ...]:
    """A load balancer with the frontend 10.0.1.200, and NICs that are members of its pool."""
    own = id_of("loadBalancers", "lb")
    frontend = {"subnet": to("virtualNetworks/subnets", "V", "b"), "privateIPAddress": "10.0.1.200"}
    pools = {"backendAddressPools": [{"name": "Nvas", "properties": {}}]}
    made = body(
        "loadBalancers", "lb", frontendIPConfigurations=[{"name": "Fe", "properties": frontend}], **pools, **more
    )
    pool = {"loadBalancerBackendAddressPools": [{"id": f"{own}/backendAddressPools/nvas"}]}
    nics = (nic(f"n{i}", "V", "b", f"10.0.1.{i}", enableIPForwarding=True, configuration=pool) for i in members)
    return made, *nics


def ha_ports(**more: Any) -> dict[str, Any]:
    own = id_of("loadBalancers", "lb")
    rule = {
        "frontendIPConfiguration": {"id": f"{own}/frontendIPConfigurations/fe"},
        "backendAddressPool": {"id": f"{own}/backendAddressPools/Nvas"},
        "probe": {"id": f"{own}/probes/alive"},
        "protocol": "all",
        "frontendPort": 0,
        "backendPort": 0,
        "idleTimeoutInMinutes": 4,
        **more,
    }
    probe = {"protocol": "Tcp", "port": 22, "intervalInSeconds": 15, "probeThreshold": 2}
    return {
        "loadBalancingRules": [{"name": "ha", "properties": rule}],
        "probes": [{"name": "alive", "properties": probe}],
        "sku": {"name": "Standard"},
    }


def test_an_internal_load_balancer_is_imported_with_its_parts() -> None:
    found = imported_bodies(with_table(), routes("10.0.1.200"), *balanced(4, 5, **ha_ports(enableFloatingIP=True)))
    vnet_ = scenario(found).vnets["V"]
    made = vnet_.load_balancers["lb"]
    assert str(made.frontend_ip_configurations["Fe"].private_ip_address) == "10.0.1.200"
    assert made.backend_address_pools == {"Nvas": ("n4", "n5")}
    rule, probe = made.load_balancing_rules["ha"], made.probes["alive"]
    assert (rule.protocol, rule.probe, rule.enable_floating_ip) == ("All", "alive", True)
    assert (probe.port, probe.interval_in_seconds, probe.probe_threshold) == (22, 15, 2)
    # A route leads to the frontend: both members forward.
    assert all(vnet_.vms[name].nva is not None for name in ("n4", "n5"))
    assert found.report.imported["Microsoft.Network/loadBalancers"] == 1


def test_members_are_no_appliances_where_no_route_leads_to_the_frontend() -> None:
    found = imported_bodies(with_table(), routes("10.0.9.9"), *balanced(4, **ha_ports()))
    assert scenario(found).vnets["V"].vms["n4"].nva is None


def test_a_load_balancer_without_rules_has_ha_ports_where_a_route_leads_to_it() -> None:
    found = imported_bodies(with_table(), routes("10.0.1.200"), *balanced(4, 5))
    (rule,) = scenario(found).vnets["V"].load_balancers["lb"].load_balancing_rules.values()
    assert rule.is_for_all_ports
    assert (
        not scenario(imported_bodies(with_table(), routes("10.0.9.9"), *balanced(4)))
        .vnets["V"]
        .load_balancers["lb"]
        .load_balancing_rules
    )


# --- firewalls --------------------------------------------------------------------------------------------------------

FIREWALLED = vnet("V", "10.0.0.0/16", a="10.0.0.0/24", AzureFirewallSubnet="10.0.5.0/26")


def firewall(**more: Any) -> dict[str, Any]:
    subnet = to("virtualNetworks/subnets", "V", "azurefirewallsubnet")
    return body("azureFirewalls", "fw", ipConfigurations=[{"name": "c", "properties": {"subnet": subnet, **more}}])


@pytest.mark.parametrize(("given", "address"), [({}, "10.0.5.4"), ({"privateIPAddress": "10.0.5.9"}, "10.0.5.9")])
def test_a_firewall_is_an_appliance_at_its_address_or_the_first_one(given: Any, address: str) -> None:
    found = imported_bodies(FIREWALLED, firewall(**given))
    made = scenario(found).vnets["V"].vms["fw"]
    assert str(made.private_ip_address) == address
    assert made.nva is not None
    assert made.enable_ip_forwarding
    assert [each["type"] for each in found.report.approximated] == ["Microsoft.Network/azureFirewalls"]


def test_a_firewall_that_denies_forwards_nothing_and_one_of_a_virtual_hub_is_not_modelled() -> None:
    made = scenario(imported_bodies(FIREWALLED, firewall(), firewall="deny")).vnets["V"].vms["fw"]
    assert made.nva is None
    assert not made.enable_ip_forwarding
    hub = body("azureFirewalls", "hub-fw", virtualHub=to("virtualHubs", "h"))
    assert imported_bodies(V, hub).report.not_modelled == {"Microsoft.Network/azureFirewalls": 1}


# --- probes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "machines"),
    [("subnets", ["probe-a"]), ("all", ["probe-a", "probe-b"]), ("none", [])],
)
def test_probes_go_into_plain_subnets(option: str, machines: list[str]) -> None:
    network = vnet(
        "V", "10.0.0.0/16", a="10.0.0.0/24", b={"addressPrefix": "10.0.1.0/24", "delegations": [{"name": "d"}]},
        GatewaySubnet="10.0.2.0/27",
    )  # fmt: skip
    assert sorted(scenario(imported_bodies(network, probes=option)).vnets["V"].vms) == machines


def test_a_vnet_without_a_plain_subnet_gets_one_where_there_is_room() -> None:
    made = scenario(imported_bodies(vnet("V", "10.0.0.0/16", GatewaySubnet="10.0.0.0/27"))).vnets["V"]
    assert str(made.subnets["netlab-probe"].address_prefix) == "10.0.0.32/28"
    full = imported_bodies(vnet("V", "10.0.0.0/27", GatewaySubnet="10.0.0.0/27"))
    assert not scenario(full).vnets["V"].vms
    assert "no room for a probe" in messages(full)


def test_no_probe_gets_an_address_that_the_input_names() -> None:
    made = scenario(imported_bodies(with_table(), routes("10.0.1.4"))).vnets["V"]
    assert str(made.vms["probe-b"].private_ip_address) == "10.0.1.5"
    assert made.vms["probe-a"].private_ip_address is None


# --- Route Servers ----------------------------------------------------------------------------------------------------

SERVED = vnet("V", "10.0.0.0/16", a="10.0.0.0/24", RouteServerSubnet="10.0.9.0/27")


def route_server(**more: Any) -> list[dict[str, Any]]:
    subnet = to("virtualNetworks/subnets", "V", "RouteServerSubnet")
    return [
        body("virtualHubs", "rs", sku="Standard", **more),
        body("virtualHubs/ipConfigurations", "rs", "c", subnet=subnet),
    ]


def test_a_hub_without_a_virtual_wan_is_a_route_server() -> None:
    made = scenario(
        imported_bodies(SERVED, *route_server(allowBranchToBranchTraffic=True, hubRoutingPreference="aspath"))
    )
    server = made.vnets["V"].route_server
    assert server is not None
    assert server.allow_branch_to_branch_traffic
    assert server.hub_routing_preference == "ASPath"
    wan = imported_bodies(SERVED, body("virtualHubs", "h", virtualWan=to("virtualWans", "w")))
    assert scenario(wan).vnets["V"].route_server is None


def test_the_subnet_may_be_known_only_by_its_back_reference() -> None:
    uses = [{"id": id_of("virtualHubs/ipConfigurations", "rs", "c")}]
    network = vnet("V", "10.0.0.0/16", RouteServerSubnet={"addressPrefix": "10.0.9.0/27", "ipConfigurations": uses})
    assert scenario(imported_bodies(network, body("virtualHubs", "rs"))).vnets["V"].route_server is not None


def test_a_peer_is_the_machine_with_its_address_or_left_out() -> None:
    peer = body("virtualHubs/bgpConnections", "rs", "p", peerIp="10.0.0.7", peerAsn="65001")
    machine = nic("n", "V", "a", "10.0.0.7", machine="nva", enableIPForwarding=True)
    found = imported_bodies(SERVED, *route_server(), peer, machine, announced=("V-nva=0.0.0.0/0",))
    made = scenario(found).vnets["V"].vms["nva"].nva
    assert made is not None
    assert made.bgp is not None
    assert made.bgp.asn == 65001
    assert [str(p) for p in made.bgp.announces] == ["0.0.0.0/0"]
    without = imported_bodies(SERVED, *route_server(), peer)
    assert [left.name for left in without.report.left_out] == ["p"]
