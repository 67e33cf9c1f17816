"""Random valid scenarios of what real networks are made of: network security groups, stateful appliances behind an
internal load balancer, private endpoints, NAT rules with and without BGP, NAT gateways and private subnets.
"""

from __future__ import annotations

from typing import Any

from hypothesis import reject
from hypothesis import strategies as st
from topologies import as_yaml

from netlab.errors import ScenarioError
from netlab.scenario.loader import Loaded, parse

Raw = dict[str, Any]

FRONTEND, APPLIANCES = "10.0.9.10", {"n1": "10.0.9.4", "n2": "10.0.9.5"}
PREFIXES = ("10.1.0.0/16", "10.2.0.0/16", "10.1.0.0/24", "10.101.0.0/16", "10.0.0.0/8", "0.0.0.0/0")
ENDS = ("*", "VirtualNetwork", "Internet", "AzureLoadBalancer", "10.1.0.0/16", "10.2.0.0/16", "10.101.0.0/16")
EXTERNAL_OF_SITE, EXTERNAL_OF_HUB = "100.101.0.0/16", "100.64.0.0/16"


@st.composite
def secured(draw: st.DrawFn) -> Loaded:
    """A scenario that breaks no rule; draws that break one are thrown away."""
    raw = draw(_raw())
    try:
        return parse(as_yaml(raw), "generated")
    except ScenarioError:
        reject()


@st.composite
def _raw(draw: st.DrawFn) -> Raw:
    groups = {name: {"security_rules": draw(_rules())} for name in ("one", "two")}
    balanced = draw(st.booleans())
    gateway, site, connection = draw(_branch())
    hub: Raw = {
        "address_space": ["10.0.0.0/16"],
        "subnets": {
            "work": draw(_subnet("10.0.0.0/24")),
            "nvas": "10.0.9.0/24",
            "GatewaySubnet": "10.0.254.0/27",
        },
        "vms": {"w": draw(_machine()), **{name: draw(_appliance(name)) for name in APPLIANCES}},
        "vpn_gateway": gateway,
    }
    if balanced:
        hub["load_balancers"] = {"lb": draw(_load_balancer())}
    tables = {"by-hub": {"routes": draw(_by_hub(balanced))}, "other": {"routes": draw(_routes(balanced))}}
    return {
        "name": "secured",
        "network_security_groups": groups,
        "nat_gateways": {"nat": {}},
        "route_tables": tables,
        "vnets": {"hub": hub, "one": draw(_spoke(1)), "two": draw(_spoke(2))},
        "peerings": draw(_peerings()),
        "sites": {"s1": site},
        "connections": {"hub-s1": connection},
        "story": [{"name": "as built"}, *draw(_stopped())],
    }


@st.composite
def _rules(draw: st.DrawFn) -> Raw:
    found: Raw = {}
    for number in range(draw(st.integers(0, 3))):
        found[f"r{number}"] = {
            "priority": 100 + 10 * number,
            "direction": draw(st.sampled_from(["Inbound", "Outbound"])),
            "access": draw(st.sampled_from(["Allow", "Deny"])),
            "protocol": draw(st.sampled_from(["Tcp", "Udp", "Icmp", "*"])),
            "source_address_prefix": draw(st.sampled_from(ENDS)),
            "destination_address_prefix": draw(st.sampled_from(ENDS)),
        }
    return found


@st.composite
def _subnet(draw: st.DrawFn, prefix: str) -> Raw:
    found: Raw = {"address_prefix": prefix, "default_outbound_access": draw(st.booleans())}
    group = draw(st.sampled_from([None, "one", "two"]))
    table = draw(st.sampled_from([None, "by-hub", "by-hub", "other"]))
    found |= {"network_security_group": group} if group else {}
    found |= {"route_table": table} if table else {}
    return found


@st.composite
def _machine(draw: st.DrawFn, subnet: str = "work") -> Raw:
    group = draw(st.sampled_from([None, None, "one", "two"]))
    return {"subnet": subnet, **({"network_security_group": group} if group else {})}


@st.composite
def _appliance(draw: st.DrawFn, name: str) -> Raw:
    nva: Raw = {"stateful": draw(st.sampled_from(["strict", "strict", "none"]))}
    if draw(st.integers(0, 3)) == 0:
        nva["masquerade"] = draw(st.sampled_from(["none", "always"]))
    where = {"subnet": "nvas", "private_ip_address": APPLIANCES[name]}
    return {**where, "enable_ip_forwarding": draw(st.integers(0, 5)) > 0, "nva": nva}


@st.composite
def _load_balancer(draw: st.DrawFn) -> Raw:
    ha = {"frontend_ip_configuration": "fe", "backend_address_pool": "nvas", "protocol": "All"}
    return {
        "frontend_ip_configurations": {"fe": {"subnet": "nvas", "private_ip_address": FRONTEND}},
        "backend_address_pools": {"nvas": draw(st.sampled_from([["n1", "n2"], ["n1", "n2"], ["n2"]]))},
        "probes": {"alive": {"port": 22}},
        "load_balancing_rules": {"ha": {**ha, "probe": "alive", "frontend_port": 0, "backend_port": 0}},
    }


