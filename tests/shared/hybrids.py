"""Random valid scenarios around a hub: gateways of both types, circuits, a Route Server, appliances with BGP and with
tunnels of their own, spokes, route tables; and what breaks, and is mended.

What they expect of the Internet is what the model says: nobody probes it where a story does not name it.
"""

from __future__ import annotations

from typing import Any

from hypothesis import reject
from hypothesis import strategies as st
from topologies import as_yaml

from netlab.azure.prediction import predict
from netlab.errors import ScenarioError
from netlab.scenario.loader import Loaded, parse
from netlab.scenario.names import INTERNET

Raw = dict[str, Any]

APPLIANCES = {"n1": "10.1.9.4", "n2": "10.1.9.5"}
ANYWHERE = (
    "0.0.0.0/0",
    "10.101.0.0/16",
    "10.102.0.0/16",
    "10.201.0.0/16",
    "10.60.0.0/16",
    "10.2.0.0/16",
    "10.1.1.0/24",
)
TOLD = ("10.60.0.0/16", "10.60.1.0/24", "10.0.0.0/8", "10.101.0.0/16", "10.1.0.0/16", "10.2.0.0/24", "0.0.0.0/0")


@st.composite
def hybrids(draw: st.DrawFn) -> Loaded:
    """A scenario that breaks no rule and whose BGP settles; draws of others are thrown away."""
    raw = draw(_raw())
    try:
        for step in raw["story"]:
            step["expect"] = {"reach": {"w": {INTERNET: "reachable"}}}
        for step, predicted in zip(raw["story"], predict(parse(as_yaml(raw), "generated").scenario), strict=True):
            row = {cell.source: cell.outcome for cell in predicted.cells if cell.target == INTERNET}
            step["expect"] = {"reach": {source: {INTERNET: outcome} for source, outcome in row.items()}}
        return parse(as_yaml(raw), "generated")
    except ScenarioError:
        reject()


@st.composite
def _raw(draw: st.DrawFn) -> Raw:
    server = draw(st.sampled_from([None, {}, {"allow_branch_to_branch_traffic": True}]))
    if server is not None:
        server["hub_routing_preference"] = draw(st.sampled_from(["ExpressRoute", "VpnGateway", "ASPath"]))
    private, vpn = draw(st.booleans()), draw(st.integers(0, 3)) > 0
    count = draw(st.integers(0, 2))
    sites = {name: _site(number) for name, number in (("s1", 101), ("s2", 102), ("r1", 201))}
    hub = draw(_hub(server, private, vpn, count))
    vnets: Raw = {"hub": hub, "spoke": _vnet(2), "far": _vnet(3)}
    vnets["spoke"]["vms"] = {"p": {"subnet": "work"}}
    vnets["far"]["vms"] = {"f": {"subnet": "work"}}
    circuits = draw(_circuits(vnets)) if private else {}
    connections = draw(_connections(vnets, count))
    tables, used = draw(_route_tables(count, vpn and not private))
    for vnet, subnet, table in used:
        before = vnets[vnet]["subnets"][subnet]
        vnets[vnet]["subnets"][subnet] = {"address_prefix": before, "route_table": table}
    peerings = draw(_peerings(bool(server is not None or vpn or private)))
    served = {end for item in connections.values() for end in item["between"]} | {c["site"] for c in circuits.values()}
    served |= {site for vm in hub["vms"].values() for site in (vm.get("nva", {}).get("bgp") or {}).get("sites", ())}
    return {
        "name": "hybrid",
        "route_tables": tables,
        "vnets": vnets,
        "peerings": peerings,
        "sites": {name: site for name, site in sites.items() if name in served},
        "connections": connections,
        "expressroute_circuits": circuits,
        "story": draw(_story(hub, connections, circuits, sorted(served & set(sites)))),
    }


def _site(number: int) -> Raw:
    return {
        "address_prefixes": [f"10.{number}.0.0/16"],
        "bgp": {"asn": 65000 + number},
        "hosts": {f"h{number}": f"10.{number}.0.10"},
    }


def _vnet(number: int) -> Raw:
    return {
        "address_space": [f"10.{number}.0.0/16"],
        "subnets": {
            "work": f"10.{number}.0.0/24",
            "other": f"10.{number}.1.0/24",
            "GatewaySubnet": f"10.{number}.254.0/27",
        },
    }


