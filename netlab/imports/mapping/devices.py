"""What a local network gateway stands for: a site's device, a gateway of the input, or a machine (J6, J7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address

from netlab.errors import UsageError
from netlab.imports import ids
from netlab.imports.bodies import Resource, reference, text, texts
from netlab.imports.mapping import nat_rules, public
from netlab.imports.mapping.job import CONNECTIONS, GATEWAYS, LOCAL_GATEWAYS, NICS, PUBLIC_ADDRESSES, Job
from netlab.imports.runtime import Token, Unknown
from netlab.scenario.names import suggest


@dataclass(frozen=True, slots=True)
class Remote:
    """A local network gateway as its gateways have it; ``address`` is its public address or FQDN, empty if unknown."""

    item: Resource
    address: str
    prefixes: tuple[str, ...]
    asn: int | None
    peer: str
    """Its BGP address; empty where it has none, or one that only the deployed gateway has."""
    gateway: str = ""
    """The key of the gateway of the input that it stands for."""
    machine: tuple[str, str] = ("", "")
    """The machine of the input that it stands for: VNet and name."""
    ingress: frozenset[str] = frozenset()
    """The IngressSnat rules of its connections: two branches never share one (T8)."""

    @property
    def key(self) -> str:
        return self.item.key

    @property
    def number(self) -> IPv4Address | None:
        """Its public address; None where that is a name or not known."""
        try:
            return IPv4Address(self.address)
        except ValueError:
            return None

    @property
    def is_site(self) -> bool:
        return not self.gateway and not self.machine[0]


def remotes(job: Job) -> dict[str, Remote]:
    """Every local network gateway that a connection uses, by key; one in no connection is left out."""
    used = {reference(c.get("localnetworkgateway2")) for c in job.of_type(CONNECTIONS)}
    gateways = _public_addresses(job)
    found = {}
    for item in job.of_type(LOCAL_GATEWAYS):
        if item.key in used:
            found[item.key] = _remote(job, item, gateways)
        else:
            job.notes.leave_out(item, "it is in no connection")
    return found


def _public_addresses(job: Job) -> dict[str, str]:
    """The gateway or the NIC that has a public address or its FQDN, by the text."""
    found: dict[str, str] = {}
    for item in job.of_type(PUBLIC_ADDRESSES):
        owner = public.owner(job, item.key)
        if owner is not None:
            for known in filter(None, map(text, (item.get("ipaddress"), item.get("dnssettings", "fqdn")))):
                found[known.lower()] = owner.key
    for gateway in job.of_type(GATEWAYS):
        for part in job.facts(gateway).parts("bgpsettings", "bgppeeringaddresses"):
            found |= dict.fromkeys(texts(part.body.get("tunnelipaddresses")), gateway.key)
    return found


def _remote(job: Job, item: Resource, gateways: dict[str, str]) -> Remote:
    facts = job.facts(item)
    value = item.get("gatewayipaddress") or item.get("fqdn")
    prefixes = tuple(facts.prefixes(("localnetworkaddressspace", "addressprefixes")))
    peer = item.get("bgpsettings", "bgppeeringaddress")
    known = facts.address("bgpsettings", "bgppeeringaddress") if isinstance(peer, str) else ""
    asn = facts.number("bgpsettings", "asn") or None
    if isinstance(value, Token):
        owner = _owner_of_token(job, value)
        address = ""
    else:
        address = "" if value is None or isinstance(value, Unknown) else str(value)
        owner = gateways.get(address.lower(), "")
    if isinstance(value, Unknown) or isinstance(peer, Unknown) or (isinstance(value, Token) and not owner):
        job.notes.warn(item.name, "its address or its BGP address is known only at run time: the lab assigns it")
    machine = job.nics.get(owner, ("", ""))
    gateway = owner if owner in job.gateways else ""
    return Remote(item, address, prefixes, asn, known, gateway, machine, nat_rules.of_remote(job, item))


def _owner_of_token(job: Job, token: Token) -> str:
    """The gateway or the NIC that a token's address belongs to."""
    key = ids.key(token.id)
    item = job.inventory.by_key.get(key)
    if item is not None and item.type in (GATEWAYS, NICS):
        return key
    owner = public.owner(job, key)
    return owner.key if owner is not None else ""


# --- sites ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Site:
    """The local network gateways that stand for one site, by device; the smallest key names it."""

    devices: tuple[tuple[Remote, ...], ...]

    @property
    def first(self) -> Remote:
        return min((remote for device in self.devices for remote in device), key=lambda each: each.key)

    @property
    def remotes(self) -> tuple[Remote, ...]:
        return tuple(remote for device in self.devices for remote in device)


def sites(job: Job, found: Iterable[Remote]) -> list[Site]:
    """The sites that local network gateways stand for, in the order of their ids (J7)."""
    remotes_ = sorted((remote for remote in found if remote.is_site), key=lambda each: each.key)
    group = {remote.key: remote.key for remote in remotes_}
    for i, one in enumerate(remotes_):
        for two in remotes_[i + 1 :]:
            if _same_device(one, two) or _same_site(one, two) or _asked(job, one, two):
                _unite(group, one.key, two.key)
    _require_known(job, remotes_)
    grouped: dict[str, list[Remote]] = {}
    for remote in remotes_:
        grouped.setdefault(group[remote.key], []).append(remote)
    made = [Site(_devices(members)) for members in grouped.values()]
    _warn_of_asns(job, made)
    return sorted(made, key=lambda site: site.first.key)


def _same_device(one: Remote, two: Remote) -> bool:
    return bool(one.address) and one.address.lower() == two.address.lower()


def _same_site(one: Remote, two: Remote) -> bool:
    """Whether two have the same prefixes, not only hosts, and the same ASN, and no NAT rules tell them apart."""
    same = set(one.prefixes) == set(two.prefixes) and not all(p.endswith("/32") for p in one.prefixes)
    return same and one.asn == two.asn and one.ingress == two.ingress


def _asked(job: Job, one: Remote, two: Remote) -> bool:
    return any({one.item.name, two.item.name} <= set(names) for names in job.options.joined)


def _unite(group: dict[str, str], one: str, two: str) -> None:
    small, large = sorted((group[one], group[two]))
    for key, root in group.items():
        if root == large:
            group[key] = small


def _devices(members: list[Remote]) -> tuple[tuple[Remote, ...], ...]:
    found: dict[str, list[Remote]] = {}
    for remote in members:
        found.setdefault(remote.address.lower() or remote.key, []).append(remote)
    return tuple(tuple(device) for device in found.values())


def _warn_of_asns(job: Job, made: list[Site]) -> None:
    by_asn: dict[int, list[str]] = {}
    for site in made:
        if site.first.asn is not None:
            by_asn.setdefault(site.first.asn, []).append(site.first.item.name)
    for asn, names in sorted(by_asn.items()):
        if len(names) > 1:
            job.notes.warn(
                names[0], f"{', '.join(names)} have one ASN, {asn}: two devices of one site? --join {','.join(names)}"
            )


def _require_known(job: Job, remotes_: list[Remote]) -> None:
    known = [remote.item.name for remote in remotes_]
    for names in job.options.joined:
        for name in names:
            if name not in known:
                lonely = any(item.name == name for item in job.of_type(LOCAL_GATEWAYS))
                why = f"{name[:40]} is in no connection" if lonely else f"no LNG is called {name[:40]}"
                raise UsageError(f"--join: {why}", f"{suggest(name, known)} [E18]")
