"""Each rule of ``netlab.scenario.rules`` has pairs of scenarios: one breaks it and nothing else, the other keeps it.

After a change of a message that is meant, write the comments of the pairs anew (``make golden``) and look at the
difference in git.
"""

from __future__ import annotations

import inspect
import json
import os
import re
from pathlib import Path

import pytest
from findings import WHERE, findings
from hypothesis import given, settings
from hypothesis import strategies as st
from pairs import BETWEEN, PAIRS, Pair, annotated, plain
from topologies import as_yaml

from netlab.scenario import rules
from netlab.scenario.document import read
from netlab.scenario.loader import parse

# Their limits begin at a hundred: rules/test_connections.py and rules/test_nat_rules.py make the scenarios.
LARGE = {"r51_selectors_and_prefixes_are_few", "t14_nat_rules_are_few"}
# Where a policy finds no prefix, routing finds none either.
NEVER_ALONE = {"r20_policy_based_selectors_have_prefixes"}
NAMES = {rule.__name__ for rule in rules.RULES}
EVERYTHING = (Path(__file__).parent / "everything.yaml").read_text(encoding="utf-8")


# --- pairs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_one_scenario_of_a_pair_breaks_its_rule_and_the_other_one_nothing(pair: Pair) -> None:
    breaks = annotated(pair.breaks)
    if os.environ.get("NETLAB_UPDATE_GOLDEN"):
        pair.path.write_text(f"{breaks}{BETWEEN}{pair.keeps}", encoding="utf-8")
    assert breaks == pair.breaks
    assert annotated(pair.keeps) == pair.keeps


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_the_scenarios_of_a_pair_differ_by_little(pair: Pair) -> None:
    breaks, keeps = (read(plain(text), WHERE).data for text in (pair.breaks, pair.keeps))
    assert (breaks.pop("name"), keeps.pop("name")) == ("breaks", "keeps")
    assert 0 < differences(breaks, keeps) <= 2


