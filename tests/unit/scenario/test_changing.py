"""A change in a story: merged into the scenario (RFC 7396), and refused where what comes of it is refused."""

from __future__ import annotations

from typing import Any

import pytest
from changes import CHANGES, changed, loaded, untold

from netlab.errors import ScenarioError
from netlab.scenario.changing import after, merged, way_back
from netlab.scenario.loader import load
from netlab.scenario.models import Action, Change, PeeringSync, Scenario

HUB = "hub-spoke-gateway-transit"


def change(**parts: Any) -> Change:
    return Change.model_validate(parts)


def scenario(name: str = HUB) -> Scenario:
    return load(name).scenario


def test_a_mapping_is_merged_key_by_key() -> None:
    found = merged(scenario(), change(peerings={"Hub-to-Spoke1": {"allow_forwarded_traffic": True}}))
    assert found.peerings["Hub-to-Spoke1"].allow_forwarded_traffic
    assert found.peerings["Hub-to-Spoke1"].allow_gateway_transit
    assert found.peerings.keys() == scenario().peerings.keys()


def test_null_removes() -> None:
    found = merged(scenario(), change(connections={"Hub-Site1": None}))
    assert not found.connections


def test_a_list_is_replaced() -> None:
    found = merged(scenario(), change(vnets={"Hub": {"address_space": ["10.0.0.0/16", "10.8.0.0/16"]}}))
    assert [str(prefix) for prefix in found.vnets["Hub"].address_space] == ["10.0.0.0/16", "10.8.0.0/16"]


# --- address spaces of peered VNets (R111) --------------------------------------------------------------------------

WIDER = {"vnets": {"Hub": {"address_space": ["10.0.0.0/16", "10.8.0.0/16"]}}}
OLD = ["10.0.0.0/16"]
SPOKES = tuple(f"Spoke{number}-to-Hub" for number in (1, 2, 3))


def uses(found: Scenario) -> dict[str, list[str]]:
    """What each peering uses that does not use what its remote VNet has."""
    held = {name: item.remote_address_space for name, item in found.peerings.items()}
    return {name: list(map(str, space)) for name, space in held.items() if space is not None}


def test_peers_go_on_with_the_address_space_from_before() -> None:
    assert uses(merged(scenario(), change(**WIDER))) == dict.fromkeys(SPOKES, OLD)


def test_a_sync_is_of_one_peering_and_takes_all_changes_over() -> None:
    once = merged(scenario(), change(**WIDER))
    twice = merged(once, change(vnets={"Hub": {"address_space": ["10.0.0.0/16", "10.9.0.0/16"]}}))
    assert uses(twice) == dict.fromkeys(SPOKES, OLD)
    found = merged(twice, PeeringSync(peering=SPOKES[0]))
    assert uses(found) == dict.fromkeys(SPOKES[1:], OLD)
    again = merged(found, change(**WIDER))
    assert uses(again) == {SPOKES[0]: ["10.0.0.0/16", "10.9.0.0/16"], **dict.fromkeys(SPOKES[1:], OLD)}


def test_both_sides_of_a_peering_can_be_out_of_sync() -> None:
    once = merged(scenario(), change(**WIDER))
    found = merged(once, change(vnets={"Spoke1": {"address_space": ["10.1.0.0/16", "10.7.0.0/16"]}}))
    assert uses(found) == {"Hub-to-Spoke1": ["10.1.0.0/16"], **dict.fromkeys(SPOKES, OLD)}


def test_a_change_may_be_in_sync_itself() -> None:
    patch = {"Spoke1-to-Hub": {"remote_address_space": None}, "Spoke2-to-Hub": {"allow_forwarded_traffic": True}}
    assert uses(merged(scenario(), change(**WIDER, peerings=patch))) == dict.fromkeys(SPOKES[1:], OLD)


def test_a_new_peering_is_in_sync() -> None:
    gone = merged(scenario(), change(peerings={"Spoke1-to-Hub": None}))
    again = scenario().peerings["Spoke1-to-Hub"].model_dump(exclude_unset=True)
    found = merged(gone, change(**WIDER, peerings={"Spoke1-to-Hub": again}))
    assert uses(found) == dict.fromkeys(SPOKES[1:], OLD)


def test_a_peering_that_is_only_initiated_holds_nothing() -> None:
    half = merged(scenario(), change(peerings={"Hub-to-Spoke1": None}))
    assert uses(merged(half, change(**WIDER))) == dict.fromkeys(SPOKES[1:], OLD)


