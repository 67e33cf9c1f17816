"""VPN gateways and ExpressRoute gateways (5.4)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any, get_args

from netlab.imports import ids
from netlab.imports.bodies import Resource, entries, reference, text, texts
from netlab.imports.facts import Facts
from netlab.imports.mapping import nat_rules, point_to_site, public
from netlab.imports.mapping.job import CONNECTIONS, GATEWAYS, HUBS, Job
from netlab.scenario.addresses import APIPA, DEFAULT_ASN, RESERVED_FIRST
from netlab.scenario.models import Sku

GATEWAY_SUBNET = "GatewaySubnet"


def add(job: Job) -> None:
    """Every gateway whose VNet is in the input; the VNet has one of each type at most (R6)."""
    for gateway in job.of_type(GATEWAYS):
        facts = job.facts(gateway)
        type_ = (facts.word("gatewaytype") or "Vpn").lower()
        if type_ not in ("vpn", "expressroute"):
            job.notes.settle(gateway, "not modelled")
            continue
        vnet = _vnet(job, gateway, facts)
        if not vnet:
            continue
        kind = "vpn_gateway" if type_ == "vpn" else "expressroute_gateway"
        before = job.draft.get("vnets", vnet, kind)
        if before is not None:
            _refuse_second(job, vnet, type_, gateway)
            continue
        job.gateways[gateway.key] = vnet
        job.notes.settle(gateway, "imported")
        job.draft.put(("vnets", vnet, kind), _values(job, gateway, vnet, facts) if type_ == "vpn" else {})


def _refuse_second(job: Job, vnet: str, type_: str, gateway: Resource) -> None:
    word = "VPN" if type_ == "vpn" else "ExpressRoute"
    first = next(
        item.name
        for item in job.of_type(GATEWAYS)
        if job.gateways.get(item.key) == vnet and (text(item.get("gatewaytype")) or "Vpn").lower() == type_
    )
    job.notes.fail("E12", gateway.source, f"VNet {vnet} would have two {word} gateways: {first}, {gateway.name} (R6)")


def _vnet(job: Job, gateway: Resource, facts: Facts) -> str:
    """The scenario's VNet of a gateway; empty where it is not in the input."""
    configurations = facts.parts("ipconfigurations")
    subnet = configurations[0].reference("subnet") if configurations else ""
    if not subnet:
        if not configurations or configurations[0].body.get("subnet") is None:
            facts.wrong("ipConfigurations[0].subnet.id", None, "resource id")
        return ""
    vnet = job.vnet(ids.key(subnet))
    if not vnet:
        id_ = ids.parsed(subnet)
        owner = id_.parent if id_ is not None and id_.parent is not None else id_
        if owner is not None:
            job.notes.need(owner.text, gateway.name)
            job.notes.leave_out(gateway, f"its VNet {owner.name} is not in the input")
    return vnet


def _values(job: Job, gateway: Resource, vnet: str, facts: Facts) -> dict[str, Any]:
    entry: dict[str, Any] = {"sku": _sku(job, gateway, facts)}
    if facts.word("vpntype", among=("RouteBased", "PolicyBased")) == "PolicyBased":
        entry["vpn_type"] = "PolicyBased"
    active = facts.flag("activeactive")
    if active:
        entry["active_active"] = True
    bgp = _bgp(job, gateway, vnet, facts, active)
    if bgp:
        entry["bgp"] = bgp
    clients = point_to_site.values(job, gateway, facts)
    if clients:
        entry["point_to_site"] = clients
    entry |= _public(job, gateway, facts, active)
    rules = nat_rules.of_gateway(job, gateway, facts, active)
    if rules:
        entry["nat_rules"] = rules
    if facts.flag("enablebgproutetranslationfornat"):
        entry["bgp_route_translation_for_nat"] = True
    return entry


def _sku(job: Job, gateway: Resource, facts: Facts) -> str:
    name = facts.word("sku", "name") if isinstance(gateway.get("sku"), dict) else facts.word("sku")
    known: dict[str, str] = {sku.lower(): sku for sku in get_args(Sku)}
    if name.lower() in known:
        return known[name.lower()]
    why = f"its SKU {name[:40]} is none of a VPN gateway" if name else "it has no SKU"
    job.notes.warn(gateway.name, f"{why}: VpnGw1 is taken")
    return "VpnGw1"


# --- BGP --------------------------------------------------------------------------------------------------------------


