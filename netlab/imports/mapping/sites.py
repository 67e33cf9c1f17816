"""Sites: what local network gateways and circuits stand for. All but prefixes and ASNs is invented (5.7, V1 to V5)."""

from __future__ import annotations

from hashlib import sha256
from ipaddress import IPv4Network
from typing import Any

from netlab.imports.mapping.devices import Remote, Site
from netlab.imports.mapping.job import CIRCUITS, Job
from netlab.imports.names import fitted

# Of circuits whose site's prefixes are not known: the lower half of a prefix for documentation (RFC 5737).
_UNKNOWN = IPv4Network("198.51.100.0/25")
_HOST = 10


def names(found: list[Site]) -> list[tuple[str, str, str]]:
    """What the sites want to be called: key, name and resource group."""
    return [(site.first.key, site.first.item.name, site.first.item.id.group) for site in found]


def add(job: Job, found: list[Site]) -> None:
    """Every site, with a host for each of its prefixes."""
    for site in found:
        first = site.first
        given = job.names.given[first.key]
        prefixes = _prefixes(job, site, given)
        bgp = _bgp(job, site, given)
        entry: dict[str, Any] = {"address_prefixes": prefixes}
        if bgp:
            entry["bgp"] = bgp
        hosts = _hosts(prefixes, {remote.peer for remote in site.remotes})
        if hosts:
            entry["hosts"] = hosts
        entry |= _addresses(job, site, bgp)
        entry = _as_known(job, given, entry)
        renamed = job.rename(first.item.name, given)
        job.draft.put(("sites", given), entry, f"invented, {renamed}" if renamed else "invented")
        job.notes.invent("site", given, f"local network gateway {first.item.name} stands for it")
        for name, address in hosts.items():
            job.notes.invent("host", f"{given}/{name} {address}", "something to probe")
        for remote in site.remotes:
            job.notes.settle(remote.item, "imported")


def _as_known(job: Job, given: str, entry: dict[str, Any]) -> dict[str, Any]:
    """A site as it is known, where it has these devices still; what they send into tunnels is made of the input."""
    known = job.options.known.get(given)
    if known is None or set(known.get("devices", ())) != set(entry.get("devices", ())):
        return entry
    return {key: value for key, value in known.items() if key != "static_routes"}


def _prefixes(job: Job, site: Site, given: str) -> list[str]:
    """The prefixes of the site, in order; a site whose prefixes come by BGP has its peers' addresses (V1)."""
    own = list(dict.fromkeys(p for remote in site.remotes for p in remote.prefixes))
    peers = [f"{remote.peer}/32" for remote in site.remotes if remote.peer]
    asked = [str(p) for name in (site.first.item.name, given) for p in job.options.sites.get(name, ())]
    if asked:
        networks = [IPv4Network(p) for p in asked]
        rest = (p for p in own or peers if not any(IPv4Network(p).subnet_of(n) for n in networks))
        return list(dict.fromkeys((*asked, *rest)))
    if site.first.asn is not None and set(own) <= set(peers):
        name = site.first.item.name
        job.notes.warn(
            name,
            f"the prefixes of site {given} are learned by BGP and stand nowhere in the description: nothing is "
            f"announced but {', '.join(own or peers)}; give them with --site {name}=PREFIX",
        )
    if not own and not peers:
        job.facts(site.first.item).wrong("localNetworkAddressSpace.addressPrefixes", None, "prefix")
    return own or list(dict.fromkeys(peers))


def _bgp(job: Job, site: Site, given: str) -> dict[str, Any]:
    first = next((remote for remote in site.remotes if remote.asn is not None), None)
    asked = job.options.asns.get(site.first.item.name, job.options.asns.get(given))
    if asked is None and (first is None or first.asn is None):
        return {}
    entry: dict[str, Any] = {"asn": asked or (first.asn if first is not None else 0)}
    if first is not None and first.peer and len(site.devices) == 1:
        entry["bgp_peering_address"] = first.peer
    return entry


def _hosts(prefixes: list[str], peers: set[str]) -> dict[str, str]:
    """A host for each prefix that has room for one beside the device (V2)."""
    found: dict[str, str] = {}
    for prefix in map(IPv4Network, prefixes):
        if prefix.prefixlen > 30:
            continue
        address = str(prefix[_HOST if prefix.prefixlen <= 28 else 1])
        if address not in peers and address not in found.values():
            found[f"host{len(found) + 1}"] = address
    return found


def _addresses(job: Job, site: Site, bgp: dict[str, Any]) -> dict[str, Any]:
    """The public address of the device or, where there are several, the devices."""
    if len(site.devices) == 1:
        address = _public(job, site.first)
        return {"public_ip_address": address} if address else {}
    devices: dict[str, Any] = {}
    for device in site.devices:
        remote = device[0]
        entry = {"bgp_peering_address": remote.peer} if remote.peer and bgp else {}
        address = _public(job, remote)
        devices[device_name(remote)] = entry | ({"public_ip_address": address} if address else {})
    return {"devices": devices}


def device_name(remote: Remote) -> str:
    """The name of one of several devices of a site: its local network gateway's."""
    return fitted(remote.item.name, remote.key)


def _public(job: Job, remote: Remote) -> str:
    """The address of a device; empty where it is a name, or none of the Internet."""
    if remote.number is None or remote.number.is_global:
        return remote.address if remote.number is not None else ""
    job.notes.warn(remote.item.name, f"{remote.address} is no public address of the Internet: the lab assigns one")
    return ""


# --- circuits ---------------------------------------------------------------------------------------------------------


def of_circuits(job: Job) -> None:
    """The customer's end of each circuit that was mapped (V5)."""
    taken: set[int] = set()
    for circuit in job.of_type(CIRCUITS):
        asn = job.circuits.get(circuit.key)
        if asn is None:
            continue
        given = job.names.given[f"{circuit.key}#site"]
        asked = [p for n in (given, circuit.name) for p in job.options.sites.get(n, ())]
        if not asked:
            index = int(sha256(circuit.key.encode()).hexdigest(), 16) % 8
            index = next(i for i in ((index + more) % 8 for more in range(9)) if i not in taken or len(taken) == 8)
            taken.add(index)
            asked = [list(_UNKNOWN.subnets(new_prefix=28))[index]]
        asn = job.options.asns.get(given, job.options.asns.get(circuit.name, asn))
        prefixes = [str(p) for p in dict.fromkeys(asked)]
        entry = {"address_prefixes": prefixes, "bgp": {"asn": asn}, "hosts": _hosts(prefixes, set())}
        job.draft.put(("sites", given), entry, "invented")
        job.notes.invent("site", given, f"the customer's end of circuit {circuit.name}")
