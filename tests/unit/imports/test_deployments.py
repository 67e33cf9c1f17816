"""Real descriptions of the set that NETLAB_IMPORT_CASES names: what comes out of each, as its review says."""

from __future__ import annotations

import json
import os
import shlex
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from imported import imported, messages

from netlab.api.importing import Outcome
from netlab.api.model import prediction
from netlab.scenario.loader import parse
from netlab.scenario.models import Scenario

SET = Path(os.environ.get("NETLAB_IMPORT_CASES", "none")).absolute()
INDEX = json.loads((SET / "index.json").read_text())["cases"] if (SET / "index.json").is_file() else []
CASES = {case["id"]: case for case in INDEX}
SLOWEST = 2.0
# The reviews are older than some of the format's objects: what is derived anew since, by case.
ANEW: Mapping[str, Mapping[str, Any]] = {
    # Basic has SSTP only, and Azure has ended SSTP (P4).
    "rest-05-p2s": {"check": ["P4"]},
    # Propagation off at a GatewaySubnet is a warning.
    "bicep-04-two-hubs-copy-loops": {"exit": 0, "check": []},
    # The review names two of four VNets in one sentence.
    "rest-10-lists-without-vnets": {
        "unresolved": {
            "Microsoft.Network/virtualNetworks": ["MyVNET", "ccroutetablevnet", "cctestvnetnic", "k8s-vnet-C02B7042"]
        }
    },
    "tf-02-plan-hub-spoke-appliance": {
        "unresolved": {
            "subnet of NIC": [f"module.paloalto_vmseries.azurerm_network_interface.this[{i}]" for i in range(3)]
        }
    },
}
NOW_IN_THE_FORMAT = (
    "Microsoft.Network/firewallPolicies",
    "Microsoft.Network/firewallPolicies/ruleCollectionGroups",
    "Microsoft.Network/loadBalancers",
    "Microsoft.Network/privateEndpoints",
    "Microsoft.Network/natGateways",
    "Microsoft.Network/networkSecurityGroups",
    "azurerm_network_security_group",
)
OPTIONS = {"--parameters": "parameters", "--linked": "linked", "--set": "values", "--site": "sites"}
_PALO = "module.paloalto_vmseries.azurerm_network_interface."

pytestmark = pytest.mark.skipif(not INDEX, reason="NETLAB_IMPORT_CASES names no set of cases")


def _given(case: str, command: str | None) -> tuple[list[str], dict[str, Any]]:
    """The paths and the options of a command of the index."""
    paths: list[str] = []
    options: dict[str, Any] = {}
    text = (command or f"netlab import {' '.join(CASES[case]['files'])}").replace("…", _PALO)
    words = iter(shlex.split(text)[2:])
    for word in words:
        if word in OPTIONS:
            options.setdefault(OPTIONS[word], []).append(next(words))
        else:
            paths.append(word)
    return paths, options


@cache
def outcome(case: str, command: str | None = None) -> Outcome:
    before = Path.cwd()
    os.chdir(SET / case)
    try:
        paths, options = _given(case, command)
        return imported(*paths, **options)
    finally:
        os.chdir(before)


def expected(case: str) -> dict[str, Any]:
    return {**CASES[case]["expected"], **ANEW.get(case, {})}


def _commands() -> Iterator[Any]:
    for case in CASES:
        if "per_file" not in expected(case):
            yield from (
                pytest.param(case, c, id=f"{case}-{i}") for i, c in enumerate(expected(case).get("commands", [None]))
            )


def _variants() -> Iterator[Any]:
    for case in CASES:
        for number, variant in enumerate(expected(case).get("variants", ())):
            yield pytest.param(case, variant, id=f"{case}-{number}")
        for file, wanted in expected(case).get("per_file", {}).items():
            yield pytest.param(case, {"command": f"netlab import {file}", **wanted}, id=file)


