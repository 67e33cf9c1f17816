"""Random valid scenarios: VNets, peerings with flags, gateways, connections with and without BGP, sites, clients; and
faults at the end of their stories."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, Phase, reject, settings
from hypothesis import strategies as st

from netlab.errors import ScenarioError
from netlab.scenario.loader import Loaded, parse

Raw = dict[str, Any]


@st.composite
def topologies(draw: st.DrawFn) -> Loaded:
    """A scenario that breaks no rule; draws that break one are thrown away."""
    raw = draw(_raw())
    try:
        return parse(as_yaml(raw), "generated")
    except ScenarioError:
        reject()


def as_yaml(raw: Raw) -> str:
    """YAML is a superset of JSON; a scenario file may be either."""
    return json.dumps(raw, indent=1)


@st.composite
def _raw(draw: st.DrawFn) -> Raw:
    vnets = {f"V{n}": draw(_vnet(n)) for n in range(1, draw(st.integers(1, 4)) + 1)}
    sites = {f"S{n}": draw(_site(n)) for n in range(1, draw(st.integers(0, 2)) + 1)}
    gateways = [name for name, vnet in vnets.items() if "vpn_gateway" in vnet]
    peerings = draw(_peerings(list(vnets), set(gateways)))
    connections, lngs = draw(_connections(gateways, sites, vnets))
    draw(_prepended(sites, connections))
    draw(_announced(sites, connections))
    serving = [name for name in gateways if "point_to_site" in vnets[name]["vpn_gateway"]]
    clients = draw(_clients(serving))
    return {
        "name": "generated",
        "vnets": vnets,
        "sites": sites,
        "peerings": peerings,
        "connections": connections,
        "local_network_gateways": lngs,
        "clients": clients,
        "story": [*draw(_story(sites, connections, clients)), *draw(_fault(vnets, gateways, sites, connections))],
    }


@st.composite
def _vnet(draw: st.DrawFn, number: int) -> Raw:
    second = draw(st.booleans())
    vnet: Raw = {
        "address_space": [f"10.{number}.0.0/16", *([f"172.{16 + number}.0.0/16"] if second else [])],
        "subnets": {"a": f"10.{number}.0.0/24", "GatewaySubnet": f"10.{number}.255.0/27"},
        "vms": {f"m{number}": {"subnet": "a"}},
    }
    if second:
        vnet["subnets"]["b"] = f"172.{16 + number}.4.0/24"
        vnet["vms"][f"n{number}"] = {"subnet": "b"}
    if draw(st.integers(0, 3)):
        vnet["vpn_gateway"] = {"bgp": {"asn": 65100 + number}, "active_active": draw(st.integers(0, 3)) == 0}
        if draw(st.booleans()):
            vnet["vpn_gateway"]["point_to_site"] = {"address_pool": f"192.168.{number}.0/24"}
    return vnet


@st.composite
def _site(draw: st.DrawFn, number: int) -> Raw:
    own = f"10.{100 + number}.0.0/16"
    # Its own prefix, one around every other network, the first site's, one inside that.
    first = draw(st.sampled_from([own, own, own, own, "10.0.0.0/8", "10.0.0.0/8", "10.101.0.0/16", "10.101.0.0/17"]))
    prefixes = [first, *([f"192.168.{100 + number}.0/24"] if draw(st.booleans()) else [])]
    inside = f"10.{100 + number}.0.10" if first in (own, "10.0.0.0/8") else f"10.101.0.{10 * number + 10}"
    hosts = {f"h{number}0": inside} | {f"h{number}1": f"192.168.{100 + number}.10" for _ in prefixes[1:]}
    several = draw(st.integers(0, 3)) == 0
    bgp: Raw = {"asn": 65200 + number, **({} if several else {"bgp_peering_address": f"10.{100 + number}.99.9"})}
    return {
        "address_prefixes": prefixes,
        "hosts": hosts,
        "bgp": bgp,
        **({"devices": {"fw1": {}, "fw2": {}}} if several else {}),
    }


@st.composite
def _peerings(draw: st.DrawFn, vnets: list[str], gateways: set[str]) -> Raw:
    found: Raw = {}
    borrowed: set[str] = set()
    for one in vnets:
        for other in vnets:
            if one < other and draw(st.integers(0, 2)) == 0:
                there: Raw = {"vnet": one, "remote_vnet": other}
                back: Raw = {"vnet": other, "remote_vnet": one}
                for hub, spoke in ((there, back), (back, there)):
                    lends = hub["vnet"] in gateways and draw(st.booleans())
                    hub["allow_gateway_transit"] = lends
                    if lends and spoke["vnet"] not in gateways | borrowed and draw(st.booleans()):
                        spoke["use_remote_gateways"] = True
                        borrowed.add(spoke["vnet"])
                found[f"{one}-{other}"] = there
                if draw(st.integers(0, 5)):
                    found[f"{other}-{one}"] = back
    return found


@st.composite
def _connections(draw: st.DrawFn, gateways: list[str], sites: Raw, vnets: Raw) -> tuple[Raw, Raw]:
    found: Raw = {}
    lngs: Raw = {}
    pairs = [(g, h) for g in gateways for h in gateways if g < h] + [(g, s) for g in gateways for s in sites]
    for one, other in pairs:
        if draw(st.integers(0, 2)) == 0:
            continue
        devices = draw(st.sampled_from([["fw1"], ["fw2"], ["fw1", "fw2"]])) if "devices" in sites.get(other, {}) else []
        if len(devices) > 1:
            for device in devices:
                ends = {"between": [one, other], "device": device, "enable_bgp": draw(st.integers(0, 2)) > 0}
                found[f"{one}-{other}-{device}"] = {"type": "IPsec", **ends}
            continue
        item: Raw = {
            "type": "Vnet2Vnet" if other in vnets and draw(st.booleans()) else "IPsec",
            "between": draw(st.permutations([one, other])),
            "enable_bgp": draw(st.booleans()),
            "push_prefixes_to_p2s": draw(st.booleans()),
            **({"device": devices[0]} if devices else {}),
        }
        name = f"{one}-{other}"
        if item["type"] == "IPsec" and not item["enable_bgp"] and draw(st.booleans()):
            beyond = draw(
                st.sets(st.sampled_from([*(f"10.{n}.0.0/16" for n in (1, 2, 3, 101, 102)), "10.0.0.0/8"]), min_size=1)
            )
            key = "vnet" if other in vnets else "site"
            lngs[f"L-{name}"] = {key: other, "address_prefixes": sorted(beyond)}
            item["local_network_gateways"] = {one: f"L-{name}"}
        found[name] = item
    return found, lngs


@st.composite
def _prepended(draw: st.DrawFn, sites: Raw, connections: Raw) -> None:
    """Sites that make their AS paths longer on some connections."""
    for name, item in connections.items():
        for site in sites.keys() & set(item["between"]) if item["enable_bgp"] else ():
            times = draw(st.sampled_from([0, 0, 0, 1, 2, 3]))
            if times:
                sites[site].setdefault("as_path_prepend", {})[name] = times


@st.composite
def _announced(draw: st.DrawFn, sites: Raw, connections: Raw) -> None:
    """Sites that advertise other prefixes than their own."""
    speaking = {end for item in connections.values() if item["enable_bgp"] for end in item["between"]}
    for name in sorted(sites.keys() & speaking):
        if draw(st.integers(0, 3)) == 0:
            known = [*sites[name]["address_prefixes"], "0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "172.16.0.0/12"]
            sites[name]["announces"] = draw(st.lists(st.sampled_from(known), max_size=3, unique=True))


@st.composite
def _fault(draw: st.DrawFn, vnets: Raw, gateways: list[str], sites: Raw, connections: Raw) -> list[Raw]:
    """Something that breaks in the end, or nothing."""
    tunnels: list[Raw] = []
    for name, item in connections.items():
        several = any(end in vnets and vnets[end]["vpn_gateway"]["active_active"] for end in item["between"])
        one = {"instance": draw(st.sampled_from([0, 1]))} if several and draw(st.booleans()) else {}
        tunnels.append({"fail_tunnel": {"connection": name, **one}})
    devices: list[Raw] = []
    joined = {end for item in connections.values() for end in item["between"]}
    for site in sorted(sites.keys() & joined):
        device = {"device": draw(st.sampled_from(["fw1", "fw2"]))} if "devices" in sites[site] else {}
        devices += [{"silence_device": {"site": site, **device}}, {"cut_link": {"name": site, **device}}]
    instances: list[Raw] = []
    for vnet in gateways:
        one = {"instance": draw(st.sampled_from([0, 1]))} if vnets[vnet]["vpn_gateway"]["active_active"] else {}
        instances.append({"fail_gateway": {"vnet": vnet, "planned": draw(st.booleans()), **one}})
    kinds = [st.sampled_from(kind) for kind in (tunnels, devices, instances) if kind]
    if not kinds or draw(st.integers(0, 3)) == 0:
        return []
    return [{"name": "broken", "do": draw(st.lists(st.one_of(kinds), min_size=1, max_size=2))}]


@st.composite
def _clients(draw: st.DrawFn, serving: list[str]) -> Raw:
    if not serving:
        return {}
    kinds = draw(st.lists(st.tuples(st.sampled_from(["windows", "linux"]), st.sampled_from(serving)), max_size=3))
    return {f"c{n}": {"os": os, "gateway": gateway} for n, (os, gateway) in enumerate(kinds)}


@st.composite
def _story(draw: st.DrawFn, sites: Raw, connections: Raw, clients: Raw) -> list[Raw]:
    """As built, then a few actions: routes by hand, announcements that Azure refuses, keeps to itself or passes on."""
    speaking = sorted(s for s in sites if any(c["enable_bgp"] and s in c["between"] for c in connections.values()))
    prefix = st.sampled_from(
        ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.2.0.0/17", "172.16.0.0/12", "10.101.0.0/16", "10.55.0.0/16"]
    )
    actions: list[st.SearchStrategy[Raw]] = []
    if speaking:
        change = st.fixed_dictionaries({"site": st.sampled_from(speaking), "prefix": prefix})
        actions += [change.map(lambda c: {"announce": c}), change.map(lambda c: {"withdraw": c})]
    if clients:
        who = st.fixed_dictionaries({"client": st.sampled_from(sorted(clients))})
        route = st.fixed_dictionaries({"client": st.sampled_from(sorted(clients)), "prefix": prefix})
        actions += [who.map(lambda c: {"reconnect": c}), who.map(lambda c: {"download_profile": c})]
        actions += [route.map(lambda c: {"add_route": c})]
    steps: list[Raw] = [{"name": "as built"}]
    if actions:
        for number in range(draw(st.integers(0, 2))):
            steps.append({"name": f"step {number}", "do": draw(st.lists(st.one_of(actions), min_size=1, max_size=2))})
    return steps


def examples(count: int) -> settings:
    """So many random networks, always the same; nothing is shrunk: the text is small enough to be shortened by hand."""
    return settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
