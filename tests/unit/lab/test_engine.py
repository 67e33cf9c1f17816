"""Building with a way back: whatever fails or interrupts, at whatever step, nothing is left.

The machine here is made by hand: it remembers what it was asked and what was made, and can fail at any request.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from netlab.azure.world import initial
from netlab.controllers.sdn import Watch, wanted_routes, wanted_selectors
from netlab.errors import BuildError, ConvergeError, HostError, LabError, NetlabError, UsageError
from netlab.lab.build import engine, state
from netlab.lab.build.settling import await_bgp
from netlab.machine.network import KernelRoute
from netlab.plan import names, steering
from netlab.plan.model import MAIN_TABLE, BgpSpeaker, Client, GatewayView, Plan, Route, Timers, Uplink
from netlab.plan.planner import plan
from netlab.scenario.loader import Loaded, load, parse
from netlab.scenario.models import Scenario

LAB = "lab"
KEY = "TheKeyOfTheFile"
CONNECTION = "VNet1-Site1: {type: IPsec, between: [VNet1, Site1], enable_bgp: true"
NAMESPACES, NETWORK, LINKS, DAEMONS, TUNNELS, KEYS, CONTROLLER, SAS, BGPD, BGP, TABLES, CLIENTS = TITLES = (
    "network namespaces",
    "links, addresses and routes",
    "impaired links",
    "IKE and routing daemons",
    "tunnel interfaces",
    "keys and connections",
    "SDN controller",
    "security associations",
    "BGP daemons",
    "BGP sessions and routes",
    "VNet route tables",
    "point-to-site clients",
)
# What is made last is unmade first.
STOPS = (BGPD, CONTROLLER, DAEMONS)


@cache
def loaded() -> Loaded:
    """A lab with every kind of step: BGP, clients, a key of its own, an impaired link."""
    text = Path(load("p2s-branch-bgp").where).read_text()
    text = text.replace(CONNECTION, f"{CONNECTION}, shared_key: {KEY}")
    return parse(text.replace("\nstory:", "\nlinks: {Site1: {rate: 100mbit}}\nstory:"), "test.yaml")


@cache
def planned() -> Plan:
    return plan(loaded().scenario, LAB)


class Machine:
    """What was asked, in order; what exists; at which request to raise what."""

    def __init__(self, fail_at: int = 0, error: BaseException | None = None) -> None:
        self.asked: list[str] = []
        self.journal: list[list[str]] = []
        self.namespaces: set[str] = set()
        self.processes: set[str] = set()
        self.stubborn: list[str] = []
        self.secrets: Mapping[str, str] = {}
        self.connected: set[str] = set()
        self.refused: set[str] = set()
        self.deaf = False
        self._fail_at = fail_at
        self._error = error
        self._known: dict[str, tuple[tuple[str, bool, int], ...]] = {}

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        self.journal.append(journal())
        if len(self.asked) == self._fail_at and self._error is not None:
            raise self._error

    # A request that fails has done half of its work.

    def create_namespaces(self, plan: Plan) -> None:
        self.namespaces |= {node.netns for node in plan.nodes}
        self._ask(NAMESPACES)

    def build_network(self, plan: Plan) -> None:
        self._ask(NETWORK)

    def impair(self, plan: Plan, uplink: Uplink) -> object:
        assert uplink.name == "Site1"
        return self._ask(LINKS)

    def start_daemons(self, plan: Plan) -> None:
        self.processes |= {f"charon of {charon.node}" for charon in plan.charons}
        self._ask(DAEMONS)

    def place_tunnels(self, plan: Plan) -> None:
        self._ask(TUNNELS)

    def load_connections(self, plan: Plan, secrets: Mapping[str, str]) -> None:
        self.secrets = secrets
        self._ask(KEYS)

    def start_controller(self, lab: str) -> None:
        assert state.exists(lab), "the controller reads what `up` has written"
        self.processes.add("controller")
        self._ask(CONTROLLER)

    def initiate(self, plan: Plan, refused: Collection[str] = ()) -> None:
        assert not refused
        self._ask(SAS)

    def start_bgp(self, plan: Plan) -> None:
        self.processes |= {f"bgpd of {speaker.node}" for speaker in plan.speakers}
        heard = initial(loaded().scenario).learned
        for view in plan.gateways:
            self._known[view.node] = (("192.168.0.0/24", False, 0), *((str(p), True, 1) for p in heard[view.node]))
        self._ask(BGPD)

    def connect(self, plan: Plan, clients: Iterable[Client]) -> dict[str, str]:
        self.connected |= {client.name for client in clients} - self.refused
        self._ask(CLIENTS)
        return {client.name: "AUTHENTICATION_FAILED" for client in clients if client.name in self.refused}

    def virtual_address(self, client: Client) -> str:
        self._ask(CLIENTS)
        return "192.168.0.1" if client.name in self.connected else ""

    def disconnect(self, plan: Plan, client: Client) -> None:
        raise NotImplementedError

    def reconnect(self, plan: Plan, client: Client) -> None:
        raise NotImplementedError

    def change_client_routes(
        self, plan: Plan, client: Client, add: Iterable[str] = (), delete: Iterable[str] = ()
    ) -> None:
        self._ask(CLIENTS)

    # What waiting reads: a lab that has converged.

    def bgp_states(self, speaker: BgpSpeaker) -> dict[str, str]:
        self._ask(BGP)
        return {neighbor.address: "Established" for neighbor in speaker.neighbors}

    def bfd_states(self, speaker: BgpSpeaker) -> dict[str, str]:
        self._ask(BGP)
        return {}

    def count_again(self, speaker: BgpSpeaker) -> None:
        self._ask(BGP)

    def as_paths(self, speaker: BgpSpeaker) -> dict[str, frozenset[str]]:
        self._ask(BGP)
        known = initial(loaded().scenario).learned[speaker.node] if not self.deaf else {}
        return {str(prefix): frozenset(" ".join(map(str, p.as_path)) for p in paths) for prefix, paths in known.items()}

    def routes(self, netns: str) -> tuple[KernelRoute, ...]:
        self._ask(BGP)
        node = next(node for node in planned().nodes if node.netns == netns)
        return tuple(
            KernelRoute(str(prefix), "unicast", MAIN_TABLE, 186, 20, ("t-vnet1-site1",), (), "")
            for prefix in initial(loaded().scenario).learned[node.name]
        )

    def await_controller(self, lab: str) -> None:
        assert "controller" in self.processes
        self._ask(TABLES)

    def gateway_prefixes(self, view: GatewayView) -> tuple[tuple[str, bool, int], ...]:
        self._ask(TABLES)
        return self._known[view.node]

    def custom_routes(self, view: GatewayView) -> tuple[str, ...]:
        self._ask(TABLES)
        return ()

    def tables(self, netns: str) -> tuple[Route, ...]:
        self._ask(TABLES)
        fabric = next(fabric for fabric in planned().fabrics if fabric.netns == netns)
        return tuple(route for t in fabric.tables for route in wanted_routes(t, self._known))

    def selectors(self, view: GatewayView) -> tuple[str, ...]:
        self._ask(TABLES)
        return wanted_selectors(view, self._known[view.node])

    def own_routes(self, netns: str) -> tuple[Route, ...]:
        self._ask(TABLES)
        node = next(node for node in planned().nodes if node.netns == netns)
        return tuple(steering.routes(planned(), node.name, steering.everything_up(planned())))

    def installed(self, directory: str, connection: str) -> bool:
        self._ask(TABLES)
        return True

    def all_installed(self, directory: str) -> frozenset[str]:
        self._ask(TABLES)
        return frozenset(loaded().scenario.connections)

    # The way back, and finding what there is.

    def stop_processes(self, lab: str) -> list[str]:
        self.asked.append("stop")
        self.processes = set(self.stubborn)
        return self.stubborn

    def remove_namespaces(self, lab: str) -> None:
        assert not self.processes - set(self.stubborn), "a namespace is removed under a live process"
        self.asked.append("remove namespaces")
        self.namespaces = {name for name in self.namespaces if not name.startswith(f"nl.{lab}.")}

    def namespaces_of(self, lab: str) -> tuple[str, ...]:
        return tuple(sorted(name for name in self.namespaces if name.startswith(f"nl.{lab}.")))

    def labs_with_namespaces(self) -> tuple[str, ...]:
        return tuple({name.split(".")[1] for name in self.namespaces})

    # The controller's own; the engine only carries them.

    def change_tables(self, netns: str, add: Iterable[Route], delete: Iterable[Route]) -> None:
        raise NotImplementedError

    def load_selectors(self, view: GatewayView, prefixes: Iterable[str], timers: Timers) -> None:
        raise NotImplementedError

    def watch(self, netns: Iterable[str], directories: Iterable[str]) -> Watch:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run root of this test."""
    found = tmp_path / "run"
    monkeypatch.setattr(names, "RUN_ROOT", str(found))
    monkeypatch.setattr(state, "RUN_ROOT", str(found))
    # The plan holds the run root.
    planned.cache_clear()
    return found