@pytest.mark.parametrize(("case", "command"), list(_commands()))
def test_the_result_its_messages_and_its_counts_are_those_of_the_review(case: str, command: str | None) -> None:
    wanted, began = expected(case), time.process_time()
    found = outcome(case, command)
    assert time.process_time() - began < SLOWEST
    report, text = found.report, messages(found)
    assert (report.result, report.exit) == (wanted["result"], wanted["exit"]), text
    assert [part for part in wanted.get("message_contains", ()) if part not in text] == []
    assert "NEUTRAL-SECRET" not in text + found.text
    for part in ("not_modelled", "format_dependent"):
        if part in wanted:
            left = {kind: n for kind, n in wanted[part].items() if kind not in NOW_IN_THE_FORMAT}
            found = {kind: n for kind, n in getattr(report, part).items() if kind not in NOW_IN_THE_FORMAT}
            assert found == left
    moved = _now(wanted.get("not_modelled", {}), wanted.get("format_dependent", {}))
    now = _now(report.imported, report.containers, report.not_modelled, report.format_dependent)
    assert {kind: now[kind] for kind in moved} == moved
    if "left_out" in wanted:
        assert Counter(left.type for left in report.left_out) == wanted["left_out"]
    if "unresolved" in wanted:
        sought: dict[str, list[str]] = {}
        for each in report.unresolved:
            sought.setdefault(each.type, []).append(each.name)
        assert {kind: sorted(names) for kind, names in sought.items()} == {
            kind: sorted(names) for kind, names in wanted["unresolved"].items()
        }
    if report.result == "imported":
        assert sorted({f.rule for f in report.findings if f.severity == "error"}) == sorted(wanted.get("check", ()))


def _now(*counts: Mapping[str, int]) -> Counter[str]:
    """The counts of what is in the format since the reviews."""
    found: Counter[str] = Counter()
    for each in counts:
        found.update({kind: n for kind, n in each.items() if kind in NOW_IN_THE_FORMAT})
    return found


@pytest.mark.parametrize("case", [case for case in CASES if expected(case)["result"] == "imported"])
def test_every_resource_is_counted_once(case: str) -> None:
    report = outcome(case, *expected(case).get("commands", [None])[:1]).report
    counts = (report.imported, report.not_modelled, report.format_dependent, report.containers)
    total = sum(sum(each.values()) for each in counts) + len(report.approximated) + len(report.left_out)
    # Peerings that stand in their VNet are resources, too, and the review does not count them.
    inside = total - sum(CASES[case]["counts"].values())
    assert inside == (2 if case == "rest-08-hub-vnet-only" else 0)


@pytest.mark.parametrize(("case", "variant"), list(_variants()))
def test_variants_of_the_command_and_single_files(case: str, variant: dict[str, Any]) -> None:
    found = outcome(case, variant["command"])
    assert found.report.exit == variant.get("exit", 0)
    text = messages(found)
    assert [part for part in variant.get("message_contains", ()) if part not in text] == []


def test_the_example_of_the_specification_comes_out_to_the_byte() -> None:
    text = imported(SET / "rest-03-ipsec-policy").text
    assert text.startswith(
        "# imported from rest-03-ipsec-policy: 1 VNet, 1 VPN gateway, 1 connection\n#\n# invented:     "
    )
    assert sha256(text.encode()).hexdigest() == "9758d169ae6df9ff34cbdeff8e064dda72a7be324f03b3adca6d08eda70bbdb3"


@pytest.mark.parametrize("case", [case for case in CASES if "same_scenario_as" in expected(case)])
def test_equivalent_descriptions_give_equal_scenarios(case: str) -> None:
    one, two = (
        outcome(each, *expected(each).get("commands", [None])[:1])
        for each in (case, expected(case)["same_scenario_as"])
    )
    assert one.text.partition("description:")[2] == two.text.partition("description:")[2] != ""


