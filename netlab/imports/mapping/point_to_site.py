"""Point-to-site configurations, and the clients that are invented for them (5.5, V8)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

from netlab.imports.bodies import Resource, entries, text, texts
from netlab.imports.facts import Facts
from netlab.imports.mapping.job import GATEWAYS, Job
from netlab.imports.names import fitted

_TYPES = {"ikev2": "IkeV2", "sstp": "SSTP", "openvpn": "OpenVPN"}
_ROOTS, _REVOKED = "vpnclientrootcertificates", "vpnclientrevokedcertificates"


def values(job: Job, gateway: Resource, facts: Facts) -> dict[str, Any]:
    """The `point_to_site` of a gateway; empty where it has no address pool."""
    pools = facts.prefixes(("vpnclientconfiguration", "vpnclientaddresspool", "addressprefixes"))
    routes = facts.prefixes(("customroutes", "addressprefixes"))
    if not pools:
        if routes:
            job.notes.warn(gateway.name, f"custom routes {' and '.join(routes)} and no point-to-site: left out")
        return {}
    if len(pools) > 1:
        job.notes.warn(gateway.name, f"further client pools are left out: {', '.join(pools[1:])}")
    entry: dict[str, Any] = {"address_pool": pools[0], "tunnel_types": _tunnel_types(job, gateway, facts)}
    entry |= _authentication(job, gateway, facts, entry["tunnel_types"])
    roots = [_certificate(job, body) for body in _named(facts, _ROOTS)]
    revoked = [_certificate(job, body) for body in _named(facts, _REVOKED)]
    if roots:
        entry["root_certificates"] = roots
    if revoked and entry["authentication_types"] == ["Certificate"]:
        entry["revoked_certificates"] = revoked
    if routes:
        entry["custom_routes"] = routes
    return entry


def _named(facts: Facts, key: str) -> list[Any]:
    found = entries(facts.raw("vpnclientconfiguration", key))
    return sorted((str(body["name"]) for body in found if "name" in body), key=str.lower)


def _certificate(job: Job, name: str) -> str:
    made = fitted(name, name)
    job.rename(name, made)
    return made


def _tunnel_types(job: Job, gateway: Resource, facts: Facts) -> list[str]:
    basic = text(gateway.get("sku", "name")) or text(gateway.get("sku"))
    given = facts.raw("vpnclientconfiguration", "vpnclientprotocols") or [
        "SSTP" if basic.lower() == "basic" else "IkeV2"
    ]
    found = []
    for word in given if isinstance(given, list) else [given]:
        if str(word).lower() in _TYPES:
            found.append(_TYPES[str(word).lower()])
        else:
            job.notes.substituted.append({"name": gateway.name, "from": str(word)[:40], "to": "IkeV2"})
    return list(dict.fromkeys(found)) or ["IkeV2"]


def _authentication(job: Job, gateway: Resource, facts: Facts, tunnels: list[str]) -> dict[str, Any]:
    """The first authentication type that the format has; Entra ID is substituted, and RADIUS without a server."""
    inside = facts.raw("vpnclientconfiguration") or {}
    given = [word.lower() for word in texts(inside.get("vpnauthenticationtypes"))]
    entra = any(inside.get(key) for key in ("aadtenant", "aadaudience", "aadissuer"))
    radius = any(inside.get(key) for key in ("radiusserveraddress", "radiusservers"))
    if entra:
        job.notes.properties[f"{gateway.kind}: vpnClientConfiguration.aadTenant/aadAudience/aadIssuer"] += 1
    if "certificate" in given or (not given and (inside.get(_ROOTS) or not (entra or radius))):
        return {"authentication_types": ["Certificate"]}
    if "radius" in given or (not given and radius):
        servers = _radius_servers(facts)
        if servers:
            if len(servers) > 1:
                job.notes.warn(gateway.name, f"further RADIUS servers are left out: {', '.join(servers[1:])}")
            return {"authentication_types": ["Radius"], "radius_server_address": servers[0]}
        instead = "EapMSChapv2" if "OpenVPN" not in tunnels else "Certificate"  # P12
        job.notes.substituted.append({"name": gateway.name, "from": "Radius", "to": instead})
        job.notes.warn(gateway.name, f"its RADIUS server has no address: clients authenticate by {instead} instead")
        return {"authentication_types": [instead]}
    job.notes.substituted.append({"name": gateway.name, "from": "AAD", "to": "Certificate"})
    job.notes.warn(
        gateway.name, "authentication by Entra ID is not modelled: clients authenticate by certificate instead"
    )
    return {"authentication_types": ["Certificate"]}


def _radius_servers(facts: Facts) -> list[str]:
    """The addresses of the RADIUS servers, the one with the highest score first."""
    parts = facts.parts("vpnclientconfiguration", "radiusservers")
    scored = [(-(part.number("radiusserverscore") or 0), part.address("radiusserveraddress")) for part in parts]
    found = [address for _, address in sorted(scored, key=lambda each: each[0])]
    return list(dict.fromkeys(a for a in (*found, facts.address("vpnclientconfiguration", "radiusserveraddress")) if a))


def radius_hosts(job: Job) -> None:
    """The RADIUS server of a gateway that lies in a site is a host of it: the description does not hold hosts (V2)."""
    for vnet in job.gateways.values():
        settings = job.draft.get("vnets", vnet, "vpn_gateway", "point_to_site") or {}
        address = str(settings.get("radius_server_address", ""))
        for name, site in job.draft.data.get("sites", {}).items() if address else ():
            hosts = site.get("hosts", {})
            if address in hosts.values() or not _holds(site, address):
                continue
            host = next(n for n in ("radius", *(f"radius{i}" for i in range(2, 99))) if n not in hosts)
            site["hosts"] = {**hosts, host: address}
            job.notes.invent("host", f"{name}/{host} {address}", f"the gateway of {vnet} asks its RADIUS server there")


def _holds(site: dict[str, Any], address: str) -> bool:
    return any(IPv4Address(address) in IPv4Network(prefix) for prefix in site["address_prefixes"])


def clients(job: Job) -> None:
    """A Linux and a Windows client for each gateway that its tunnel types allow, and one per revoked certificate."""
    for gateway in job.of_type(GATEWAYS):
        vnet = job.gateways.get(gateway.key, "")
        settings = job.draft.get("vnets", vnet, "vpn_gateway", "point_to_site") if vnet else None
        if settings is None:
            continue
        systems = [s for s in job.options.clients if s != "linux" or settings["tunnel_types"] != ["SSTP"]]
        wanted = [(f"{s[:3]}-{vnet}", s) for s in systems]
        usual = systems[0] if systems else "windows"
        wanted += [(name, usual) for name in settings.get("revoked_certificates", ()) if systems]
        for name, system in wanted:
            key = f"{gateway.key}#client {name}"
            job.names.give("clients", ((key, name, ""),), nodes=True)
            written = job.names.given[key]
            entry = {"os": system, "gateway": vnet}
            job.draft.put(("clients", written), entry, "invented")
            why = (
                "a client with a revoked certificate"
                if name in settings.get("revoked_certificates", ())
                else "a client"
            )
            job.notes.invent("client", written, f"{why} of gateway {gateway.name}")