def journal() -> list[str]:
    return (Path(names.lab_directory(LAB)) / "journal").read_text().splitlines()


def up(machine: Machine, said: list[str] | None = None) -> None:
    """Build the lab; ``said`` gets what was said about progress."""
    said = [] if said is None else said
    facts = state.Facts(LAB, loaded().scenario.name, "userspace", loaded().scenario.time_scale)
    engine.up(planned(), loaded().scenario, loaded().text, facts, machine, said.append)


def requests() -> list[str]:
    """What an `up` that succeeds asks of the machine, in order."""
    machine = Machine()
    up(machine)
    engine.down(LAB, Machine())
    return machine.asked


# --- up that succeeds -----------------------------------------------------------------------------------------------


def test_up_takes_every_step_in_order_and_says_so(root: Path) -> None:
    machine, said = Machine(), []
    up(machine, said)
    assert tuple(said) == TITLES
    assert tuple(dict.fromkeys(machine.asked)) == TITLES
    assert machine.namespaces == {node.netns for node in planned().nodes}
    assert state.is_up(LAB)
    assert state.read(LAB).plan == planned()


def test_bgp_has_settled_only_with_the_right_as_paths() -> None:
    """Which a kernel route does not tell."""
    machine, world = Machine(), initial(loaded().scenario)
    up(machine)
    await_bgp(planned(), world, machine)
    machine.deaf = True
    with pytest.raises(ConvergeError, match=r"vnet1-gw-0: the AS path to 10\.101\.0\.0/16 is none, not 65101"):
        await_bgp(planned(), world, machine, seconds=0.05)


