"""Connections: pairs of them between gateways, and those of a gateway and a site (5.6, J5 to J7)."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Any

from netlab.imports import ids
from netlab.imports.bodies import Resource, entries, reference, text
from netlab.imports.mapping import nat_rules, settings
from netlab.imports.mapping.devices import Remote, Site
from netlab.imports.mapping.job import CONNECTIONS, Job
from netlab.imports.mapping.sites import device_name
from netlab.imports.names import LONGEST_CONNECTION

_TYPES = ("IPsec", "Vnet2Vnet", "ExpressRoute", "VPNClient")


def add(job: Job, remotes: Mapping[str, Remote], sites: list[Site]) -> None:
    """Every connection whose two ends are in the input."""
    items = job.of_type(CONNECTIONS)
    job.names.give("connections", ((c.key, c.name, c.id.group) for c in items), longest=LONGEST_CONNECTION)
    job.names.give(
        "local_network_gateways", ((f"{r.key}#lng", r.item.name, r.item.id.group) for r in remotes.values()),
        longest=LONGEST_CONNECTION,
    )  # fmt: skip
    by_remote = {remote.key: site for site in sites for remote in site.remotes}
    done: set[str] = set()
    for item in items:
        facts = job.facts(item)
        type_ = facts.word("connectiontype", among=_TYPES)
        if type_ == "VPNClient":
            job.notes.settle(item, "not modelled")
        elif not type_ and item.get("connectiontype") is None:
            facts.wrong("connectionType", None, "type")
        elif type_ in ("IPsec", "Vnet2Vnet") and item.key not in done:
            vnet = _vnet(job, item, "virtualnetworkgateway1")
            other = _vnet(job, item, "virtualnetworkgateway2") if type_ == "Vnet2Vnet" else ""
            if vnet and other:
                done |= _between_gateways(job, item, vnet, other)
            elif vnet and type_ == "IPsec":
                done |= _with_device(job, item, vnet, remotes, by_remote)
    told = job.draft.data.get("local_network_gateways", {})
    order = [job.names.given[f"{key}#lng"] for key in sorted(remotes)]
    if told:
        job.draft.data["local_network_gateways"] = {name: told[name] for name in order if name in told}


def _vnet(job: Job, item: Resource, end: str) -> str:
    """The VNet of a gateway that a connection names; empty where it is not in the scenario."""
    gateway = job.facts(item).reference(end)
    vnet = job.gateways.get(ids.key(gateway), "")
    if not gateway:
        if item.get(end) is None:
            job.facts(item).wrong(end, None, "resource id")
    elif not vnet:
        if job.inventory.find(gateway) is None:
            job.notes.need(gateway, item.name)
        job.notes.leave_out(item, f"its gateway {ids.shown(gateway)} is not in the scenario")
    return vnet


def _end(item: Resource, end: str) -> str:
    return reference(item.get(end))


def _usual(job: Job, vnet: str) -> str:
    """The IKE version of a gateway's connections by default (R25)."""
    policy_based = job.draft.get("vnets", vnet, "vpn_gateway", "vpn_type") == "PolicyBased"
    return "IKEv1" if policy_based else "IKEv2"


# --- between gateways -----------------------------------------------------------------------------------------------


def _between_gateways(job: Job, item: Resource, vnet: str, other_vnet: str) -> set[str]:
    """The two connections of a Vnet2Vnet pair as one; a single one is left out (J5)."""
    one, two = _end(item, "virtualnetworkgateway1"), _end(item, "virtualnetworkgateway2")
    back = next(
        (
            other
            for other in job.of_type(CONNECTIONS)
            if text(other.get("connectiontype")).lower() == "vnet2vnet"
            and (_end(other, "virtualnetworkgateway1"), _end(other, "virtualnetworkgateway2")) == (two, one)
        ),
        None,
    )
    if back is None:
        _left_alone(job, item, job.inventory.by_key[two].name, job.inventory.by_key[one].name)
        return {item.key}
    _write(job, item, "Vnet2Vnet", (vnet, other_vnet), back, {})
    return {item.key, back.key}


def _left_alone(job: Job, item: Resource, from_: str, to: str) -> None:
    why = f"{item.name} has no counterpart from {from_} to {to}: left out"
    job.notes.leave_out(item, f"no connection leads back from {from_} to {to}")
    job.notes.warn(
        item.name,
        f"{why}. Azure shows it NotConnected, and a connection of the format would connect; nothing is invented for "
        f"{from_}",
    )


