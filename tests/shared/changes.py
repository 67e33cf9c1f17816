"""Random changes of scenarios, as their users make them: a file before, and after."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from netlab.errors import ScenarioError
from netlab.scenario.document import read
from netlab.scenario.loader import Loaded, load, parse

Data = dict[str, Any]


def untold(name: str) -> Data:
    """What the file of a scenario holds, without its story: its names may go."""
    data = read(load(name).text, name).data
    return {key: value for key, value in data.items() if key != "story"}


def loaded(data: Data) -> Loaded:
    return parse(yaml.safe_dump(data, sort_keys=False), "changed.yaml")


# --- changes --------------------------------------------------------------------------------------------------------


def _one(dice: random.Random, data: Data, *path: str) -> Any:
    """A key of a mapping, by chance."""
    for key in path:
        data = data.get(key) or {}
    return dice.choice(sorted(data)) if data else ""


def _remove(kind: str) -> Callable[[random.Random, Data], None]:
    def change(dice: random.Random, data: Data) -> None:
        name = _one(dice, data, kind)
        if kind == "peerings" and name:  # both directions
            gone = {data[kind][name]["vnet"], data[kind][name]["remote_vnet"]}
            data[kind] = {k: v for k, v in data[kind].items() if {v["vnet"], v["remote_vnet"]} != gone}
        elif name:
            del data[kind][name]

    return change


def flag(dice: random.Random, data: Data) -> None:
    """Another setting of a peering."""
    name = _one(dice, data, "peerings")
    if name:
        key = dice.choice(["allow_forwarded_traffic", "allow_gateway_transit", "use_remote_gateways"])
        data["peerings"][name][key] = not data["peerings"][name].get(key, False)


def spoke(dice: random.Random, data: Data) -> None:
    """One more VNet, as a spoke of another one."""
    hub = _one(dice, data, "vnets")
    prefix = f"10.{dice.randint(150, 199)}"
    vnet = {"address_space": [f"{prefix}.0.0/16"], "subnets": {"default": f"{prefix}.0.0/24"}}
    data["vnets"]["Added"] = {**vnet, "vms": {"added": {"subnet": "default"}}}
    lends = any(data["vnets"][hub].get(key) is not None for key in ("vpn_gateway", "route_server"))
    peerings = data.setdefault("peerings", {})
    peerings["a1"] = {"vnet": hub, "remote_vnet": "Added", "allow_gateway_transit": lends}
    peerings["a2"] = {"vnet": "Added", "remote_vnet": hub, "use_remote_gateways": lends}


def machine(dice: random.Random, data: Data) -> None:
    """One more virtual machine, or one less."""
    vnet = data["vnets"][_one(dice, data, "vnets")]
    subnets = [name for name in vnet["subnets"] if name not in ("GatewaySubnet", "RouteServerSubnet")]
    if dice.random() < 0.6 and subnets:
        vnet.setdefault("vms", {})["added"] = {"subnet": dice.choice(subnets)}
    elif vnet.get("vms"):
        del vnet["vms"][dice.choice(sorted(vnet["vms"]))]


def wider(dice: random.Random, data: Data) -> None:
    """One more prefix of a VNet, with a subnet in it."""
    vnet = data["vnets"][_one(dice, data, "vnets")]
    second = dice.randint(200, 250)
    vnet["address_space"] = [*vnet["address_space"], f"10.{second}.0.0/16"]
    vnet["subnets"]["added"] = f"10.{second}.1.0/24"


def route(dice: random.Random, data: Data) -> None:
    """A user route: in a route table that is there, or in a new one of a subnet."""
    vnet = data["vnets"][_one(dice, data, "vnets")]
    subnet = dice.choice([name for name in vnet["subnets"] if name != "RouteServerSubnet"])
    held = vnet["subnets"][subnet]
    held = held if isinstance(held, dict) else {"address_prefix": held}
    name = held.setdefault("route_table", "added")
    vnet["subnets"][subnet] = held
    routes = data.setdefault("route_tables", {}).setdefault(name, {}).setdefault("routes", {})
    kind = dice.choice(["None", "VnetLocal"])
    routes["added"] = {"address_prefix": f"10.{dice.randint(0, 255)}.0.0/16", "next_hop_type": kind}


def site(dice: random.Random, data: Data) -> None:
    """One more site with a connection to a gateway."""
    gateways = [name for name, vnet in data["vnets"].items() if vnet.get("vpn_gateway") is not None]
    if gateways:
        data.setdefault("sites", {})["Added"] = {
            "address_prefixes": ["10.149.0.0/16"],
            "hosts": {"added": "10.149.0.10"},
        }
        item = {"type": "IPsec", "between": [dice.choice(gateways), "Added"]}
        data.setdefault("connections", {})["Added-Site"] = item


def client(dice: random.Random, data: Data) -> None:
    """One more point-to-site client."""
    known = data.get("clients") or {}
    if known:
        data["clients"] = {**known, "added": copy.deepcopy(known[dice.choice(sorted(known))])}


def bgp(dice: random.Random, data: Data) -> None:
    """BGP of a connection on or off."""
    name = _one(dice, data, "connections")
    if name:
        item = data["connections"][name]
        item["enable_bgp"] = not item.get("enable_bgp", False)


def unsynced(dice: random.Random, data: Data) -> None:
    """A peering that uses another address space than its remote VNet has, or one that is in sync again (R111)."""
    name = _one(dice, data, "peerings")
    if name and data["peerings"][name].pop("remote_address_space", None) is None:
        data["peerings"][name]["remote_address_space"] = [f"10.{dice.randint(100, 149)}.0.0/16"]


def sku(dice: random.Random, data: Data) -> None:
    """Another SKU of a gateway."""
    gateways = [vnet["vpn_gateway"] for vnet in data["vnets"].values() if vnet.get("vpn_gateway") is not None]
    if gateways:
        dice.choice(gateways)["sku"] = dice.choice(["VpnGw2AZ", "VpnGw3AZ"])


def gateway(dice: random.Random, data: Data) -> None:
    """A gateway less, with all that is connected to it; or one more."""
    name = _one(dice, data, "vnets")
    vnet = data["vnets"][name]
    if vnet.get("vpn_gateway") is None:
        vnet["subnets"].setdefault("GatewaySubnet", _part(vnet, 253, 27))
        vnet["vpn_gateway"] = {"sku": "VpnGw1AZ", "bgp": {"asn": dice.randint(64600, 64900)}}
        return
    del vnet["vpn_gateway"]
    for kind, key in (("connections", "between"), ("clients", "gateway")):
        data[kind] = {k: v for k, v in (data.get(kind) or {}).items() if name not in v.get(key, ())}
    for item in (data.get("peerings") or {}).values():
        if name in (item["vnet"], item["remote_vnet"]):
            item.pop("use_remote_gateways", None)


def server(dice: random.Random, data: Data) -> None:
    """A Route Server more, or one less."""
    vnet = data["vnets"][_one(dice, data, "vnets")]
    if vnet.pop("route_server", None) is None:
        vnet["subnets"].setdefault("RouteServerSubnet", _part(vnet, 252, 26))
        vnet["route_server"] = {}


def _part(vnet: Data, third: int, length: int) -> str:
    """A prefix near the end of a VNet's first range."""
    first, second, *_ = vnet["address_space"][0].split(".")
    return f"{first}.{second}.{third}.0/{length}"


Changes = tuple[Callable[[random.Random, Data], None], ...]
CHANGES: Changes = (
    flag, spoke, machine, wider, route, site, client, bgp,
    *map(_remove, ("peerings", "connections", "clients")),
)  # fmt: skip
# With those that a lab takes long for.
ALL_CHANGES: Changes = (*CHANGES, unsynced, sku, gateway, server)


def changed(name: str, seed: int, changes: Changes = CHANGES) -> tuple[Loaded, Loaded]:
    """A scenario without its story, and the same after one to three changes that the rules accept."""
    dice, before = random.Random(f"{name} {seed}"), untold(name)
    after = next(found for found in _tries(dice, before, changes) if found is not None)
    return loaded(before), after


def _tries(dice: random.Random, before: Data, changes: Changes) -> Iterator[Loaded | None]:
    while True:
        after = copy.deepcopy(before)
        for change in dice.sample(changes, dice.randint(1, 3)):
            change(dice, after)
        try:
            yield loaded(after) if after != before else None
        except ScenarioError:
            yield None
