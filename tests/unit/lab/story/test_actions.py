"""The actions of a story: each is written down, does its part on the machine, and is undone by rewinding."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from machine import LAB, Bgp, Fake, Gateways, Log, loaded, planned

from netlab.errors import BuildError
from netlab.lab.build import keys, records
from netlab.lab.story.actions import take
from netlab.lab.story.rewind import rewind
from netlab.lab.story.stage import Stage
from netlab.plan import names
from netlab.plan.model import BgpSpeaker, Client, Link, Plan
from netlab.scenario.models import Action

CONNECTION = "VNet1-Site1"


@dataclass
class Changes:
    """What was changed on the machine, in order; at which change to fail."""

    made: list[tuple[Any, ...]] = field(default_factory=list)
    fail_at: str = ""

    def note(self, *what: Any) -> None:
        self.made.append(what)
        if what[0] == self.fail_at:
            raise BuildError("refused")


@dataclass
class Ike:
    changes: Changes

    def load_keys(self, plan: Plan, secrets: Mapping[str, str]) -> None:
        self.changes.note("load keys", *sorted(secrets))

    def reset(self, plan: Plan, connection: str, refused: Collection[str] = ()) -> None:
        self.changes.note("reset", connection)

    def initiate(self, plan: Plan, connections: Collection[str], refused: Collection[str] = ()) -> None:
        if connections:
            self.changes.note("initiate", *connections)

    def terminate(self, plan: Plan, connections: Collection[str]) -> None:
        if connections:
            self.changes.note("terminate", *connections)


@dataclass
class Links:
    changes: Changes

    def cut(self, plan: Plan, links: Collection[Link]) -> None:
        for link in links:
            self.changes.note("cut", link.a.node)

    def mend(self, plan: Plan, links: Collection[Link]) -> None:
        for link in links:
            self.changes.note("mend", link.a.node)


@dataclass
class Filters:
    changes: Changes

    def stop(self, plan: Plan, nodes: Collection[str]) -> None:
        if nodes:
            self.changes.note("stop", *nodes)

    def start(self, plan: Plan, nodes: Collection[str]) -> None:
        if nodes:
            self.changes.note("start", *nodes)

    def sever(self, plan: Plan, ports: Collection[tuple[str, str]]) -> None:
        for port in ports:
            self.changes.note("sever", *port)

    def rejoin(self, plan: Plan, ports: Collection[tuple[str, str]]) -> None:
        for port in ports:
            self.changes.note("rejoin", *port)


@dataclass
class Clients:
    """Clients that are connected."""

    changes: Changes

    def virtual_address(self, client: Client) -> str:
        return "192.168.0.1"

    def disconnect(self, plan: Plan, client: Client) -> None:
        self.changes.note("disconnect", client.name)

    def reconnect(self, plan: Plan, client: Client) -> None:
        self.changes.note("reconnect", client.name)

    def change_routes(self, plan: Plan, client: Client, add: Iterable[str] = (), delete: Iterable[str] = ()) -> None:
        self.changes.note("routes", client.name, tuple(add), tuple(delete))

    def profile_file(self, client: Client) -> str:
        return "Generic/VpnSettings.xml"

    def package(self, plan: Plan, client: Client, prefixes: Collection[str]) -> Mapping[str, str]:
        return {"Generic/VpnSettings.xml": " ".join(prefixes)}

    def profile_routes(self, client: Client, profile: str) -> tuple[str, ...]:
        return tuple(profile.split()) if client.os == "windows" else ()


class Speakers(Bgp):
    """Speakers that have converged."""

    def __init__(self, log: Log, changes: Changes) -> None:
        super().__init__(log)
        self.changes = changes

    def announce(self, speaker: BgpSpeaker, add: Iterable[str] = (), delete: Iterable[str] = ()) -> None:
        self.changes.note("announce", speaker.node, tuple(add), tuple(delete))


class PushingGateways(Gateways):
    """Gateways in step, with custom routes."""

    def __init__(self, log: Log, changes: Changes) -> None:
        super().__init__(log)
        self.changes = changes

    def set_custom_routes(self, netns: str, prefixes: Iterable[str]) -> None:
        self.changes.note("custom routes", netns, tuple(prefixes))


def stage(changes: Changes) -> Stage:
    """A lab that has converged, on a machine that notes its changes."""
    fake = Fake()
    ports: dict[str, Any] = {
        "ike": Ike(changes),
        "links": Links(changes),
        "filters": Filters(changes),
        "clients": Clients(changes),
        "bgp": Speakers(fake.log, changes),
        "gateways": PushingGateways(fake.log, changes),
    }
    facts = records.Facts(LAB, loaded().scenario.name, "userspace", 20)
    return Stage(records.Lab(facts, loaded().scenario, planned()), replace(fake.ports, **ports))


@pytest.fixture(autouse=True)
def run_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The run directory of a lab that is up."""
    root = str(tmp_path / "run")
    monkeypatch.setattr(names, "RUN_ROOT", root)
    monkeypatch.setattr(records, "RUN_ROOT", root)
    planned.cache_clear()
    with records.claimed(LAB):
        pass
    facts = records.Facts(LAB, loaded().scenario.name, "userspace", 20)
    records.write(facts, loaded().text, keys.pre_shared_keys(loaded().scenario, planned().secrets))
    (Path(root) / LAB / "journal").touch()
    yield Path(root) / LAB
    planned.cache_clear()


