"""One object more in a scenario, in the middle of the file: the plan has it more, and is the same otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from labs import SCENARIOS

from netlab.plan.model import Plan
from netlab.plan.model.nftables import AzureTraffic
from netlab.plan.planner import plan
from netlab.scenario.loader import load
from netlab.scenario.models import Client, Scenario, Site, VirtualNetwork

MORE_VNET = {
    "address_space": ["10.77.0.0/16"],
    "subnets": {"default": "10.77.0.0/24"},
    "vms": {"added-vm": {"subnet": "default"}},
}
MORE_SITE = {"address_prefixes": ["10.78.0.0/16"], "hosts": {"added-host": "10.78.0.10"}}

# What is of the new object: it bears its name, its prefix, or its public address. No other object in the catalogue asks
# for a number of it.
NEW = ("added", "10.77.", "10.78.")


def of_azure(found: Plan) -> frozenset[str]:
    """Azure's public addresses."""
    tables = (table for node in found.nodes for table in node.nftables if isinstance(table, AzureTraffic))
    return frozenset(address for table in tables for address in table.addresses)


def with_more(scenario: Scenario) -> Iterator[Scenario]:
    """The scenario with a VNet more, with a site more and with a client of each kind of gateway more."""
    # Of the region of another one: the backbone has a node for each.
    region = next((vnet.region for vnet in scenario.vnets.values()), "")
    yield widened(scenario, "vnets", VirtualNetwork.model_validate({**MORE_VNET, "region": region}))
    yield widened(scenario, "sites", Site.model_validate(MORE_SITE))
    serving = next(iter(client.gateway for client in scenario.clients.values()), None)
    if serving is not None:
        yield widened(scenario, "clients", Client.model_validate({"os": "linux", "gateway": serving}))


def widened(scenario: Scenario, of: str, item: object) -> Scenario:
    known = list(getattr(scenario, of).items())
    middle = len(known) // 2
    return scenario.model_copy(update={of: dict((*known[:middle], ("Added", item), *known[middle:]))})


def lost(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """What one value holds and another does not, by its path; tuples may hold more, and in another order."""
    if is_dataclass(before) and type(before) is type(after):
        for field in fields(before):
            yield from lost(getattr(before, field.name), getattr(after, field.name), f"{path}.{field.name}")
    elif isinstance(before, tuple) and isinstance(after, tuple):
        new = {key(item): item for item in after}
        for item in before:
            if item not in after:
                yield from lost(item, new.get(key(item)), f"{path}[{key(item)}]")
    elif before != after:
        yield f"{path}: {before} became {after}"


def key(item: Any) -> Any:
    """The name by which two plans have the same thing."""
    if isinstance(item, AzureTraffic):
        return type(item).__name__
    for names in (("netns",), ("directory",), ("node", "interface"), ("name",), ("near",)):
        if all(hasattr(item, name) for name in names):
            return tuple(getattr(item, name) for name in names)
    return item


@pytest.mark.parametrize("plane", ["userspace", "kernel"])
@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_one_object_more_changes_no_other(name: str, plane: Any) -> None:
    scenario = load(name).scenario
    before = plan(scenario, "lab", plane)
    for more in with_more(scenario):
        after = plan(more, "lab", plane)
        assert list(lost(before, after)) == []
        new = (*NEW, *of_azure(after) - of_azure(before))
        assert [found for found in lost(after, before) if not any(name in found.lower() for name in new)] == []


def test_the_one_set_of_all_addresses_of_azure_may_grow() -> None:
    one, more = AzureTraffic(("240.1.0.1",)), AzureTraffic(("240.1.0.1", "240.1.0.2"))
    assert list(lost((one,), (more,))) == []
    assert len(list(lost((more,), (one,)))) == 1
