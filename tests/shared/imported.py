"""Imports of files, and of bodies of our own, as scenarios."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netlab.api import importing
from netlab.api.importing import Outcome
from netlab.report.imported import lines
from netlab.scenario.loader import parse
from netlab.scenario.models import Scenario

SUBSCRIPTION = "00000000-0000-0000-0000-00000000000a"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/net"
DEFAULTS: Mapping[str, Any] = {
    **dict.fromkeys(("parameters", "linked", "values", "sites", "asns", "joined", "announced", "only", "without"), ()),
    "location": "westeurope",
    "resource_group": "rg",
    "firewall": "forward",
    "probes": "subnets",
    "stubs": False,
    "clients": "linux,windows",
    "name": "",
}


def imported(*paths: str | Path, stdin: bytes = b"", strict: bool = False, **options: Any) -> Outcome:
    """What an import makes of files; options by their names on the command line."""
    given = importing.options({**DEFAULTS, **options})
    return importing.run(tuple(map(str, paths)), given, "network.yaml", strict, stdin)


def imported_bodies(*bodies: Any, **options: Any) -> Outcome:
    """What an import makes of bodies, in one file."""
    return imported("-", stdin=json.dumps(list(bodies)).encode(), **options)


def scenario(found: Outcome) -> Scenario:
    """The scenario of an import that was not refused."""
    assert found.text, messages(found)
    assert not codes_of_errors(found), messages(found)
    return parse(found.text, "network.yaml").scenario


def codes_of_errors(found: Outcome) -> list[str]:
    """The rules that the network breaks."""
    return [finding.rule for finding in found.report.findings if finding.severity == "error"]


def messages(found: Outcome) -> str:
    """All that is said of an import on standard error."""
    return "\n".join(lines(found.report, verbose=True))


def codes(found: Outcome) -> list[str]:
    """The codes of what an import is refused for."""
    return sorted({finding.rule for finding in found.report.findings})


# --- bodies -----------------------------------------------------------------------------------------------------------


def id_of(kind: str, *names: str, group: str = GROUP) -> str:
    """The id of a resource of Microsoft.Network: `virtualNetworks/subnets`, its names."""
    parts = "".join(f"/{part}/{name}" for part, name in zip(kind.split("/"), names, strict=True))
    return f"{group}/providers/Microsoft.Network{parts}"


def body(kind: str, *names: str, group: str = GROUP, **properties: Any) -> dict[str, Any]:
    """A nested body, as REST has it."""
    return {
        "id": id_of(kind, *names, group=group),
        "name": names[-1],
        "type": f"Microsoft.Network/{kind}",
        "location": "westeurope",
        "properties": properties,
    }


def to(kind: str, *names: str, group: str = GROUP) -> dict[str, str]:
    """A reference."""
    return {"id": id_of(kind, *names, group=group)}


def vnet(name: str, space: str, group: str = GROUP, /, **subnets: str | Mapping[str, Any]) -> dict[str, Any]:
    """A VNet; a subnet is its prefix, or its properties."""
    made = [
        {
            "name": subnet,
            "id": id_of("virtualNetworks/subnets", name, subnet, group=group),
            "properties": {"addressPrefix": value} if isinstance(value, str) else dict(value),
        }
        for subnet, value in subnets.items()
    ]
    return body("virtualNetworks", name, group=group, addressSpace={"addressPrefixes": [space]}, subnets=made)


def peering(one: str, two: str, **flags: Any) -> dict[str, Any]:
    """A leg as an object of its own."""
    return body(
        "virtualNetworks/virtualNetworkPeerings",
        one,
        f"to-{two}",
        remoteVirtualNetwork=to("virtualNetworks", two),
        **flags,
    )


def gateway(name: str, network: str, **more: Any) -> dict[str, Any]:
    """A VPN gateway in a VNet, with the public address NAME-ip."""
    configuration = {
        "name": "default",
        "id": id_of("virtualNetworkGateways/ipConfigurations", name, "default"),
        "properties": {
            "subnet": to("virtualNetworks/subnets", network, "GatewaySubnet"),
            "publicIPAddress": to("publicIPAddresses", f"{name}-ip"),
        },
    }
    settings = {"gatewayType": "Vpn", "sku": {"name": "VpnGw1AZ"}, "ipConfigurations": [configuration], **more}
    return body("virtualNetworkGateways", name, **settings)


def public(name: str, address: str | None = None) -> dict[str, Any]:
    """A public address."""
    return body("publicIPAddresses", name, ipAddress=address)


def local_gateway(name: str, address: str, *prefixes: str, **more: Any) -> dict[str, Any]:
    """A local network gateway."""
    return body(
        "localNetworkGateways",
        name,
        gatewayIpAddress=address,
        localNetworkAddressSpace={"addressPrefixes": prefixes},
        **more,
    )


def connection(name: str, one: str, two: str = "", lng: str = "", **more: Any) -> dict[str, Any]:
    """A connection of a gateway with another one, or with a local network gateway."""
    other = {"localNetworkGateway2": to("localNetworkGateways", lng)} if lng else {}
    peer = {"virtualNetworkGateway2": to("virtualNetworkGateways", two)} if two else {}
    type_ = {"connectionType": "IPsec" if lng else "Vnet2Vnet"}
    first = {"virtualNetworkGateway1": to("virtualNetworkGateways", one)}
    return body("connections", name, **{**type_, **first, **peer, **other, **more})


def nic(name: str, network: str, subnet: str, address: str = "", **more: Any) -> dict[str, Any]:
    """A NIC; `machine` is the name of its virtual machine."""
    configuration: dict[str, Any] = {"subnet": to("virtualNetworks/subnets", network, subnet)}
    if address:
        configuration |= {"privateIPAddress": address, "privateIPAllocationMethod": "Static"}
    configuration |= more.pop("configuration", {})
    machine = more.pop("machine", "")
    owner = {"id": f"{GROUP}/providers/Microsoft.Compute/virtualMachines/{machine}"} if machine else None
    parts = [{"name": "ipconfig1", "properties": configuration}, *more.pop("further", ())]
    return body("networkInterfaces", name, ipConfigurations=parts, virtualMachine=owner, **more)


def flattened(value: Any) -> Any:
    """The same as az prints it: what is in `properties` stands beside it."""
    if isinstance(value, list):
        return [flattened(item) for item in value]
    if not isinstance(value, dict):
        return value
    inner = value.get("properties")
    made = {key: flattened(item) for key, item in value.items() if key != "properties"}
    return made | (flattened(inner) if isinstance(inner, dict) else {})