@st.composite
def _hub(draw: st.DrawFn, server: Raw | None, private: bool, vpn: bool, count: int) -> Raw:
    hub = _vnet(1)
    hub["subnets"] |= {
        "nvas": {"address_prefix": "10.1.9.0/24", "route_table": "out"},
        "RouteServerSubnet": "10.1.255.0/26",
    }
    hub["vms"] = {"w": {"subnet": "work"}, "o": {"subnet": "other"}}
    exchanges = bool(server and server.get("allow_branch_to_branch_traffic"))
    for number, name in enumerate(list(APPLIANCES)[:count], 1):
        hub["vms"][name] = {
            "subnet": "nvas",
            "private_ip_address": APPLIANCES[name],
            "enable_ip_forwarding": draw(st.integers(0, 5)) > 0,
            "nva": draw(_appliance(number, server is not None)),
        }
    if draw(st.booleans()):
        hub["vms"]["o"]["public_ip_address"] = "203.0.113.99"
    if server is not None:
        hub["route_server"] = server
    if private:
        hub["expressroute_gateway"] = {"sku": "ErGw3AZ"}
    if vpn:
        hub["vpn_gateway"] = {
            "active_active": exchanges or draw(st.booleans()),
            "bgp": {"asn": 65515 if exchanges else draw(st.sampled_from([65515, 65010]))},
        }
    return hub


@st.composite
def _appliance(draw: st.DrawFn, number: int, with_server: bool) -> Raw:
    sites = ["r1"] if number == 1 and draw(st.booleans()) else []
    if not (with_server or sites):
        return {}
    bgp: Raw = {
        "asn": 65000 + number,
        "announces": draw(st.lists(st.sampled_from(TOLD), max_size=2, unique=True)),
        "sites": sites,
    }
    bgp["as_path_prepend"] = draw(st.sampled_from([0, 0, 1, 2]))
    if draw(st.integers(0, 4)) == 0:
        bgp["no_advertise"] = bgp["announces"][:1]
    if draw(st.integers(0, 6)) == 0:
        bgp["route_server_instances"] = [0]
    return {"bgp": bgp} if draw(st.integers(0, 4)) else {}


@st.composite
def _circuits(draw: st.DrawFn, vnets: Raw) -> Raw:
    both = draw(st.booleans())
    if both:
        vnets["far"]["expressroute_gateway"] = {}
    fast = {"express_route_gateway_bypass": draw(st.booleans())}
    members = {"hub": {"routing_weight": draw(st.sampled_from([0, 0, 10])), **fast}, **({"far": {}} if both else {})}
    found: Raw = {"c1": {"site": "s1", "vnets": members, "preferred_on_premises": draw(st.integers(0, 3)) > 0}}
    if draw(st.booleans()):
        found["c2"] = {"site": draw(st.sampled_from(["s1", "s2"])), "vnets": {"hub": {}}}
        if draw(st.booleans()):
            found["c2"]["vnets"] = {}
            found["c1"]["global_reach"] = {"to-c2": {"peer_circuit": "c2", "address_prefix": "192.168.99.0/29"}}
        elif draw(st.booleans()):
            found["c2"]["global_reach"] = {"to-c1": {"peer_circuit": "c1", "address_prefix": "192.168.99.0/29"}}
    return found


@st.composite
def _connections(draw: st.DrawFn, vnets: Raw, count: int) -> Raw:
    found: Raw = {}
    if "vpn_gateway" in vnets["hub"]:
        for site in ("s1", "s2"):
            if draw(st.booleans()):
                found[f"hub-{site}"] = {
                    "type": "IPsec",
                    "between": ["hub", site],
                    "enable_bgp": draw(st.integers(0, 2)) > 0,
                }
    for name in list(APPLIANCES)[:count]:
        speaks = "bgp" in vnets["hub"]["vms"][name]["nva"]
        if draw(st.booleans()):
            ends = draw(st.permutations([f"hub-{name}", "s2"]))
            found[f"{name}-s2"] = {"type": "IPsec", "between": ends, "enable_bgp": speaks and draw(st.booleans())}
    if "expressroute_gateway" not in vnets["far"] and draw(st.booleans()):
        vnets["far"]["vpn_gateway"] = {"bgp": {"asn": 65030}}
        ends = ["hub"] if "vpn_gateway" in vnets["hub"] else [f"hub-{name}" for name in list(APPLIANCES)[:count]]
        if ends:
            end = draw(st.sampled_from(ends))
            speaks = end == "hub" or "bgp" in vnets["hub"]["vms"][end.removeprefix("hub-")]["nva"]
            found["far-hub"] = {"type": "IPsec", "between": ["far", end], "enable_bgp": speaks and draw(st.booleans())}
    return found


