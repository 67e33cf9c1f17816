"""ExpressRoute circuits, by their connections (5.8)."""

from __future__ import annotations

from typing import Any, get_args

from netlab.imports import ids
from netlab.imports.bodies import Resource, text
from netlab.imports.facts import Facts
from netlab.imports.mapping import global_reach, microsoft_peerings
from netlab.imports.mapping.job import CIRCUITS, CONNECTIONS, Job
from netlab.imports.names import fitted
from netlab.scenario.models.expressroute import ExpressRouteSku

DEFAULT_ASN = 65000
_LARGEST = "ErGw3AZ"
LEAST_BANDWIDTH = 50  # Azure sells none below it


def names(job: Job) -> list[tuple[str, str, str]]:
    """What the sites of circuits want to be called."""
    return [(f"{c.key}#site", f"er-{fitted(c.name, c.key)}", c.id.group) for c in job.of_type(CIRCUITS)]


def add(job: Job) -> None:
    """Every circuit that a connection joins with an ExpressRoute gateway of the scenario, or that has a Microsoft
    peering."""
    microsoft_peerings.add_filters(job)
    joined: dict[str, dict[str, Any]] = {}
    for item in job.of_type(CONNECTIONS):
        if text(item.get("connectiontype")).lower() == "expressroute":
            _connection(job, item, joined)
    reaches = global_reach.found(job)
    for circuit in (end for reach in reaches for end in reach.ends):
        asn = _asn(job, circuit, "azureprivatepeering")
        if asn is not None:
            job.circuits[circuit.key] = asn
            joined.setdefault(circuit.key, {})
    job.names.give("circuits", ((c.key, c.name, c.id.group) for c in job.of_type(CIRCUITS)))
    for circuit in job.of_type(CIRCUITS):
        public = _public(job, circuit)
        if circuit.key not in joined and public:
            job.circuits[circuit.key] = _asn(job, circuit, "microsoftpeering") or DEFAULT_ASN
        elif circuit.key not in joined:
            if job.notes.fates.get(circuit.key) is None:
                job.notes.leave_out(circuit, "no connection of the input joins it with a gateway")
            continue
        _circuit(job, circuit, {"vnets": joined.get(circuit.key, {}), **public})
    global_reach.add(job, reaches)


def _connection(job: Job, item: Resource, joined: dict[str, dict[str, Any]]) -> None:
    facts = job.facts(item)
    reference, gateway = facts.reference("peer"), facts.reference("virtualnetworkgateway1")
    circuit = job.inventory.find(reference)
    vnet = job.gateways.get(ids.key(gateway), "")
    if circuit is None:
        id_ = ids.parsed(reference)
        job.notes.need(reference, item.name)
        name = id_.name if id_ is not None else "nothing"
        job.notes.leave_out(
            item,
            f"{item.name} leads to circuit {name}, which is not in the input; with --stubs a circuit and a site "
            f"er-{name} are made",
        )
    elif not vnet:
        job.notes.need(gateway, item.name)
        job.notes.leave_out(item, f"its gateway {ids.shown(gateway)} is not in the scenario")
    elif (asn := _asn(job, circuit, "azureprivatepeering")) is None:
        job.notes.leave_out(item, f"its circuit {circuit.name} has no private peering")
        if _asn(job, circuit, "microsoftpeering") is None:
            job.notes.leave_out(circuit, "it has no private peering, so it carries nothing")
    else:
        weight = facts.number("routingweight")
        job.circuits[circuit.key] = asn
        entry: dict[str, Any] = {"routing_weight": weight} if weight else {}
        if facts.flag("expressroutegatewaybypass"):
            entry["express_route_gateway_bypass"] = True
            _with_sku(job, gateway, vnet)
        joined.setdefault(circuit.key, {})[vnet] = entry
        job.notes.settle(item, "imported")


def _with_sku(job: Job, reference: str, vnet: str) -> None:
    """Write the SKU of a gateway, which FastPath needs (U23)."""
    gateway = job.inventory.find(reference)
    sku = job.facts(gateway).word("sku", "name") if gateway is not None else ""
    if sku.lower() == "ergwscale":
        job.notes.substituted.append({"name": vnet, "from": sku, "to": _LARGEST})
        sku = _LARGEST
    known = {name.lower(): name for name in get_args(ExpressRouteSku)}
    if sku.lower() in known:
        job.draft.put(("vnets", vnet, "expressroute_gateway", "sku"), known[sku.lower()])


def _asn(job: Job, circuit: Resource, wanted: str) -> int | None:
    """The customer's ASN of a peering of a type; None where there is none."""
    for type_, part in global_reach.peerings(job, circuit):
        if type_.lower() == wanted:
            return part.number("peerasn") or DEFAULT_ASN
    return None


def _public(job: Job, circuit: Resource) -> dict[str, Any]:
    """The Microsoft peering of a circuit, if it has one that the lab can have."""
    found = (part for type_, part in global_reach.peerings(job, circuit) if type_.lower() == "microsoftpeering")
    entry = microsoft_peerings.peering(job, circuit, part) if (part := next(found, None)) is not None else {}
    return {"microsoft_peering": entry} if entry else {}


def _circuit(job: Job, circuit: Resource, peerings: dict[str, Any]) -> None:
    facts = job.facts(circuit)
    given = job.names.given[circuit.key]
    entry: dict[str, Any] = {"site": job.names.given[f"{circuit.key}#site"]}
    entry |= {key: value for key, value in peerings.items() if value}
    tier = facts.word("sku", "tier").lower()
    if tier == "premium":
        entry["sku_tier"] = "Premium"
    elif tier == "local":
        job.notes.substituted.append({"name": circuit.name, "from": "Local", "to": "Standard"})
    bandwidth = facts.number("serviceproviderproperties", "bandwidthinmbps")
    if bandwidth is not None and bandwidth >= LEAST_BANDWIDTH:
        entry["bandwidth_in_mbps"] = bandwidth
    for type_, part in global_reach.peerings(job, circuit):
        if type_.lower() == "azureprivatepeering":
            entry |= _links(part)
        elif type_.lower() != "microsoftpeering":
            job.notes.properties[f"{circuit.kind}: peerings.{type_}"] += 1
    job.draft.put(("expressroute_circuits", given), entry, job.rename(circuit.name, given))
    job.notes.settle(circuit, "imported")


def _links(part: Facts) -> dict[str, str]:
    """The /30s of both links, where both are given (R118)."""
    both = [part.prefixes((f"{which}peeraddressprefix",)) for which in ("primary", "secondary")]
    found = {f"{which}_peer_address_prefix": p[0] for which, p in zip(("primary", "secondary"), both, strict=True) if p}
    return found if len(found) == 2 else {}
