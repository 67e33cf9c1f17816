"""What a JSON value is, by content; what is none says so."""

from __future__ import annotations

from typing import Any

import pytest
from imported import GROUP, body, vnet

from netlab.imports.reading import Document, Refused
from netlab.imports.recognition import recognised

VNET = vnet("v", "10.0.0.0/16")


def found(data: Any) -> Any:
    return recognised(Document("f.json", "", data))


@pytest.mark.parametrize(
    ("data", "kind", "format_", "count"),
    [
        ([VNET], "bodies", "REST", 1),
        ({"value": [VNET, VNET]}, "bodies", "REST", 2),
        ({"count": 1, "data": [VNET], "total_records": 1}, "bodies", "Resource Graph", 1),
        ({"data": {"columns": [{"name": "id"}, {"name": "properties"}], "rows": [[VNET["id"], VNET["properties"]]]}},
         "bodies", "Resource Graph", 1),
        ({"publicIp": body("publicIPAddresses", "p", ipAddress="4.4.4.4")}, "bodies", "az", 1),
        ({"changes": [{"changeType": "Create", "after": VNET}, {"changeType": "Delete", "before": VNET}]}, "bodies",
         "what-if", 1),
        ({"changes": [{"changeType": "Ignore", "before": VNET}]}, "bodies", "what-if", 1),
        ({"predictedResources": [VNET]}, "bodies", "Bicep snapshot", 1),
        ({"Id": VNET["id"], "Name": "v", "AddressSpace": {"AddressPrefixes": ["10.0.0.0/16"]}}, "bodies", "az", 1),
        ({"$schema": "https://x/2019-04-01/deploymentTemplate.json#", "resources": []}, "template", "ARM template", 0),
        ({"contentVersion": "1.0.0.0", "resources": {}}, "template", "ARM template", 0),
        ({"$schema": "https://x/2019-04-01/deploymentParameters.json#", "parameters": {}}, "parameters",
         "ARM parameters", 0),
        ({"planned_values": {}, "terraform_version": "1.5"}, "plan", "Terraform plan", 0),
        ({"format_version": "1.0", "terraform_version": "1.5", "values": {}}, "state", "Terraform state", 0),
        ({"version": 4, "lineage": "x", "resources": []}, "raw state", "Terraform state, raw", 0),
        ([], "bodies", "az", 0),
    ],
)  # fmt: skip
def test_formats_are_recognised_by_content(data: Any, kind: str, format_: str, count: int) -> None:
    made = found(data)
    assert (made.kind, made.format, len(made.bodies)) == (kind, format_, count)


@pytest.mark.parametrize(
    ("data", "code", "parts"),
    [
        ([{"name": "v", "prefixes": []}], "E05", ["objects without id and type", "without --query"]),
        ([{"name": "c", "type": "Vnet2Vnet"}], "E05", ["objects without id", "--query"]),
        ([{"id": VNET["id"], "name": "v", "type": "Microsoft.Network/virtualNetworks", "properties": None}], "E05",
         ["az resource list", "has no properties", "az graph query"]),
        (["v1", "v2"], "E05", ["without --query"]),
        ({"value": [{"addressPrefix": ["10.0.0.0/8"], "nextHopType": "None", "state": "Active"}]}, "E06",
         ["effective routes", "an answer about a network, not its description"]),
        ({"value": [{"network": "10.0.0.0/8", "asPath": "65001", "nextHop": "10.0.0.4"}]}, "E06", ["learned"]),
        ([{"neighbor": "10.0.0.4", "state": "Connected", "asn": 65001}], "E06", ["BGP peer status"]),
        ({"id": f"{GROUP}/providers/Microsoft.Resources/deployments/d", "name": "d",
          "properties": {"outputResources": []}}, "E06", ["result of a deployment, d", "az group export"]),
        ({"version": 1, "interactions": []}, "E06", ["recording"]),
        (5, "E02", ["nothing that import knows"]),
    ],
)  # fmt: skip
def test_what_describes_no_network_is_refused_with_what_to_run_instead(data: Any, code: str, parts: list[str]) -> None:
    with pytest.raises(Refused) as caught:
        found(data)
    assert caught.value.finding.rule == code
    assert [part for part in parts if part not in caught.value.finding.message] == []


def test_a_body_is_no_answer_though_it_has_the_keys_of_one() -> None:
    route = {**body("routeTables/routes", "t", "r"), "addressPrefix": "0.0.0.0/0", "nextHopType": "None", "state": "x"}
    assert found([route]).kind == "bodies"