@st.composite
def _route_tables(draw: st.DrawFn, count: int, gateway: bool) -> tuple[Raw, list[tuple[str, str, str]]]:
    tables: Raw = {"out": {"routes": {"out": {"address_prefix": "0.0.0.0/0", "next_hop_type": "Internet"}}}}
    used = []
    kinds = [
        "None",
        "Internet",
        "VnetLocal",
        *(["VirtualNetworkGateway"] if gateway else []),
        *list(APPLIANCES)[:count] * 3,
    ]
    for vnet, subnet in (("hub", "work"), ("hub", "other"), ("spoke", "work")):
        if draw(st.booleans()):
            routes: Raw = {}
            for prefix in draw(st.lists(st.sampled_from(ANYWHERE), min_size=1, max_size=3, unique=True)):
                kind = draw(st.sampled_from(kinds))
                hop = (
                    {"next_hop_type": kind}
                    if kind not in APPLIANCES
                    else {"next_hop_type": "VirtualAppliance", "next_hop_ip_address": APPLIANCES[kind]}
                )
                routes[f"r{len(routes)}"] = {"address_prefix": prefix, **hop}
            name = f"{vnet}-{subnet}"
            tables[name] = {"routes": routes, "disable_bgp_route_propagation": draw(st.integers(0, 4)) == 0}
            used.append((vnet, subnet, name))
    return tables, used


@st.composite
def _peerings(draw: st.DrawFn, serves: bool) -> Raw:
    forwarded = st.booleans()
    there: Raw = {"vnet": "hub", "remote_vnet": "spoke", "allow_forwarded_traffic": draw(forwarded)}
    back: Raw = {"vnet": "spoke", "remote_vnet": "hub", "allow_forwarded_traffic": draw(forwarded)}
    if serves and draw(st.integers(0, 3)):
        there["allow_gateway_transit"] = back["use_remote_gateways"] = True
    return {"there": there, "back": back} if draw(st.integers(0, 5)) else {}


@st.composite
def _story(draw: st.DrawFn, hub: Raw, connections: Raw, circuits: Raw, sites: list[str]) -> list[Raw]:
    actions: list[tuple[Raw, Raw]] = []
    for name in connections:
        actions.append(({"fail_tunnel": {"connection": name}}, {"restore_tunnel": {"connection": name}}))
    for name in circuits:
        actions.append(({"fail_circuit": {"circuit": name}}, {"restore_circuit": {"circuit": name}}))
    for name, vm in hub["vms"].items():
        if "nva" in vm:
            actions.append(({"stop_vm": {"vm": f"hub-{name}"}}, {"start_vm": {"vm": f"hub-{name}"}}))
        if "bgp" in vm.get("nva", {}):
            told = {"nva": f"hub-{name}", "prefix": draw(st.sampled_from(TOLD))}
            actions.append(({"announce": told}, {"withdraw": told}))
    speaking = [site for site in sites if site in {c["site"] for c in circuits.values()}]
    speaking += [site for site in sites if any(c["enable_bgp"] and site in c["between"] for c in connections.values())]
    for site in dict.fromkeys(speaking):
        told = {"site": site, "prefix": draw(st.sampled_from(TOLD))}
        actions.append(({"announce": told}, {"withdraw": told}))
    if "vpn_gateway" in hub:
        one = {"instance": 0} if hub["vpn_gateway"]["active_active"] else {}
        actions.append(({"fail_gateway": {"vnet": "hub", **one}}, {"restore_gateway": {"vnet": "hub", **one}}))
    steps: list[Raw] = [{"name": "as built"}]
    if actions:
        chosen = draw(st.lists(st.sampled_from(range(len(actions))), min_size=1, max_size=2, unique=True))
        steps.append({"name": "broken", "do": [actions[index][0] for index in chosen]})
        steps.append({"name": "mended", "do": [actions[index][1] for index in reversed(chosen)]})
    return steps