def test_a_lab_without_impaired_links_has_no_such_step() -> None:
    scenario = load("p2s-branch-bgp").scenario
    found = engine.steps(plan(scenario, LAB), scenario, {}, Machine())
    assert tuple(step.title for step in found) == tuple(title for title in TITLES if title != LINKS)


def test_each_step_is_in_the_journal_before_it_is_taken() -> None:
    machine = Machine()
    up(machine)
    for asked, written in zip(machine.asked, machine.journal, strict=True):
        assert written == list(TITLES[: TITLES.index(asked) + 1])
    assert journal() == [*TITLES, "up"]


def test_keys_are_roots_alone_and_in_no_other_file(root: Path) -> None:
    machine = Machine()
    up(machine)
    directory = root / LAB
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    for name in ("secrets.json", "scenario.yaml"):
        assert stat.S_IMODE((directory / name).stat().st_mode) == 0o600
    keys = json.loads((directory / "secrets.json").read_text())
    assert keys == machine.secrets
    assert set(keys) == set(planned().secrets)
    for path in directory.rglob("*"):
        if path.is_file() and path.name not in ("secrets.json", "scenario.yaml"):
            assert not any(key in path.read_text() for key in keys.values()), path
    assert json.loads((directory / "lab.json").read_text()) == {
        "lab": LAB,
        "scenario": "p2s-branch-bgp",
        "data_plane": "userspace",
        "time_scale": 20,
    }


def test_a_key_that_the_file_gives_is_taken_and_the_others_are_new_and_distinct() -> None:
    """R30, R31."""
    one, other = (state.pre_shared_keys(loaded().scenario, planned().secrets) for _ in range(2))
    ends = ("ipsec:VNet1-Site1:VNet1", "ipsec:VNet1-Site1:Site1")
    assert {keys[end] for keys in (one, other) for end in ends} == {KEY}
    made = [key for keys in (one, other) for name, key in keys.items() if name not in ends]
    assert len(made) == len(set(made)) == 4
    assert all(len(key) >= 32 and key.isalnum() for key in made)


@pytest.mark.parametrize(("other_end", "same"), [(None, True), ({"shared_key": "wrong"}, False)])
def test_both_ends_have_the_generated_key_unless_one_is_given_another(other_end: object, same: bool) -> None:
    data = loaded().scenario.model_dump(exclude_unset=True)
    data["connections"]["VNet1-Site1"] |= {"shared_key": None, "other_end": other_end}
    keys = state.pre_shared_keys(Scenario.model_validate(data), planned().secrets)
    assert (keys["ipsec:VNet1-Site1:VNet1"] == keys["ipsec:VNet1-Site1:Site1"]) is same