def _write(
    job: Job, item: Resource, type_: str, between: tuple[str, str], back: Resource | None, more: Mapping[str, Any]
) -> None:
    """A connection of the scenario; ``back`` is the connection of the other end."""
    entry: dict[str, Any] = {"type": type_, "between": list(between)}
    speaks = job.facts(item).flag("enablebgp")
    if back is not None and job.facts(back).flag("enablebgp") != speaks:
        job.notes.warn(item.name, f"only one of {item.name} and {back.name} has enableBgp: there is no BGP")
        speaks = False
    if speaks:
        entry["enable_bgp"] = True
    own = settings.of_end(job, item, _usual(job, between[0]))
    rules = nat_rules.of_connection(job, item, between[0])
    entry |= own | settings.of_connection(job, item) | _apipa(item) | rules | dict(more)
    if back is not None:
        other = settings.of_end(job, back, _usual(job, between[1]))
        settings.of_connection(job, back)
        if other != own:
            entry["other_end"] = other
        job.notes.settle(back, "imported")
    given = job.names.given[item.key]
    job.draft.put(("connections", given), entry, job.rename(item.name, given))
    job.notes.settle(item, "imported")


def _apipa(item: Resource) -> dict[str, Any]:
    """The APIPA addresses that the connection names, of the gateway's instances in their order."""
    named = entries(item.get("gatewaycustombgpipaddresses"))
    found = [str(body.get("custombgpipaddress")) for body in named if body.get("custombgpipaddress")]
    return {"custom_bgp_addresses": found} if found else {}


# --- with a device --------------------------------------------------------------------------------------------------


def _with_device(
    job: Job, item: Resource, vnet: str, remotes: Mapping[str, Remote], by_remote: Mapping[str, Site]
) -> set[str]:
    """A connection with what its local network gateway stands for."""
    told = job.facts(item).reference("localnetworkgateway2")
    remote = remotes.get(ids.key(told))
    if remote is None:
        if told:
            job.notes.need(told, item.name)
        elif item.get("localnetworkgateway2") is None:
            job.facts(item).wrong("localNetworkGateway2", None, "resource id")
        job.notes.leave_out(item, f"its local network gateway {ids.shown(told)} is not in the input")
        return {item.key}
    if remote.gateway:
        return _with_gateway(job, item, vnet, remote, remotes)
    if remote.machine[0]:
        _with_machine(job, item, vnet, remote)
    else:
        _with_site(job, item, vnet, remote, by_remote[remote.key])
    return {item.key}


def _with_gateway(job: Job, item: Resource, vnet: str, remote: Remote, remotes: Mapping[str, Remote]) -> set[str]:
    """The two IPsec connections of two gateways, each with a local network gateway for the other, as one (J6)."""
    mine, other = _end(item, "virtualnetworkgateway1"), job.gateways[remote.gateway]
    back = next(
        (
            (each, found)
            for each in job.of_type(CONNECTIONS)
            if _end(each, "virtualnetworkgateway1") == remote.gateway
            and (found := remotes.get(_end(each, "localnetworkgateway2"))) is not None
            and found.gateway == mine
        ),
        None,
    )
    if back is None:
        gateway = job.inventory.by_key
        _left_alone(job, item, gateway[remote.gateway].name, gateway[mine].name)
        job.notes.leave_out(remote.item, f"its connection {item.name} is left out")
        return {item.key}
    reverse, theirs = back
    told = {vnet: _told(job, remote, {"vnet": other}), other: _told(job, theirs, {"vnet": vnet})}
    _write(job, item, "IPsec", (vnet, other), reverse, {"local_network_gateways": told})
    return {item.key, reverse.key}


def _told(job: Job, remote: Remote, device: Mapping[str, str]) -> str:
    """Write a local network gateway; its name."""
    given = job.names.given[f"{remote.key}#lng"]
    entry: dict[str, Any] = dict(device)
    if remote.prefixes:
        entry["address_prefixes"] = list(remote.prefixes)
    if remote.asn is not None:
        own = _own_address(job, remote)
        entry["bgp"] = {"asn": remote.asn} | ({"bgp_peering_address": remote.peer} if remote.peer and not own else {})
    job.draft.put(("local_network_gateways", given), entry, job.rename(remote.item.name, given))
    job.notes.settle(remote.item, "imported")
    return given


def _own_address(job: Job, remote: Remote) -> bool:
    """Whether its BGP address is the one that the gateway has anyway."""
    gateway = job.inventory.by_key.get(remote.gateway)
    address = gateway.get("bgpsettings", "bgppeeringaddress") if gateway is not None else None
    return isinstance(address, str) and remote.peer in address.split(",")