@pytest.mark.parametrize("case", [case for case in CASES if len(expected(case).get("commands", ())) > 1])
def test_both_encodings_of_a_template_give_one_scenario(case: str) -> None:
    one, two = (outcome(case, command).text for command in expected(case)["commands"])
    assert one.partition("name:")[2].partition("\n")[2] == two.partition("name:")[2].partition("\n")[2] != ""


# --- objects ----------------------------------------------------------------------------------------------------------

IMPORTED = [case for case in CASES if expected(case)["result"] == "imported" and expected(case).get("objects")]


def _loaded(case: str) -> tuple[dict[str, Any], Mapping[str, str]]:
    """The plain values of the scenario, and the scenario's names of Azure's."""
    from netlab.scenario.document import read

    found = outcome(case, *expected(case).get("commands", [None])[:1])
    return read(found.text, case).data, found.report.renamed


@pytest.mark.parametrize("case", IMPORTED)
def test_vnets_and_their_subnets_are_those_of_the_review(case: str) -> None:
    data, names = _loaded(case)
    for vnet in expected(case)["objects"].get("vnets", ()):
        made = data["vnets"][names.get(vnet["name"], vnet["name"])]
        assert made["address_space"] == vnet["address_space"]
        for subnet in map(_subnet, vnet.get("subnets", ())):
            written = made["subnets"][names.get(subnet["name"], subnet["name"])]
            values = {"address_prefix": written} if isinstance(written, str) else written
            assert values["address_prefix"] == subnet["prefix"]
            for key, name in (("route_table", "route_table"), ("nsg", "network_security_group")):
                wanted = subnet.get(key)
                assert (key not in subnet and case.startswith("tf")) or values.get(name) == names.get(
                    wanted or "", wanted
                )


def _subnet(reviewed: Any) -> dict[str, Any]:
    """A subnet of a review; those of Terraform are lists."""
    return (
        reviewed if isinstance(reviewed, dict) else dict(zip(("name", "prefix", "route_table"), reviewed, strict=True))
    )


@pytest.mark.parametrize("case", IMPORTED)
def test_peerings_are_those_of_the_review(case: str) -> None:
    data, names = _loaded(case)
    made = {
        (leg["vnet"], leg["remote_vnet"]): (
            leg.get("allow_virtual_network_access", True),
            leg.get("allow_forwarded_traffic", False),
            leg.get("allow_gateway_transit", False),
            leg.get("use_remote_gateways", False),
        )
        for leg in data.get("peerings", {}).values()
    }
    wanted = {
        (names.get(leg["vnet"], leg["vnet"]), names.get(leg["remote"], leg["remote"])): (
            leg["access"],
            leg["forwarded"],
            leg["transit"],
            leg["use_remote"],
        )
        for leg in expected(case)["objects"].get("peerings", ())
    }
    assert made == ({} if case == "rest-08-hub-vnet-only" else wanted)


@pytest.mark.parametrize("case", IMPORTED)
def test_gateways_are_those_of_the_review(case: str) -> None:
    data, names = _loaded(case)
    for item in expected(case)["objects"].get("gateways", ()):
        vnet = data["vnets"][names.get(item["vnet"], item["vnet"])]
        if item["type"] == "ExpressRoute":
            assert vnet["expressroute_gateway"] == {}
            continue
        made = vnet["vpn_gateway"]
        assert made["sku"] == item.get("sku", "VpnGw1")
        assert made.get("active_active", False) == item.get("active_active", False)
        asn = item.get("bgp", {}).get("asn", 65515)
        assert int(made.get("bgp", {}).get("asn", 65515)) == int(asn)
        assert ("point_to_site" in made) == ("p2s" in item)