# --- up that fails --------------------------------------------------------------------------------------------------


def expected_way_back(asked: str) -> list[str]:
    """What undoes an `up` that came as far as a request, last things first."""
    taken = TITLES[: TITLES.index(asked) + 1]
    return ["stop" for title in STOPS if title in taken] + ["remove namespaces"]


def gone(machine: Machine, root: Path) -> None:
    assert machine.namespaces == set()
    assert machine.processes == set()
    assert not root.exists(), "the run directory of the last lab goes with it"


def at_every_request(error: Callable[[], BaseException], root: Path) -> Iterator[tuple[str, Any]]:
    """An `up` that fails at each request in turn: the request, and what was raised in the end."""
    for number, asked in enumerate(requests(), 1):
        machine = Machine(number, error())
        with pytest.raises(BaseException) as raised:  # noqa: PT011
            up(machine)
        gone(machine, root)
        assert machine.asked[number:] == expected_way_back(asked), asked
        yield asked, raised.value


def test_there_are_requests_at_every_step() -> None:
    assert set(requests()) == set(TITLES)


def test_a_failure_is_undone_in_reverse_and_named_with_its_step(root: Path) -> None:
    for asked, raised in at_every_request(lambda: BuildError("no such thing", "do this"), root):
        assert type(raised) is BuildError
        assert (str(raised), raised.hint) == (f"{asked}: no such thing", "do this")


@pytest.mark.parametrize("kind", [ConvergeError, HostError])
def test_a_failure_keeps_its_kind(kind: type[NetlabError]) -> None:
    """Exit code 3 and 4 are told apart by it."""
    with pytest.raises(kind, match=f"{NAMESPACES}: no such thing"):
        up(Machine(1, kind("no such thing")))


def test_a_failure_of_the_system_is_undone_and_named_with_its_step(root: Path) -> None:
    for asked, raised in at_every_request(lambda: OSError(28, "No space left on device"), root):
        assert type(raised) is BuildError
        assert str(raised) == f"{asked}: [Errno 28] No space left on device"


def test_an_interruption_is_undone_and_passed_on(root: Path) -> None:
    for _, raised in at_every_request(KeyboardInterrupt, root):
        assert type(raised) is KeyboardInterrupt