def test_the_other_order_of_ranges_changes_nothing() -> None:
    two = merged(scenario(), change(**WIDER, peerings={key: {"remote_address_space": None} for key in SPOKES}))
    assert uses(two) == {}
    assert uses(merged(two, change(vnets={"Hub": {"address_space": ["10.8.0.0/16", "10.0.0.0/16"]}}))) == {}


@pytest.mark.parametrize("synced", [(), SPOKES[:1], SPOKES])
def test_the_way_back_of_an_address_space_leaves_all_in_sync(synced: tuple[str, ...]) -> None:
    found = merged(scenario(), change(**WIDER))
    for name in synced:
        found = merged(found, PeeringSync(peering=name))
    assert after(found, way_back(found, scenario())) == scenario()


@pytest.mark.parametrize("name", [HUB, "p2s-branch-bgp", "route-server-spokes"])
@pytest.mark.parametrize("seed", range(5))
def test_the_way_back_leads_back(name: str, seed: int) -> None:
    """Of whatever a change may touch."""
    one, other = (item.scenario for item in changed(name, seed))
    parts = {key: getattr(other, key) for key in Change.model_fields}
    there = one.model_copy(update=parts)
    if there == one:
        return
    assert after(there, way_back(there, one)) == one


def test_a_key_finds_its_way_back() -> None:
    data = untold(HUB)
    data["connections"]["Hub-Site1"]["shared_key"] = "AKeyOfTheFile"
    one = loaded(data).scenario
    other = merged(one, change(connections={"Hub-Site1": None}))
    again = after(other, way_back(other, one))
    key = again.connections["Hub-Site1"].shared_key
    assert key is not None
    assert key.get_secret_value() == "AKeyOfTheFile"


# --- refused --------------------------------------------------------------------------------------------------------


def told(patch: dict[str, Any], *more: dict[str, Any]) -> dict[str, Any]:
    data = untold(HUB)
    data["story"] = [{"name": "built"}, {"name": "changed", "do": [{"change": patch}, *more]}]
    return data


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        ({"peerings": {"Hub-to-Spoke1": {"allow_gateway": True}}}, "the result is no scenario"),
        ({"peerings": {"Hub-to-Spoke1": {"remote_vnet": "Spoke9"}}}, "Spoke9"),
        ({"peerings": {"Spoke1-to-Hub": None}}, "R88"),
        ({"vnets": {"Spoke1": {"address_space": ["10.2.0.0/16"]}}}, "10.2.0.0/16"),
        ({"vnets": {"Spoke1": None}}, "adds and removes no machine"),
        ({"vnets": {"Spoke1": {"vms": {"vm9": {"subnet": "default"}}}}}, "adds and removes no machine"),
        ({"sites": {"Site1": {"hosts": {"h1": None}}}}, "adds and removes no machine"),
        ({}, "name what changes"),
        ({"clients": {"c": {"os": "linux", "gateway": "Hub"}}}, "unknown key"),
    ],
)
def test_what_azure_would_refuse_is_refused(patch: dict[str, Any], said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        loaded(told(patch))
    assert any(said in str(finding) for finding in caught.value.findings), caught.value.findings


def test_later_steps_name_what_is_there_then() -> None:
    gone = {"connections": {"Hub-Site1": None}}
    with pytest.raises(ScenarioError) as caught:
        loaded(told(gone, {"fail_tunnel": {"connection": "Hub-Site1"}}))
    assert "there is no connection `Hub-Site1`" in str(caught.value.findings[0])
    later = {
        "name": "later",
        "do": [{"fail_tunnel": {"connection": "New"}}],
        "expect": {"connections": {"New": "NotConnected"}},
    }
    data = told({"connections": {"Hub-Site1": None, "New": {"type": "IPsec", "between": ["Hub", "Site1"]}}})
    loaded({**data, "story": [*data["story"], later]})


def test_every_kind_of_random_change_is_made_by_some_seed() -> None:
    """The generator itself: a kind that the rules always refuse tests nothing."""
    assert len(CHANGES) >= 10
    seen = {str(changed(HUB, seed)[1].scenario.model_dump(exclude={"story"})) for seed in range(20)}
    assert len(seen) >= 15
    assert Action(change=change(vnets={"Hub": {"region": "x"}})).verb == "change"