@pytest.mark.parametrize("case", IMPORTED)
def test_rules_of_security_groups_are_those_of_the_review(case: str) -> None:
    data, names = _loaded(case)
    for group in expected(case)["objects"].get("nsgs", ()):
        made = data["network_security_groups"][names.get(group["name"], group["name"])]
        rules = {
            (rule["priority"], rule["direction"], rule["access"]) for rule in made.get("security_rules", {}).values()
        }
        wanted = {tuple(text.split()[:3]) for text in group.get("rules", ())}
        if case.startswith("tf"):
            continue
        assert {(str(number), direction, access) for number, direction, access in rules} == wanted


@pytest.mark.parametrize("case", IMPORTED)
def test_writing_and_loading_again_gives_the_same_file(case: str) -> None:
    found = outcome(case, *expected(case).get("commands", [None])[:1])
    fresh = outcome.__wrapped__(case, *expected(case).get("commands", [None])[:1])
    assert fresh.text == found.text


# --- reachability -----------------------------------------------------------------------------------------------------

# The rows of the reviews that name two machines, by node: case, source, target, protocol, whether it is reachable, and
# a node on the way.
ROWS = [
    ("rest-03-ipsec-policy", "vnet1-probe-frontend", "lgw1-host1", "icmp", True, "vnet1-gw-0"),
    ("rest-03-ipsec-policy", "vnet1-probe-backend", "lgw1-host2", "icmp", True, "vnet1-gw-0"),
    ("rest-03-ipsec-policy", "lgw1-host1", "vnet1-probe-frontend", "icmp", True, ""),
    ("rest-03-ipsec-policy", "vnet1-probe-frontend", "vnet1-probe-backend", "icmp", True, ""),
    ("rest-04-p2s-aad", "lin-vnet", "vnet-probe", "icmp", True, "vnet-gw-0"),
    ("rest-04-p2s-aad", "vnet-probe", "win-vnet", "icmp", True, "vnet-gw-0"),
    ("rest-07-nic-and-load-balancer", "vnet1-probe-subnet1", "vnet2-nic1", "icmp", False, ""),
    ("rest-09-vm-nsg-nat-gateway", "vm-vnet-vm2", "vm-vnet-vm1", "tcp", False, ""),
    ("rest-09-vm-nsg-nat-gateway", "vm-vnet-vm2", "vm-vnet-vm1", "udp", True, ""),
    ("rest-09-vm-nsg-nat-gateway", "vm-vnet-vm1", "vm-vnet-vm2", "icmp", False, ""),
    ("arm-01-vnet-to-vnet-static", "vnet1-probe-webtier1", "vnet2-probe-webtier2", "icmp", True, "vnet2-gw-0"),
    ("arm-01-vnet-to-vnet-static", "vnet2-probe-webtier2", "vnet1-probe-webtier1", "icmp", True, "vnet1-gw-0"),
    ("arm-03-udr-appliance", "contoso-network-routedemo5vm0", "contoso-network-routedemo5vm2", "icmp", True,
     "contoso-network-routedemo5vm1"),
    ("arm-03-udr-appliance", "contoso-network-routedemo5vm0", "contoso-network-routedemo5vm1", "icmp", True, ""),
    ("arm-06-nsg-three-tiers", "first-arm-vnet-probe-fesubnet", "first-arm-vnet-probe-appsubnet", "icmp", True, ""),
    ("arm-06-nsg-three-tiers", "first-arm-vnet-probe-fesubnet", "first-arm-vnet-probe-dbsubnet", "tcp", False, ""),
    ("arm-06-nsg-three-tiers", "first-arm-vnet-probe-appsubnet", "first-arm-vnet-probe-dbsubnet", "icmp", False, ""),
    ("arm-08-p2s-entra", "lin-vnet1", "vnet1-probe-frontend", "icmp", True, ""),
    ("arm-08-p2s-entra", "lin-vnet1", "win-vnet1", "icmp", True, ""),
    ("arm-10-firewall-forced-tunnelling", "from-vnet-server", "from-vnet-jumpbox", "icmp", True, ""),
    ("arm-10-firewall-forced-tunnelling", "from-vnet-server", "to-vnet-probe", "icmp", True, "to-vnet"),
    ("arm-15-linked-templates", "lab1-az-vnet-lab1-az-lxvm", "lab1-onprem-vnet-lab1-onprem-lxvm", "icmp", True,
     "lab1-onprem-vnet-gw-0"),
    ("arm-15-linked-templates", "lab1-onprem-vnet-lab1-onprem-lxvm", "lab1-az-vnet-probe-trusted", "icmp", True, ""),
    ("bicep-01-vnet-to-vnet-bgp", "vnet1-westeurope-probe-subnet1", "vnet2-westeurope-probe-subnet1", "icmp", True,
     "vnet2-westeurope-gw-0"),
    ("bicep-02-hub-and-spoke-nested", "hub-rg-probe", "spoke-rg-probe-spoke-vnet", "icmp", True, ""),
    ("bicep-02-hub-and-spoke-nested", "spoke-rg-probe-spoke-vnet", "hub-rg-probe", "icmp", True, ""),
    ("bicep-04-two-hubs-copy-loops", "netsre-spoke11-vnet-netsre-spoke11-vm", "netsre-spoke12-vnet-netsre-spoke12-vm",
     "icmp", True, "netsre-hub1-vnet-netsre-hub1-nva-lb"),
    ("bicep-04-two-hubs-copy-loops", "netsre-spoke11-vnet-netsre-spoke11-vm", "netsre-spoke21-vnet-netsre-spoke21-vm",
     "icmp", True, "netsre-hub2-vnet-netsre-hub2-nva-lb"),
    ("bicep-04-two-hubs-copy-loops", "netsre-onprem-vnet-netsre-onprem-vm", "netsre-hub1-vnet-probe-default", "icmp",
     True, "netsre-hub1-vnet-gw-0"),
    ("bicep-04-two-hubs-copy-loops", "netsre-hub1-vnet-probe-default", "netsre-spoke21-vnet-netsre-spoke21-vm", "icmp",
     True, "netsre-onprem-vnet-gw-0"),
    ("tf-02-plan-hub-spoke-appliance", "aksvirtualnetwork-probe-kubesubnet",
     "hubvirtualnetwork-probe-snet-firewall-trust", "icmp", False, ""),
    ("tf-02-plan-hub-spoke-appliance", "hubvirtualnetwork-probe-snet-firewall-trust",
     "hubvirtualnetwork-probe-snet-firewall-management", "icmp", True, ""),
    ("tf-03-state-v4", "vnet1-terraform-vm1", "vnet1-terraform-vm2snetb", "icmp", True, ""),
    ("tf-03-state-v4", "vnet1-terraform-vm1", "vnet2-terraform-vm2", "icmp", False, ""),
    ("tf-03-state-v4", "peternetwork1-probe", "peternetwork2-probe", "icmp", True, ""),
    ("tf-03-state-v4", "peternetwork1-probe", "vnet2-terraform-vm2", "icmp", False, ""),
]  # fmt: skip


@cache
def cells(case: str) -> Mapping[tuple[str, str, str], tuple[bool, frozenset[str]]]:
    """What is predicted: of each pair and protocol whether it is reachable, and the nodes of its way."""
    made: Scenario = parse(outcome(case, *expected(case).get("commands", [None])[:1]).text, case).scenario
    return {
        (cell.source, cell.target, protocol): (
            cell.predicted == "reachable",
            frozenset(node for path in cell.forward for node in path),
        )
        for cell in prediction(made, all_pairs=True).steps[0].cells
        for protocol in cell.protocols
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]} > {row[2]} {row[3]}")
def test_reachability_is_that_of_the_review(row: tuple[str, str, str, str, bool, str]) -> None:
    case, source, target, protocol, reachable, through = row
    verdict, nodes = cells(case)[source, target, protocol]
    assert verdict is reachable
    # In the reviews a load balancer was a machine; now its pool's member is the next hop.
    assert not through or through.removesuffix("-lb") in nodes