def action(verb: str, **subject: object) -> Action:
    return Action.model_validate({verb: subject})


def remembered(directory: Path) -> list[str]:
    return [next(iter(item)) for item in json.loads((directory / "story.json").read_text())]


SHARED = ("ipsec:VNet1-Site1:Site1", "ipsec:VNet1-Site1:VNet1")
ANNOUNCED = ("10.102.0.0/16",)
CASES = [
    (
        action("fail_tunnel", connection=CONNECTION),
        [("terminate", CONNECTION)],
        [("initiate", CONNECTION)],
    ),
    (action("cut_link", name="Site1"), [("cut", "site1-edge")], [("mend", "site1-edge")]),
    (action("cut_link", name="lin"), [("cut", "lin")], [("mend", "lin")]),
    (
        action("silence_device", site="Site1"),
        [("sever", "site1-edge", "wan")],
        [("rejoin", "site1-edge", "wan")],
    ),
    (action("stop_vm", vm="vm1"), [("stop", "vnet1-vm1")], [("start", "vnet1-vm1")]),
    (
        action("announce", site="Site1", prefix="10.102.0.0/16"),
        [("announce", "site1", ANNOUNCED, ())],
        [("announce", "site1", (), ANNOUNCED)],
    ),
    (
        action("set_custom_routes", vnet="VNet1", prefixes=["10.9.0.0/16"]),
        [("custom routes", "nl.lab.vnet1-gw-0", ("10.9.0.0/16",))],
        [("custom routes", "nl.lab.vnet1-gw-0", ())],
    ),
    (
        action("add_route", client="win", prefix="10.9.0.0/16"),
        [("routes", "win", ("10.9.0.0/16",), ())],
        [("routes", "win", (), ("10.9.0.0/16",))],
    ),
    (
        action("set_key", connection=CONNECTION, shared_key="AnotherKey"),
        [("load keys", *SHARED), ("reset", CONNECTION)],
        [("load keys", *SHARED, "p2s:VNet1:lin", "p2s:VNet1:win"), ("reset", CONNECTION)],
    ),
    (action("disconnect", client="lin"), [("disconnect", "lin")], [("reconnect", "lin")]),
    (action("restart_client", client="lin"), [("disconnect", "lin")], [("reconnect", "lin")]),
]


@pytest.mark.parametrize(("asked", "done", "undone"), CASES, ids=lambda item: getattr(item, "verb", ""))
def test_an_action_does_its_part_and_is_undone(
    asked: Action, done: list[object], undone: list[tuple[object, ...]], run_directory: Path
) -> None:
    changes = Changes()
    on = stage(changes)
    take(on, asked)
    assert changes.made == done
    assert remembered(run_directory) == [asked.verb]
    changes.made.clear()
    # Another netlab puts it back: it reads what was written down.
    other = stage(changes)
    rewind(other)
    assert [change for change in changes.made if change in undone] == undone
    assert remembered(run_directory) == []
    assert other.state.faults == records.opening(other.lab).faults


def test_an_action_is_written_down_before_it_is_taken(run_directory: Path) -> None:
    """One that fails half-way is put back too."""
    changes = Changes(fail_at="cut")
    with pytest.raises(BuildError):
        take(stage(changes), action("cut_link", name="Site1"))
    assert remembered(run_directory) == ["cut_link"]


def test_several_actions_are_undone_in_reverse(run_directory: Path) -> None:
    changes = Changes()
    on = stage(changes)
    take(on, action("cut_link", name="Site1"))
    take(on, action("stop_vm", vm="vm1"))
    changes.made.clear()
    rewind(on)
    assert changes.made == [("start", "vnet1-vm1"), ("mend", "site1-edge")]


def test_what_cannot_be_undone_keeps_nothing_else_from_being_undone(run_directory: Path) -> None:
    """What is left stays written down."""
    changes = Changes()
    on = stage(changes)
    take(on, action("cut_link", name="Site1"))
    take(on, action("stop_vm", vm="vm1"))
    changes.made.clear()
    changes.fail_at = "start"
    with pytest.raises(BuildError, match="refused"):
        rewind(on)
    assert ("mend", "site1-edge") in changes.made
    assert "stop_vm" in remembered(run_directory)