def differences(one: object, other: object) -> int:
    """How many values are written in one of two documents only."""
    if isinstance(one, dict) and isinstance(other, dict):
        both = one.keys() & other.keys()
        renamed = max(len(one.keys() - both), len(other.keys() - both))
        return renamed + sum(differences(one[key], other[key]) for key in both)
    return int(one != other)


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_without_its_function_each_pair_of_a_rule_is_red(rule: rules.Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    own = [pair for pair in PAIRS if (pair.module, pair.function) == (rule.__module__.split(".")[-1], rule.__name__)]
    assert own or rule.__name__ in LARGE
    monkeypatch.setattr(rules, "RULES", tuple(item for item in rules.RULES if item is not rule))
    for pair in own:
        assert annotated(pair.breaks) != pair.breaks


def test_each_pair_belongs_to_a_rule() -> None:
    assert {pair.function for pair in PAIRS} == NAMES - LARGE


def test_each_rule_is_alone_in_a_pair() -> None:
    """What breaks one rule may break another too: but each rule has a pair that breaks nothing else."""
    alone = {pair.function for pair in PAIRS if len(findings(pair.breaks)) == 1}
    assert alone == NAMES - LARGE - NEVER_ALONE


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_no_message_holds_a_shared_key(pair: Pair) -> None:
    keys = {key for key in re.findall(r"shared_key: ([^,}\n]+)", plain(pair.breaks)) if len(key) > 2}
    assert not any(key.strip("'\"") in str(found) for found in findings(pair.breaks) for key in keys)


# --- rules ----------------------------------------------------------------------------------------------------------


def test_each_rule_is_listed_once_and_says_its_number() -> None:
    assert len(set(rules.RULES)) == len(rules.RULES)
    for rule in rules.RULES:
        assert rule.__doc__
        assert rule.__doc__.startswith(rules.number(rule))


def test_each_rule_function_is_listed() -> None:
    rooms = [item for item in vars(rules).values() if inspect.ismodule(item)]
    public = {name for room in rooms for name in vars(room) if re.match(r"[a-z]\d+_", name)}
    assert public == {rule.__name__ for rule in rules.RULES if rules.number(rule)}


# --- everything that a scenario may hold ----------------------------------------------------------------------------


def test_a_scenario_that_keeps_all_rules_has_no_finding() -> None:
    assert findings(EVERYTHING) == ()


def test_in_the_profile_of_the_seeds_it_has_none_either() -> None:
    """But for what the seeds lack: two tunnels to a site (R73), and signs in a key (R30)."""
    data = read(EVERYTHING, WHERE).data
    del data["connections"]["VNet5-d1"]
    data["connections"]["VNet1-VNet2"]["shared_key"] = "aB3"
    data["story"][2]["do"][0]["fail_tunnel"]["connection"] = "VNet5-d2"
    data["story"][2]["expect"]["connections"] = {"VNet5-d2": "Connected"}
    assert findings(as_yaml({**data, "profile": "seed"})) == ()


def test_warnings_do_not_refuse_a_scenario() -> None:
    loaded = parse(EVERYTHING.replace("10.2.255.0/27", "10.2.255.0/28"), WHERE)
    assert [(item.rule, item.severity) for item in loaded.warnings] == [("R3", "warning")]


def test_all_broken_rules_are_reported_at_once_in_the_order_of_lines() -> None:
    text = EVERYTHING.replace("10.1.0.9", "10.1.0.3").replace("gateway: VNet1, local", "gateway: VNet9, local")
    assert [item.rule for item in findings(text)] == ["R18", ""]


REFERENCES = (
    "route_table: filtered",
    "{subnet: default}\n      vm2",
    "{vnet: VNet4,",
    "remote_vnet: VNet4,",
    "site: Site1\n",
    "[VNet2, Site2]",
    "{VNet2: lng2}",
    "linux, gateway: VNet1, public",
    "{VNet2-Site2: ",
    "client: win,",
    "{site: Site1,",
    "{lin: [",
    "app: reachable",
    "dropped_at: win",
    "Site3], device: d1",
    "{VNet5-d2",
    "{connection: VNet5-d1",
    "{name: Site3",
    "{name: Site3, device: d1",
    "silence_device: {site: Site1",
    "fail_gateway: {vnet: VNet2",
    "set_key: {connection: VNet2-Site2",
    "end: Site2",
    "set_custom_routes: {vnet: VNet1",
    "mac, gateway: VNet5",
    "further_gateways: [VNet5",
    "revoked_certificates: [mac",
    "flow: {source: db",
    "connections: {VNet5-d1",
    "learned: {Site3",
    "site3-d2",
)
HOSTILE = ("../x", "a;b", "a\nb", "x" * 300, "\x1b[31m", "")


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("reference", REFERENCES)
def test_a_hostile_reference_is_refused_and_not_repeated_raw(reference: str, name: str) -> None:
    assert EVERYTHING.count(reference) == 1
    *_, known = re.findall(
        r"\b(?:filtered|VNet\d-\w+|(?:site3-)?d\d|default|VNet\d|Site\d|lng\d|win|lin|mac|app|db)\b", reference
    )
    found = findings(EVERYTHING.replace(reference, reference.replace(known, json.dumps(name), 1)))
    assert found
    assert all(item.message.isprintable() and len(item.message) < 400 for item in found)


WORDS = sorted(
    set(re.findall(r"[A-Za-z0-9][\w./-]+", EVERYTHING)) | {"0.0.0.0/0", "255.255.255.255/32", "10.1.0.0/31", "65515"}
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_rules_meet_any_mixture_of_names_and_values(data: st.DataObject) -> None:
    text = EVERYTHING
    for _ in range(data.draw(st.integers(1, 5))):
        text = text.replace(data.draw(st.sampled_from(WORDS)), data.draw(st.sampled_from(WORDS)), 1)
    findings(text)
