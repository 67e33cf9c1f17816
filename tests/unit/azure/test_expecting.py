"""The prediction as expectations: with them a file states everything, and the model agrees with it."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from netlab.azure.expecting import additions
from netlab.azure.outcome import prediction
from netlab.azure.prediction import AS_BUILT
from netlab.cli import app
from netlab.scenario.document import read
from netlab.scenario.loader import catalogue, parse
from netlab.scenario.writing import with_expectations

NET = """\
# Two sites.
name: two-sites
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}, vm2: {subnet: default}}
    vpn_gateway: {sku: VpnGw1AZ}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], hosts: {h1: 10.101.0.10}}
  Site2: {address_prefixes: [10.102.0.0/16], hosts: {h2: 10.102.0.10, h3: 10.102.0.11}}
connections:
  one: {type: IPsec, between: [VNet1, Site1]}
  two: {type: IPsec, between: [VNet1, Site2]}
"""
NO_ROUTE = "The only route to a private destination leads to the Internet"
ONE_CUT = "no tunnel: one has no INSTALLED CHILD SA"


def added(text: str) -> tuple[dict[str, Any], ...]:
    return additions(parse(text, "x.yaml").scenario)


def private(node: str, address: str) -> dict[str, str]:
    return {
        "unreachable": f"no route: {node} has no route to {address} but the one to the Internet",
        "dropped_at": node,
    }


def test_places_stand_for_machines_that_fare_alike() -> None:
    assert added(NET) == (
        {
            "connections": {"one": "Connected", "two": "Connected"},
            "reach": {
                "VNet1": {"VNet1": "reachable", "Site1": "reachable", "Site2": "reachable"},
                "Site1": {"VNet1": "reachable", "Site2": {"unreachable": NO_ROUTE, "dropped_at": "site1"}},
                "Site2": {"VNet1": "reachable", "Site1": private("site2", "10.101.0.10"), "Site2": "reachable"},
            },
        },
    )


def test_what_is_stated_is_left_out_and_its_neighbours_are_named() -> None:
    expect = "{connections: {two: NotConnected}, reach: {vm1: {h2: unreachable}}}"
    story = f"story:\n  - {{name: s, expect: {expect}}}\n"
    (found,) = added(NET + story)
    assert found["connections"] == {"one": "Connected"}
    assert found["reach"]["vm1"] == {"h3": "reachable"}
    assert found["reach"]["vm2"] == {"Site2": "reachable"}
    assert found["reach"]["VNet1"] == {"VNet1": "reachable", "Site1": "reachable"}


def test_a_later_step_states_what_changes() -> None:
    story = (
        "story:\n  - {name: s}\n  - {name: cut, do: [{cut_link: {name: Site1}}]}\n  - {name: as before}\n"
        "  - {name: mended, do: [{mend_link: {name: Site1}}]}\n"
    )
    _, cut, same, mended = added(NET + story)
    down = {"unreachable": ONE_CUT, "dropped_at": "vnet1-gw-0"}
    assert cut == {
        "connections": {"one": "NotConnected"},
        "reach": {"VNet1": {"Site1": down}, "Site1": {"VNet1": {**down, "dropped_at": "site1"}}},
    }
    assert same == {}
    assert mended == {
        "connections": {"one": "Connected"},
        "reach": {"VNet1": {"Site1": "reachable"}, "Site1": {"VNet1": "reachable"}},
    }


def test_what_an_earlier_step_states_holds_on() -> None:
    """The model may then disagree with the file; that is for its author to decide."""
    story = (
        "story:\n  - {name: s, expect: {connections: {one: Connected}, reach: {VNet1: {Site1: reachable}}}}\n"
        "  - {name: cut, do: [{cut_link: {name: Site1}}]}\n"
    )
    _, cut = added(NET + story)
    assert cut == {"reach": {"Site1": {"VNet1": {"unreachable": ONE_CUT, "dropped_at": "site1"}}}}


def test_routes_of_clients_are_stated_where_they_change() -> None:
    net = NET.replace("{sku: VpnGw1AZ}", "{sku: VpnGw1AZ, point_to_site: {address_pool: 192.168.7.0/24}}")
    story = (
        "clients: {win: {os: windows, gateway: VNet1}}\nstory:\n  - {name: s}\n"
        "  - {name: by hand, do: [{add_route: {client: win, prefix: 10.101.0.0/16}}]}\n  - {name: same}\n"
    )
    routes = [step.get("routes") for step in added(net + story)]
    assert routes == [
        {"win": ["10.1.0.0/16", "192.168.7.0/24"]},
        {"win": ["10.1.0.0/16", "10.101.0.0/16", "192.168.7.0/24"]},
        None,
    ]


def test_what_is_learned_is_stated_and_that_it_is_gone() -> None:
    net = NET.replace("{sku: VpnGw1AZ}", "{sku: VpnGw1AZ, bgp: {asn: 65010}}")
    net = net.replace("hosts: {h1", "bgp: {asn: 65101}, hosts: {h1").replace("Site1]}", "Site1], enable_bgp: true}")
    story = (
        "story:\n  - {name: s, expect: {learned: {Site1: {10.1.0.0/16: '65010'}}}}\n"
        "  - {name: cut, do: [{cut_link: {name: Site1}}]}\n  - {name: as before}\n"
        "  - {name: many, do: [{mend_link: {name: Site1}}, {announce: {site: Site1, prefix: 10.2.0.0/17, count: 128}}]}"
    )
    learned = [step.get("learned") for step in added(net + story)]
    assert learned == [
        {"VNet1": {"10.101.0.0/16": "65101"}, "Site1": {"10.102.0.0/16": "65010"}},
        {"VNet1": {"10.101.0.0/16": "absent"}, "Site1": {"10.102.0.0/16": "absent"}},
        None,
        {"Site1": {"10.102.0.0/16": "65010"}},
    ]


# Clients, BGP, faults, equal paths, appliances, the Internet, and files without a story.
SPREAD = (
    "expressroute-vpn-coexist-failover", "p2s-branch-bgp", "p2s-certificates", "s2s-active-active", "s2s-psk-mismatch",
    "s2s-static", "udr-nva", "udr-own-vpn-server", "vnet-to-vnet-and-site",
)  # fmt: skip


@pytest.mark.parametrize("bare", [False, True], ids=["as it is", "without expectations"])
@pytest.mark.parametrize("name", SPREAD)
def test_a_file_that_states_its_prediction_states_everything(name: str, bare: bool) -> None:
    text = catalogue()[name].read_text(encoding="utf-8")
    assert_complete(without_expectations(text) if bare else text)


def without_expectations(text: str) -> str:
    data, out = YAML(typ="rt").load(text), StringIO()
    for step in data.get("story", ()):
        step.pop("expect", None)
    YAML(typ="rt").dump(data, out)
    return out.getvalue()


def assert_complete(text: str) -> None:
    """The model agrees, nothing is left to say, and what was written is still there."""
    loaded = parse(text, "x.yaml")
    written = with_expectations(text, additions(loaded.scenario), AS_BUILT)
    now = parse(written, "x.yaml").scenario
    found = prediction(now, all_pairs=True)
    assert not [cell for step in found.steps for cell in step.cells if cell.status != "passed"]
    assert not [check for step in found.steps for check in step.checks]
    assert not found.unstated.connections
    assert additions(now) == tuple({} for _ in found.steps)
    comments = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    assert [line for line in written.splitlines() if line.lstrip().startswith("#")] == comments
    unlike = {**read(written, "x.yaml").data, "story": None}
    assert unlike == {**read(text, "x.yaml").data, "story": None}


def test_the_verb_writes_in_place_elsewhere_or_not_at_all(tmp_path: Path) -> None:
    file, other = tmp_path / "x.yaml", tmp_path / "y.yaml"
    file.write_text(NET)
    run = CliRunner().invoke
    dry = run(app, ["expect", str(file), "--dry-run"])
    assert (dry.exit_code, file.read_text()) == (0, NET)
    assert "+  - name: as built\n" in dry.stdout
    assert run(app, ["expect", str(file), "-o", str(other)]).exit_code == 0
    assert file.read_text() == NET
    done = run(app, ["expect", str(file)])
    assert done.exit_code == 0
    assert file.read_text() == other.read_text() == NET + file.read_text()[len(NET) :] != NET
    once = file.read_text()
    assert run(app, ["expect", str(file)]).stdout == ""
    assert file.read_text() == once
    assert run(app, ["predict", str(file)]).exit_code == 0


def test_a_scenario_that_came_with_netlab_is_not_changed(tmp_path: Path) -> None:
    name = sorted(catalogue())[0]
    before = catalogue()[name].read_text()
    refused = CliRunner().invoke(app, ["expect", name])
    assert refused.exit_code != 0 or "states everything already" in refused.stderr
    assert catalogue()[name].read_text() == before
