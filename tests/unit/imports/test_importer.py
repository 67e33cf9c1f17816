"""Imports as a whole: equivalence, order, joining, refusals, options, secrets, bounds; each trap has a pair."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from imported import (
    GROUP,
    body,
    codes,
    connection,
    flattened,
    gateway,
    id_of,
    imported,
    imported_bodies,
    local_gateway,
    messages,
    nic,
    peering,
    public,
    scenario,
    to,
    vnet,
)

from netlab.api.importing import Outcome
from netlab.errors import UsageError
from templates import nested, resource, template

SITE = [
    vnet("Hub", "10.0.0.0/16", GatewaySubnet="10.0.255.0/27", Default="10.0.0.0/24"),
    public("gw-ip", "20.1.1.1"),
    gateway("gw", "Hub"),
    local_gateway("Branch", "20.2.2.2", "10.9.0.0/16"),
    connection("c", "gw", lng="Branch", sharedKey="NEUTRAL-SECRET"),
]


def shuffled(value: Any, choice: random.Random) -> Any:
    """The same with its keys in another order."""
    if isinstance(value, dict):
        keys = list(value)
        choice.shuffle(keys)
        return {key: shuffled(value[key], choice) for key in keys}
    return [shuffled(item, choice) for item in value] if isinstance(value, list) else value


def recased(value: Any) -> Any:
    """The same with keys and ids in capitals."""
    if isinstance(value, dict):
        return {key.upper(): recased(item) for key, item in value.items()}
    if isinstance(value, list):
        return [recased(item) for item in value]
    return value.replace("/resourceGroups/", "/RESOURCEGROUPS/") if isinstance(value, str) else value


# --- equivalence and order --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changed", [flattened, recased, lambda v: shuffled(v, random.Random(1)), lambda v: v[::-1]])
def test_the_same_network_otherwise_described_is_the_same_file(changed: Any) -> None:
    assert imported_bodies(*changed(SITE)).text == imported_bodies(*SITE).text != ""


def test_rows_pages_files_and_one_list_are_the_same(tmp_path: Path) -> None:
    for number, item in enumerate(SITE):
        (tmp_path / f"{9 - number}.json").write_text(json.dumps({"value": [item]}))
    (tmp_path / "again.json").write_text(json.dumps({"count": 5, "total_records": 5, "data": SITE}))
    one = imported(tmp_path, name="x").text.partition("name:")[2]
    assert one == imported_bodies(*SITE, name="x").text.partition("name:")[2] != ""


def test_another_resource_changes_nothing_but_itself() -> None:
    before = imported_bodies(*SITE).text.splitlines()
    after = imported_bodies(*SITE, vnet("Aaa", "10.7.0.0/16", default="10.7.0.0/24")).text.splitlines()
    head = len([line for line in before if line.startswith("#")])
    assert [line for line in before[head:] if line not in after] == []


# --- joining ----------------------------------------------------------------------------------------------------------


def test_a_child_inline_as_a_resource_and_both_is_one_subnet() -> None:
    own = body("virtualNetworks/subnets", "V", "A", addressPrefix="10.0.1.0/24")
    inline = vnet("V", "10.0.0.0/16", A="10.0.1.0/24")
    bare = vnet("V", "10.0.0.0/16")
    made = [imported_bodies(*items).text for items in ([inline], [bare, own], [inline, own])]
    assert made[0] == made[1] == made[2] != ""


def test_a_contradiction_is_an_error_that_names_both_values() -> None:
    found = imported_bodies(vnet("V", "10.0.0.0/16"), vnet("V", "10.1.0.0/16"))
    assert codes(found) == ["E10"]
    assert "10.0.0.0/16" in messages(found)
    assert "10.1.0.0/16" in messages(found)


@pytest.mark.parametrize(
    "ignored", ["enableDdosProtection", "flowTimeoutInMinutes", "dhcpOptions", "enableVmProtection"]
)
def test_a_difference_in_what_nothing_reads_is_no_contradiction(ignored: str) -> None:
    one, two = vnet("V", "10.0.0.0/16", a="10.0.0.0/24"), vnet("V", "10.0.0.0/16", a="10.0.0.0/24")
    one["properties"][ignored], two["properties"][ignored] = 1, 2
    assert not codes(imported_bodies(one, two))


def test_the_same_body_twice_and_a_less_complete_one_are_no_contradiction() -> None:
    whole, part = vnet("V", "10.0.0.0/16", A="10.0.1.0/24"), vnet("V", "10.0.0.0/16")
    assert imported_bodies(whole, whole, part).text == imported_bodies(whole).text != ""


def test_half_a_peering_is_imported_alone_and_both_legs_are_two_objects() -> None:
    networks = [vnet("A", "10.1.0.0/16"), vnet("B", "10.2.0.0/16")]
    half = imported_bodies(*networks, peering("A", "B"))
    both = imported_bodies(*networks, peering("A", "B"), peering("B", "A"))
    assert list(scenario(half).peerings) == ["A-to-B"]
    assert "half a peering" in messages(half)
    assert list(scenario(both).peerings) == ["A-to-B", "B-to-A"]
    assert "half a peering" not in messages(both)


@pytest.mark.parametrize(
    "flags",
    [{"peeringState": "Disconnected"}, {"peeringState": "Initiated"}, {"peerCompleteVnets": False},
     {"enableOnlyIPv6Peering": "true"}],
)  # fmt: skip
def test_a_leg_that_carries_nothing_is_left_out(flags: dict[str, Any]) -> None:
    found = imported_bodies(vnet("A", "10.1.0.0/16"), vnet("B", "10.2.0.0/16"), peering("A", "B", **flags))
    assert not scenario(found).peerings
    assert [left.name for left in found.report.left_out] == ["to-B"]


def test_a_peering_out_of_the_input_is_left_out_and_made_with_stubs() -> None:
    leg = peering("A", "B", remoteAddressSpace={"addressPrefixes": ["10.2.0.0/16"]})
    without = imported_bodies(vnet("A", "10.1.0.0/16"), leg)
    assert not scenario(without).peerings
    assert [each.name for each in without.report.unresolved] == ["B"]
    assert without.report.unresolved[0].command == "az network vnet list -o json"
    made = scenario(imported_bodies(vnet("A", "10.1.0.0/16"), leg, stubs=True))
    assert sorted(made.vnets) == ["A", "B"]
    assert len(made.peerings) == 2


@pytest.mark.parametrize(
    ("state", "warned"), [("Failed", True), ("Deleting", True), ("Updating", False), (None, False)]
)
def test_a_provisioning_state_that_is_no_success_is_a_warning(state: str | None, warned: bool) -> None:
    item = vnet("V", "10.0.0.0/16")
    item["properties"]["provisioningState"] = state
    assert ("its provisioning state is" in messages(imported_bodies(item))) is warned


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bodies", "parts"),
    [
        ([], ["no virtual network"]),
        ([connection("c", "gw", "gw2")], ["no virtual network", "1 connection", "gw2", "az network vnet-gateway list"]),
        ([peering("A", "B")], ["no virtual network", "A", "B", "az network vnet list"]),
        ([body("virtualWans", "w"), body("virtualHubs", "h", virtualWan={"id": id_of("virtualWans", "w")})],
         ["Virtual WAN is not modelled", "virtualWans 1", "virtualHubs 1"]),
        ([{"id": f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm", "properties": {"vmId": "1"}}],
         ["no network resource", "Microsoft.Compute/virtualMachines 1"]),
    ],
)  # fmt: skip
def test_an_import_of_nothing_is_refused(bodies: list[Any], parts: list[str]) -> None:
    found = imported_bodies(*bodies)
    assert (found.text, found.report.result, found.report.exit, codes(found)) == ("", "refused", 2, ["E08"])
    assert [part for part in parts if part not in messages(found)] == []


@pytest.mark.parametrize(
    ("changed", "parts"),
    [
        ({"addressSpace": {"addressPrefixes": ["10.0.0.0/33"]}}, ["addressprefixes", "10.0.0.0/33"]),
        ({"addressSpace": {}}, ["addressSpace.addressPrefixes", "is missing"]),
        ({"addressSpace": {"ipamPoolPrefixAllocations": [{"numberOfIpAddresses": "256"}]}}, ["is missing"]),
        ({"subnets": [{"name": "a", "properties": {}}]}, ["subnets[a]", "is missing"]),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_with_its_place(changed: dict[str, Any], parts: list[str]) -> None:
    item = vnet("V", "10.0.0.0/16")
    item["properties"] |= changed
    found = imported_bodies(item)
    assert codes(found) == ["E11"]
    assert [part for part in ("virtualNetworks V", *parts) if part not in messages(found)] == []


def test_two_gateways_of_one_type_in_a_vnet_are_refused_and_of_two_types_are_not() -> None:
    network = vnet("Hub", "10.0.0.0/16", GatewaySubnet="10.0.255.0/27")
    assert codes(imported_bodies(network, gateway("g1", "Hub"), gateway("g2", "Hub"))) == ["E12"]
    both = scenario(imported_bodies(network, gateway("g1", "Hub"), gateway("g2", "Hub", gatewayType="ExpressRoute")))
    assert both.vnets["Hub"].expressroute_gateway is not None


@pytest.mark.parametrize(("rows", "total", "refused"), [(1, 3, True), (3, 3, False), (2, 2345, True)])
def test_pages_of_resource_graph_hold_all_rows(tmp_path: Path, rows: int, total: int, refused: bool) -> None:
    for number in range(rows):
        page = {"count": 1, "total_records": total, "data": [vnet(f"V{number}", f"10.{number}.0.0/16")]}
        (tmp_path / f"{number}.json").write_text(json.dumps(page))
    found = imported(tmp_path)
    assert (codes(found) == ["E07"]) is refused
    assert (f"{rows} of {total} rows" in messages(found)) is refused


def test_all_files_that_cannot_be_read_are_named_at_once(tmp_path: Path) -> None:
    for name, text in (("a.json", "{"), ("b.json", "param x string"), ("c.json", "[]")):
        (tmp_path / name).write_text(text)
    assert codes(imported(tmp_path)) == ["E01", "E03"]


# --- options ----------------------------------------------------------------------------------------------------------


def test_names_by_glob_are_left_out_before_joining() -> None:
    networks = [vnet("prod-a", "10.1.0.0/16"), vnet("prod-b", "10.2.0.0/16"), vnet("test-a", "10.3.0.0/16")]
    assert sorted(scenario(imported_bodies(*networks, only=("PROD-*",))).vnets) == ["prod-a", "prod-b"]
    found = imported_bodies(*networks, without=("*-a",))
    assert list(scenario(found).vnets) == ["prod-b"]
    assert len(found.report.left_out) == 2


@pytest.mark.parametrize(("option", "value"), [("sites", "nowhere=10.1.0.0/16"), ("asns", "nowhere=65001")])
def test_an_unknown_name_of_an_option_is_an_error(option: str, value: str) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        imported_bodies(*SITE, **{option: (value,)})


@pytest.mark.parametrize(
    "options",
    [{"sites": ("Branch",)}, {"sites": ("Branch=x",)}, {"asns": ("Branch=x",)}, {"firewall": "maybe"},
     {"probes": "some"}, {"clients": "macos"}],
)  # fmt: skip
def test_an_option_that_cannot_be_is_a_usage_error(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        imported_bodies(*SITE, **options)


def test_strict_fails_where_anything_is_missing() -> None:
    assert imported("-", stdin=json.dumps(SITE).encode(), strict=True).report.exit == 0
    more = [*SITE, body("bastionHosts", "b")]
    assert imported("-", stdin=json.dumps(more).encode(), strict=True).report.exit == 1


# --- secrets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("connections", {"sharedKey": "NEUTRAL-SECRET"}),
        ("connections", {"AUTHORIZATIONKEY": "NEUTRAL-SECRET"}),
        ("virtualNetworkGateways", {"vpnClientConfiguration": {"radiusServerSecret": "NEUTRAL-SECRET"}}),
        ("virtualNetworkGateways", {"vpnClientConfiguration": {"vpnClientRootCertificates": [
            {"name": "r", "properties": {"publicCertData": "NEUTRAL-SECRET"}}]}}),
        ("expressRouteCircuits", {"serviceKey": "NEUTRAL-SECRET"}),
    ],
)  # fmt: skip
def test_secrets_are_counted_and_in_no_output(kind: str, properties: dict[str, Any]) -> None:
    found = imported_bodies(vnet("V", "10.0.0.0/16"), body(kind, "x", **properties))
    assert "NEUTRAL-SECRET" not in found.text + messages(found) + repr(found.report)
    assert sum(found.report.secrets.values()) == 1


def test_the_file_has_no_id_of_a_subscription() -> None:
    assert "0000-0000" not in imported_bodies(*SITE).text


# --- counting ---------------------------------------------------------------------------------------------------------


def test_every_resource_is_counted_once() -> None:
    more = [
        body("bastionHosts", "b"),
        body("loadBalancers", "lb"),
        local_gateway("unused", "20.3.3.3", "10.8.0.0/16"),
        {"id": f"{GROUP}/providers/Microsoft.Resources/deployments/d", "name": "d", "properties": {"mode": "x"}},
    ]
    report = imported_bodies(*SITE, *more).report
    assert dict(report.not_modelled) == {"Microsoft.Network/bastionHosts": 1}
    assert dict(report.containers) == {"Microsoft.Resources/deployments": 1}
    assert [left.name for left in report.left_out] == ["unused"]
    sections = (report.imported, report.not_modelled, report.format_dependent, report.containers)
    assert sum(sum(each.values()) for each in sections) + len(report.left_out) == len(SITE) + len(more)


def test_properties_that_nothing_reads_are_counted_and_those_to_ignore_are_not() -> None:
    item = vnet("V", "10.0.0.0/16", a="10.0.0.0/24")
    item["properties"] |= {"novelty": {"mode": "On"}, "dhcpOptions": {"dnsServers": ["10.0.0.4"]}, "new": 0}
    assert dict(imported_bodies(item).report.properties) == {"Microsoft.Network/virtualNetworks: novelty": 1}


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_one_property_less_is_a_code_or_a_default_and_never_a_traceback() -> None:
    for number, item in enumerate(SITE):
        for key in ("id", "name", "type", "properties", *item["properties"]):
            changed = json.loads(json.dumps(SITE))
            target = changed[number] if key in changed[number] else changed[number]["properties"]
            for value in (None, "x", [], {}, 5, [None], {"id": 5}):
                target[key] = value
                found = imported_bodies(*changed)
                assert found.report.result == "imported" or codes(found)[0].startswith("E")


@pytest.mark.parametrize(
    "document",
    [
        [vnet("V", "10.0.0.0/16"), peering("V", "W", remoteAddressSpace={"addressPrefixes": 5})],
        {"$schema": "https://x/deploymentTemplate.json#", "contentVersion": "1", "parameters": True, "resources": []},
        {"format_version": "1.0", "terraform_version": "1.9", "values": {"root_module": {"resources": [
            {"address": "azurerm_virtual_network.v", "mode": "managed", "type": "azurerm_virtual_network",
             "name": "v", "values": {"name": "v"}, "sensitive_values": True}]}}},
        {"version": 4, "lineage": "x", "resources": [{"mode": "managed", "type": "azurerm_subnet", "name": "s",
         "instances": [{"attributes": {"id": id_of("virtualNetworks", "v"), "name": "s"}}]}]},
        {"planned_values": 5, "terraform_version": "1.9", "resource_changes": [5, {}], "configuration": []},
    ],
)  # fmt: skip
def test_documents_of_another_shape_are_no_traceback(document: Any) -> None:
    found = imported("-", stdin=json.dumps(document).encode())
    assert found.report.result == "imported" or codes(found)[0].startswith("E")


def test_a_thousand_vnets_with_ten_thousand_nics_take_seconds() -> None:
    networks = [
        vnet(f"v{i}", f"10.{i // 250}.{i % 250}.0/24", default=f"10.{i // 250}.{i % 250}.0/25") for i in range(1000)
    ]
    nics = [
        nic(f"n{i}", f"v{i % 1000}", "default", f"10.{i % 1000 // 250}.{i % 1000 % 250}.{4 + i // 1000}")
        for i in range(10_000)
    ]
    legs = [peering(f"v{a}", f"v{b}") for i in range(1, 1000) for a, b in ((0, i), (i, 0))]
    from netlab.imports.importer import imported as run
    from netlab.imports.options import Options

    text = json.dumps([*networks, *nics, *legs]).encode()
    began = time.monotonic()
    found = run(("-",), Options(), text)
    assert time.monotonic() - began < 30
    assert found.text.count("private_ip_address") == 10_000
    assert to("virtualNetworks", "v1")["id"] == id_of("virtualNetworks", "v1")


# --- deployments of which something is not known ----------------------------------------------------------------------


def _with_open(inner: dict[str, Any], **more: Any) -> Outcome:
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    body = template(
        [resource("virtualNetworks", "v", space), nested("n", template([inner]), **more)],
        parameters={"p": {"type": "string"}},
    )
    return imported("-", stdin=json.dumps(body).encode())


ROLE = {"type": "Microsoft.Authorization/roleAssignments", "name": "r", "properties": {}}
OPEN = {
    "its condition": {"condition": "[equals(parameters('p'), 'x')]"},
    "its count": {"copy": {"name": "l", "count": "[length(parameters('p'))]"}},
    "its place": {"subscriptionId": "[parameters('p')]", "resourceGroup": "g"},
}


@pytest.mark.parametrize("what", OPEN)
def test_what_is_not_known_of_a_deployment_without_a_network_does_not_stop_the_import(what: str) -> None:
    found = _with_open(ROLE, **OPEN[what])
    assert scenario(found).vnets
    assert "is not known (parameter p): none is imported" in messages(found)


@pytest.mark.parametrize("what", OPEN)
@pytest.mark.parametrize("kind", ["virtualNetworks", "privateEndpoints", "loadBalancers"])
def test_what_is_not_known_of_a_deployment_with_a_network_is_asked_for(what: str, kind: str) -> None:
    found = _with_open(resource(kind, "o"), **OPEN[what])
    assert codes(found) == ["E09"]
    assert "parameter p has no value" in messages(found)