def test_a_mistake_of_ours_is_undone_and_passed_on(root: Path) -> None:
    machine = Machine(requests().index(CLIENTS) + 1, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        up(machine)
    gone(machine, root)


@pytest.mark.parametrize("first", [ConvergeError("no answer"), KeyboardInterrupt()])
def test_what_failed_first_is_raised_though_a_process_would_not_go(first: BaseException, root: Path) -> None:
    machine = Machine(requests().index(SAS) + 1, first)
    machine.stubborn = ["charon (1)"]
    said: list[str] = []
    with pytest.raises(type(first)):
        up(machine, said)
    assert said[-1] == "these processes of lab lab do not end: charon (1)"
    assert machine.namespaces == set()
    assert not root.exists()


def test_after_a_failure_the_same_lab_can_be_built(root: Path) -> None:
    with pytest.raises(BuildError):
        up(Machine(3, BuildError("once")))
    up(Machine())
    assert state.is_up(LAB)


# --- up that is refused ---------------------------------------------------------------------------------------------


def test_a_lab_of_that_name_is_refused_and_left_alone(root: Path) -> None:
    machine = Machine()
    up(machine)
    before = {path: path.read_bytes() for path in (root / LAB).rglob("*") if path.is_file()}
    namespaces, asked = set(machine.namespaces), list(machine.asked)
    with pytest.raises(UsageError, match="a lab called lab exists already"):
        up(machine)
    assert {path: path.read_bytes() for path in (root / LAB).rglob("*") if path.is_file()} == before
    assert (machine.namespaces, machine.asked) == (namespaces, asked)
    assert state.is_up(LAB)


def test_namespaces_that_nobody_owns_are_refused_and_left_alone(root: Path) -> None:
    machine = Machine()
    machine.namespaces = {"nl.lab.vnet1"}
    with pytest.raises(BuildError, match=r"nl\.lab\.vnet1 exists already"):
        up(machine)
    assert machine.namespaces == {"nl.lab.vnet1"}
    assert machine.asked == []
    assert not root.exists()


def test_a_run_directory_that_cannot_be_made_is_refused(root: Path) -> None:
    root.write_text("a file in the way")
    machine = Machine()
    with pytest.raises(HostError, match="cannot make the run directory"):
        up(machine)
    assert machine.asked == []


# --- down -----------------------------------------------------------------------------------------------------------


def test_down_removes_everything_and_works_twice(root: Path) -> None:
    machine = Machine()
    up(machine)
    machine.asked.clear()
    assert engine.down(LAB, machine)
    assert machine.asked == ["stop", "remove namespaces"]
    gone(machine, root)
    assert not engine.down(LAB, machine)
    gone(machine, root)


def test_down_leaves_other_labs_alone(root: Path) -> None:
    machine = Machine()
    up(machine)
    machine.namespaces.add("nl.lab-2.vnet1")
    (root / "lab-2").mkdir()
    engine.down(LAB, machine)
    assert machine.namespaces == {"nl.lab-2.vnet1"}
    assert [path.name for path in root.iterdir()] == ["lab-2"]


@pytest.mark.parametrize("damage", ["", "{", "\x00", None])
def test_down_needs_no_state(damage: str | None, root: Path) -> None:
    machine = Machine()
    up(machine)
    for name in ("lab.json", "scenario.yaml", "journal", "secrets.json"):
        (root / LAB / name).unlink()
        if damage is not None:
            (root / LAB / name).write_text(damage)
    assert engine.down(LAB, machine)
    gone(machine, root)


def test_down_finds_namespaces_without_a_run_directory(root: Path) -> None:
    machine = Machine()
    machine.namespaces = {"nl.lab.vnet1"}
    assert engine.down(LAB, machine)
    gone(machine, root)


def test_down_says_which_processes_do_not_end_and_keeps_the_rest_for_another_try(root: Path) -> None:
    machine = Machine()
    up(machine)
    machine.stubborn = ["charon (1)"]
    with pytest.raises(BuildError, match=r"do not end: charon \(1\)"):
        engine.down(LAB, machine)
    assert (root / LAB).is_dir()
    machine.stubborn = []
    assert engine.down(LAB, machine)
    gone(machine, root)


def test_down_waits_for_nobody_who_is_at_work_on_the_lab(root: Path) -> None:
    machine = Machine()
    up(machine)
    machine.asked.clear()
    with state.locked(LAB), pytest.raises(LabError, match="another netlab is at work"):
        engine.down(LAB, machine)
    assert machine.asked == []


# --- gc -------------------------------------------------------------------------------------------------------------


def test_gc_removes_what_was_never_finished_and_nothing_else(root: Path) -> None:
    machine = Machine()
    up(machine)
    for lab in ("broken", "busy"):
        state.claim(lab)
        state.journal(lab, NAMESPACES)
        machine.namespaces.add(f"nl.{lab}.vnet1")
    machine.namespaces.add("nl.orphan.vnet1")
    with state.locked("busy"):
        assert engine.collect(machine) == ("broken", "orphan")
    assert sorted(path.name for path in root.iterdir()) == ["busy", LAB]
    assert {name.split(".")[1] for name in machine.namespaces} == {"busy", LAB}
    assert state.is_up(LAB)


# --- reading the state ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "damage"),
    [("lab.json", "{"), ("lab.json", '{"lab": "lab"}'), ("lab.json", None), ("scenario.yaml", None)],
)
def test_damaged_state_says_so_and_what_to_do(name: str, damage: str | None, root: Path) -> None:
    up(Machine())
    (root / LAB / name).unlink()
    if damage is not None:
        (root / LAB / name).write_text(damage)
    with pytest.raises(LabError, match="is damaged") as raised:
        state.read(LAB)
    assert raised.value.hint == "remove it with `netlab down lab`"


def test_a_damaged_scenario_says_so_too(root: Path) -> None:
    up(Machine())
    (root / LAB / "scenario.yaml").write_text("name: [")
    with pytest.raises(LabError, match="is damaged"):
        state.read(LAB)


def test_a_lab_that_is_not_there_says_which_are(root: Path) -> None:
    with pytest.raises(UsageError) as nothing:
        state.read("nobody")
    up(Machine())
    with pytest.raises(UsageError) as something:
        state.read("nobody")
    assert (nothing.value.hint, something.value.hint) == ("build one: `netlab up`", "there is: lab")
