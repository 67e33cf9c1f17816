"""Changes of the Microsoft peering of a circuit, and whether it is what joins a pair. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.mends.case import Case
from netlab.results.mends import Change, Edit


def of_source(case: Case) -> Iterator[Change]:
    """A source that is in no advertised prefix: the site's router translates it to an address of one (R124)."""
    circuit = case.state.network.circuits[case.cause["circuit"]]
    if circuit.microsoft_peering is not None and circuit.microsoft_peering.advertised:
        first = circuit.microsoft_peering.advertised[0]
        address = first[1] if first.num_addresses > 1 else first[0]
        path = ("expressroute_circuits", circuit.name, "microsoft_peering", "nat_address")
        sentence = f"translate what the site sends into the Microsoft peering of {circuit.name} to {address}"
        yield Change(f"{sentence} (nat_address; R124)", (Edit("set", path, str(address)),))


def joins(case: Case) -> bool:
    """Whether a host of the pair is at a site with a Microsoft peering, and the other end is a machine of Azure."""
    network, ends = case.state.network, (case.sender, case.receiver)
    at_a_site = any(end.kind == "host" and network.sites[end.owner].microsoft_peerings for end in ends)
    return at_a_site and any(end.node in network.machines for end in ends)
