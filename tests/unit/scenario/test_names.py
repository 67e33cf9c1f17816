"""What the names in a story stand for."""

from __future__ import annotations

import pytest

from netlab.scenario.models import Scenario
from netlab.scenario.names import (
    Endpoint,
    endpoints,
    resolve,
    resolve_node,
    short,
    sources,
    step_named,
    suggest,
    targets,
)

SUBNETS = {"default": "10.1.0.0/24"}
SCENARIO = Scenario.model_validate(
    {
        "name": "names",
        "vnets": {
            "VNet1": {
                "address_space": ["10.1.0.0/16"],
                "subnets": SUBNETS,
                "vms": {"vm1": {"subnet": "default"}, "App": {"subnet": "default"}},
                "vpn_gateway": {},
            },
            "VNet2": {"address_space": ["10.2.0.0/16"], "subnets": {}, "vms": {"vm1": {"subnet": "default"}}},
            "VNet3": {"address_space": ["10.3.0.0/16"], "subnets": {}},
        },
        "sites": {"Site1": {"address_prefixes": ["10.101.0.0/16"], "hosts": {"host1": "10.101.0.10"}}},
        "clients": {"win": {"os": "windows", "gateway": "VNet1"}},
    }
)


def test_endpoints_are_machines_hosts_and_clients() -> None:
    assert endpoints(SCENARIO) == (
        Endpoint("vnet1-vm1", "vm", "VNet1", "vm1"),
        Endpoint("vnet1-app", "vm", "VNet1", "App"),
        Endpoint("vnet2-vm1", "vm", "VNet2", "vm1"),
        Endpoint("site1-host1", "host", "Site1", "host1"),
        Endpoint("win", "client", "win", "win"),
    )


def test_the_internet_asks_and_is_asked_only_where_a_story_says_so() -> None:
    asks = {"name": "s", "expect": {"reach": {"Internet": {"app": "reachable"}}}}
    asked = {"name": "s", "expect": {"reach": {"app": {"Internet": "reachable"}}}}
    host = Endpoint("internet", "internet", "internet", "internet")
    for story, in_sources, in_targets in (((), 0, 0), ((asks,), 1, 0), ((asked,), 0, 1), ((asks, asked), 1, 1)):
        scenario = Scenario.model_validate({**SCENARIO.model_dump(exclude_unset=True), "story": story})
        assert sources(scenario) == (*endpoints(scenario), *[host] * in_sources)
        assert targets(scenario) == (*endpoints(scenario), *[host] * in_targets)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("VNet1", ("vnet1-vm1", "vnet1-app")),
        ("vnet2", ("vnet2-vm1",)),
        ("VNet3", ()),
        ("Site1", ("site1-host1",)),
        ("win", ("win",)),
        ("app", ("vnet1-app",)),
        ("HOST1", ("site1-host1",)),
        ("vm1", ()),
        ("VNet2-vm1", ("vnet2-vm1",)),
        ("Internet", ("internet",)),
        ("nobody", ()),
    ],
)
def test_a_name_stands_for_endpoints(name: str, found: tuple[str, ...]) -> None:
    assert resolve(SCENARIO, name) == found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("VNet1", "vnet1"),
        ("Site1", "site1"),
        ("win", "win"),
        ("Internet", "internet"),
        ("VNet1-gw-0", "vnet1-gw-0"),
        ("vnet2-gw-0", None),
        ("App", "vnet1-app"),
        ("vm1", None),
        ("nobody", None),
    ],
)
def test_a_name_stands_for_a_node(name: str, found: str | None) -> None:
    assert resolve_node(SCENARIO, name) == found


def test_a_suggestion_is_the_nearest_name_or_all_of_them() -> None:
    assert suggest("vnet1", ["VNet1", "Site1"]) == "did you mean `VNet1`?"
    assert suggest("zzz", ["VNet1", "Site1"]) == "there is `VNet1`, `Site1`"
    assert suggest("zzz", []) == "there is none"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("text", "`text`"),
        ("two\nlines", r"'two\nlines'"),
        ("x" * 300, f"'{'x' * 39}…"),
        ({"shared_key": "x"}, "a mapping"),
        (["x"], "a list"),
        (None, "nothing"),
        (True, "true"),
        (1, "1"),
    ],
)
def test_a_value_is_shown_short(value: object, shown: str) -> None:
    assert short(value) == shown


def test_a_step_is_named_by_its_name_or_by_its_number() -> None:
    steps = ["as built", "3", "after the failover"]
    assert [step_named(text, steps) for text in ("as built", "1", "2")] == ["as built", "as built", "3"]
    assert step_named("3", steps) == "3"
    assert [step_named(text, steps) for text in ("", "0", "4", "-1", "²", "As built")] == [None] * 6