@st.composite
def _by_hub(draw: st.DrawFn, balanced: bool) -> Raw:
    """A table that sends everything private over the hub, by the load balancer or by one appliance, and more."""
    hop = draw(st.sampled_from([FRONTEND, *APPLIANCES.values()] if balanced else sorted(APPLIANCES.values())))
    whole = {"address_prefix": "10.0.0.0/8", "next_hop_type": "VirtualAppliance", "next_hop_ip_address": hop}
    more = {name: route for name, route in draw(_routes(balanced)).items() if route["address_prefix"] != "10.0.0.0/8"}
    return {"hub": whole, **more}


@st.composite
def _routes(draw: st.DrawFn, balanced: bool) -> Raw:
    hops = [*APPLIANCES.values(), *([FRONTEND] * 3 if balanced else [])]
    found: Raw = {}
    for number, prefix in enumerate(draw(st.lists(st.sampled_from(PREFIXES), max_size=3, unique=True))):
        kind = draw(st.sampled_from(["VirtualAppliance", "VirtualAppliance", "VirtualAppliance", "None", "Internet"]))
        hop = {"next_hop_ip_address": draw(st.sampled_from(hops))} if kind == "VirtualAppliance" else {}
        found[f"r{number}"] = {"address_prefix": prefix, "next_hop_type": kind, **hop}
    return found


@st.composite
def _spoke(draw: st.DrawFn, number: int) -> Raw:
    work = draw(_subnet(f"10.{number}.0.0/24"))
    if draw(st.integers(0, 3)) == 0:
        work["nat_gateway"] = "nat" if number == 1 else None
    found: Raw = {
        "address_space": [f"10.{number}.0.0/16"],
        "subnets": {"work": {key: value for key, value in work.items() if value is not None}},
        "vms": {f"m{number}": draw(_machine())},
    }
    if draw(st.booleans()):
        policies = draw(st.sampled_from(["Disabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled", "Enabled"]))
        endpoints: Raw = {"address_prefix": f"10.{number}.7.0/24", "private_endpoint_network_policies": policies}
        group = draw(st.sampled_from([None, "one"]))
        found["subnets"]["pe"] = endpoints | ({"network_security_group": group} if group else {})
        status = draw(st.sampled_from(["Approved", "Approved", "Pending"]))
        found["private_endpoints"] = {f"pe{number}": {"subnet": "pe", "status": status}}
    return found


@st.composite
def _branch(draw: st.DrawFn) -> tuple[Raw, Raw, Raw]:
    """The hub's gateway, a site with or without the hub's own address space, and the connection."""
    bgp, overlapping = draw(st.booleans()), draw(st.booleans())
    prefix, inside = ("10.0.0.0/16", "10.0.0.77") if overlapping else ("10.101.0.0/16", "10.101.0.10")
    nat = overlapping or draw(st.booleans())
    gateway: Raw = {"sku": "VpnGw2AZ", "bgp": {"asn": 65010}}
    site: Raw = {"address_prefixes": [prefix, "192.168.99.0/24"], "hosts": {"h1": inside}}
    connection: Raw = {"type": "IPsec", "between": ["hub", "s1"], "enable_bgp": bgp}
    if bgp:
        site["bgp"] = {"asn": 65101, "bgp_peering_address": "192.168.99.1"}
    else:
        site["static_routes"] = {"hub-s1": [EXTERNAL_OF_HUB if nat else "10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16"]}
    if nat:
        external = {
            "site": ("IngressSnat", prefix, EXTERNAL_OF_SITE),
            "vnet": ("EgressSnat", "10.0.0.0/16", EXTERNAL_OF_HUB),
        }
        gateway["nat_rules"] = {
            name: {"mode": mode, "internal_mappings": [before], "external_mappings": [after]}
            for name, (mode, before, after) in external.items()
        }
        gateway["bgp_route_translation_for_nat"] = bgp and draw(st.integers(0, 3)) > 0
        connection |= {"ingress_nat_rules": ["site"], "egress_nat_rules": ["vnet"]}
    return gateway, site, connection


@st.composite
def _peerings(draw: st.DrawFn) -> Raw:
    found: Raw = {}
    for spoke in ("one", "two"):
        forwarded = draw(st.integers(0, 4)) > 0
        found[f"hub-{spoke}"] = {"vnet": "hub", "remote_vnet": spoke, "allow_forwarded_traffic": forwarded}
        found[f"{spoke}-hub"] = {"vnet": spoke, "remote_vnet": "hub", "allow_forwarded_traffic": draw(st.booleans())}
        if draw(st.booleans()):
            found[f"hub-{spoke}"]["allow_gateway_transit"] = found[f"{spoke}-hub"]["use_remote_gateways"] = True
    if draw(st.booleans()):
        found["one-two"] = {"vnet": "one", "remote_vnet": "two"}
        found["two-one"] = {"vnet": "two", "remote_vnet": "one"}
    return found


@st.composite
def _stopped(draw: st.DrawFn) -> list[Raw]:
    """An appliance that stops and starts again, or nothing."""
    if draw(st.booleans()):
        return []
    name = draw(st.sampled_from(sorted(APPLIANCES)))
    return [
        {"name": "stopped", "do": [{"stop_vm": {"vm": name}}]},
        {"name": "started", "do": [{"start_vm": {"vm": name}}]},
    ]