def _bgp(job: Job, gateway: Resource, vnet: str, facts: Facts, active: bool) -> dict[str, Any]:
    """BGP settings, as far as they differ from what the lab would take."""
    asn = facts.number("bgpsettings", "asn")
    weight = facts.number("bgpsettings", "peerweight")
    if weight:
        job.notes.properties[f"{gateway.kind}: bgpSettings.peerWeight"] += 1
        job.notes.warn(gateway.name, f"peerWeight {weight} is not modelled")
    apipa = _named_apipa(job, gateway, facts)
    if not (_speaks(job, gateway, vnet, facts) or apipa) and asn in (None, DEFAULT_ASN):
        return {}
    entry: dict[str, Any] = {"asn": asn or DEFAULT_ASN}
    default, labs = _default_addresses(facts), _labs(job, vnet, active)
    given = [address for address in default if address not in labs]
    if job.draft.get("vnets", vnet, "subnets", GATEWAY_SUBNET) is not None:
        prefix = job.prefix(vnet, GATEWAY_SUBNET)
        for address in given:
            if IPv4Address(address) not in prefix:
                job.notes.warn(gateway.name, f"bgpPeeringAddress {address} lies outside its GatewaySubnet {prefix}")
    if not given:
        default = []
    if len(default) == 1 and not apipa:
        entry["bgp_peering_address"] = default[0]
    elif default or apipa:
        entry["bgp_peering_addresses"] = [*default, *apipa]
    return entry


def _speaks(job: Job, gateway: Resource, vnet: str, facts: Facts) -> bool:
    """Whether BGP is on at the gateway, on a connection of it, or in a Route Server of its VNet."""
    if facts.flag("enablebgp") or facts.flag("bgpenabled"):
        return True
    ends = ("virtualnetworkgateway1", "virtualnetworkgateway2")
    for item in job.of_type(CONNECTIONS):
        mine = any(reference(item.get(end)) == gateway.key for end in ends)
        if mine and job.facts(item).flag("enablebgp"):
            return True
    return any(not hub.get("virtualwan") for hub in job.of_type(HUBS)) and (
        job.draft.get("vnets", vnet, "subnets", "RouteServerSubnet") is not None
    )


def _labs(job: Job, vnet: str, active: bool) -> tuple[str, ...]:
    """The addresses that the lab gives the instances by itself (B8, R14)."""
    if job.draft.get("vnets", vnet, "subnets", GATEWAY_SUBNET) is None:
        return ()
    prefix: IPv4Network = job.prefix(vnet, GATEWAY_SUBNET)
    if prefix.num_addresses < 8:
        return ()
    return (str(prefix[RESERVED_FIRST]), str(prefix[RESERVED_FIRST + 1])) if active else (str(prefix[-2]),)


def _default_addresses(facts: Facts) -> list[str]:
    """The gateway's own BGP addresses, in the order of its ip configurations (N11)."""
    listed = {
        ids.key(part.body.get("ipconfigurationid")): _list(part.body.get("defaultbgpipaddresses"))
        for part in facts.parts("bgpsettings", "bgppeeringaddresses")
    }
    order = [ids.key(part.body.get("id")) for part in facts.parts("ipconfigurations")]
    found = [a for key in (*order, *(k for k in listed if k not in order)) for a in listed.get(key, [])]
    if not found:
        value = facts.raw("bgpsettings", "bgppeeringaddress")
        found = value.split(",") if isinstance(value, str) else []
    kept = []
    for value in found:
        if not isinstance(value, str):
            continue
        try:
            address = IPv4Address(value.strip())
        except ValueError:
            facts.wrong("bgpSettings.bgpPeeringAddress", value, "address")
            continue
        if address not in APIPA:
            kept.append(str(address))
    return list(dict.fromkeys(kept))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _named_apipa(job: Job, gateway: Resource, facts: Facts) -> list[str]:
    """The APIPA addresses of the gateway that a connection names, in the order of the ip configurations."""
    named = {
        str(body.get("custombgpipaddress"))
        for item in job.of_type(CONNECTIONS)
        for body in entries(item.get("gatewaycustombgpipaddresses"))
        if ids.key(body.get("ipconfigurationid")).startswith(f"{gateway.key}/")
    }
    found = [
        str(address)
        for part in facts.parts("bgpsettings", "bgppeeringaddresses")
        for address in texts(part.body.get("custombgpipaddresses"))
    ]
    unused = [address for address in found if address not in named]
    if unused:
        job.notes.properties[f"{gateway.kind}: bgpSettings.bgpPeeringAddresses.customBgpIpAddresses"] += 1
    return [address for address in found if address in named] + sorted(named - set(found))


# --- public addresses -------------------------------------------------------------------------------------------------


def _public(job: Job, gateway: Resource, facts: Facts, active: bool) -> dict[str, Any]:
    """The public addresses that are known, in the order of the ip configurations."""
    tunnels = {
        ids.key(part.body.get("ipconfigurationid")): next(iter(texts(part.body.get("tunnelipaddresses"))), "")
        for part in facts.parts("bgpsettings", "bgppeeringaddresses")
    }
    found = []
    for part, key in zip(facts.parts("ipconfigurations"), public.references(gateway), strict=True):
        own = public.address(job, key)
        shared = len(job.claims.get(key, ())) > 1
        found.append(own or ("" if shared else tunnels.get(ids.key(part.body.get("id")), "")))
    if active:
        known = len(found) >= 2 and all(found)
        return {"public_ip_addresses": found} if known else {}
    return {"public_ip_address": found[0]} if found and found[0] else {}