def _with_machine(job: Job, item: Resource, vnet: str, remote: Remote) -> None:
    """A connection with an appliance of the input: its side is not described."""
    owner, name = remote.machine
    machine = job.draft.get("vnets", owner, "vms", name)
    machine.setdefault("nva", {})
    end = f"{owner}-{name}"
    told = {vnet: _told(job, remote, {"nva": end})}
    _write(job, item, "IPsec", (vnet, end), None, {"local_network_gateways": told})
    job.notes.invent("appliance", end, f"{remote.item.name} stands for it; its side of {item.name} is not described")
    job.notes.warn(
        item.name, f"{end} is an appliance: its side of the connection is not described, and is as the gateway's"
    )


def _with_site(job: Job, item: Resource, vnet: str, remote: Remote, site: Site) -> None:
    name = job.names.given[site.first.key]
    more: dict[str, Any] = {}
    if len(site.devices) > 1:
        more["device"] = device_name(next(device for device in site.devices if remote in device)[0])
    speaks = job.facts(item).flag("enablebgp")
    moved = _moved(job, remote, name, more.get("device", ""))
    if moved or job.options.told or _differs(job, remote, name, speaks):
        more["local_network_gateways"] = {vnet: _told(job, remote, {"site": name} | moved)}
    _write(job, item, "IPsec", (vnet, name), None, more)
    _static_routes(job, item, vnet, name, speaks)
    job.notes.assumed.append(_assumption(job, item, name, vnet, speaks))
    if job.draft.get("vnets", vnet, "vpn_gateway", "active_active"):
        job.notes.warn(item.name, f"an active-active gateway makes two tunnels to the one device of {name}")


def _moved(job: Job, remote: Remote, name: str, device: str) -> dict[str, str]:
    """The address of a local network gateway that is not the known one of the site's device."""
    site = job.options.known.get(name, {})
    known = site.get("devices", {}).get(device, site).get("public_ip_address")
    strange = known is not None and remote.number not in (None, IPv4Address(known))
    return {"gateway_ip_address": remote.address} if strange else {}


def _differs(job: Job, remote: Remote, name: str, speaks: bool) -> bool:
    """Whether the gateway is told something else than the site is."""
    site = job.draft.get("sites", name)
    if not speaks:
        return sorted(remote.prefixes) != sorted(site["address_prefixes"])
    if set(remote.prefixes) - {f"{remote.peer}/32"}:
        return True
    return name in job.options.known and _speaks_otherwise(remote, site)


def _speaks_otherwise(remote: Remote, site: Mapping[str, Any]) -> bool:
    """Whether the ASN or the BGP address of a local network gateway is not that of the site."""
    own = [site.get("bgp", {}).get("bgp_peering_address")]
    own += [device.get("bgp_peering_address") for device in site.get("devices", {}).values()]
    strange = bool(remote.peer) and any(own) and remote.peer not in own
    return remote.asn != site.get("bgp", {}).get("asn") or strange


def _static_routes(job: Job, item: Resource, vnet: str, name: str, speaks: bool) -> None:
    """What the device sends into the tunnel besides the VNet: its transit spokes (R110, V3)."""
    if not speaks and _spokes(job, vnet):
        space = list(dict.fromkeys(_reached(job, item, vnet)))
        job.draft.put(("sites", name, "static_routes", job.names.given[item.key]), space)


def _spokes(job: Job, vnet: str) -> list[str]:
    """The VNets that use the gateway of a VNet by peering."""
    legs = job.draft.data.get("peerings", {}).values()
    lent = {leg["remote_vnet"] for leg in legs if leg["vnet"] == vnet and leg.get("allow_gateway_transit")}
    return [
        leg["vnet"]
        for leg in legs
        if leg["remote_vnet"] == vnet and leg["vnet"] in lent and leg.get("use_remote_gateways")
    ]


def _behind(job: Job, vnet: str) -> list[str]:
    """The prefixes behind a VNet's gateway: its own and those of its transit spokes."""
    return [prefix for each in (vnet, *_spokes(job, vnet)) for prefix in job.draft.get("vnets", each, "address_space")]


def _reached(job: Job, item: Resource, vnet: str) -> list[str]:
    """The same as the other end of a connection reaches them: after NAT."""
    return nat_rules.after_nat(job, job.names.given[item.key], vnet, _behind(job, vnet))


def _assumption(job: Job, item: Resource, name: str, vnet: str, speaks: bool) -> str:
    proposes = f"the device of {name} proposes what the gateway proposes"
    if speaks:
        return proposes
    return f"{proposes}, and knows {' and '.join(_reached(job, item, vnet))}"
