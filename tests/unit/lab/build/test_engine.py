"""Building with a way back: whatever fails or interrupts, at whatever step, nothing is left.

The machine here is made by hand: it remembers what it was asked and what was made, and can fail at any request.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from netlab.azure.state import initial
from netlab.controllers.tables import Known, wanted_routes, wanted_selectors
from netlab.errors import BuildError, ConvergeError, HostError, LabError, NetlabError, UsageError
from netlab.lab.build import engine, keys, state
from netlab.lab.build import journal as journals
from netlab.lab.build.settling import await_bgp
from netlab.lab.machine import Machine
from netlab.machine.frr import BgpPeer, BgpRoute
from netlab.machine.routes import KernelRoute
from netlab.plan import names, steering
from netlab.plan.model import MAIN_TABLE, BgpSpeaker, Client, GatewayView, Plan, Route, Uplink
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
# What starts the controllers.
COMMAND = ("python", "-m", "netlab.api.controller", LAB)
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


class Log:
    """What was asked of the machine, in order, with the journal at each request; at which request to raise what."""

    def __init__(self, fail_at: int = 0, error: BaseException | None = None) -> None:
        self.asked: list[str] = []
        self.journal: list[list[str]] = []
        self._fail_at = fail_at
        self._error = error

    def ask(self, what: str) -> None:
        self.asked.append(what)
        self.journal.append(journal())
        if len(self.asked) == self._fail_at and self._error is not None:
            raise self._error


# A request that fails has done half of its work.


class Labs:
    """Namespaces."""

    def __init__(self, log: Log, daemons: Daemons) -> None:
        self.log, self.daemons = log, daemons
        self.namespaces: set[str] = set()

    def create(self, plan: Plan) -> None:
        self.namespaces |= {node.netns for node in plan.nodes}
        self.log.ask(NAMESPACES)

    def remove(self, lab: str) -> None:
        left = self.daemons.processes - set(self.daemons.stubborn)
        assert not left, "a namespace is removed under a live process"
        self.log.asked.append("remove namespaces")
        self.namespaces = {name for name in self.namespaces if not name.startswith(f"nl.{lab}.")}

    def of(self, lab: str) -> tuple[str, ...]:
        return tuple(sorted(name for name in self.namespaces if name.startswith(f"nl.{lab}.")))

    def labs(self) -> tuple[str, ...]:
        return tuple({name.split(".")[1] for name in self.namespaces})


class Links:
    """Links, impaired or not."""

    def __init__(self, log: Log) -> None:
        self.log = log

    def build(self, plan: Plan) -> None:
        self.log.ask(NETWORK)

    def impair(self, plan: Plan, uplink: Uplink) -> None:
        assert uplink.name == "Site1"
        self.log.ask(LINKS)


class Tunnels:
    """The interfaces of tunnels."""

    def __init__(self, log: Log) -> None:
        self.log = log

    def place(self, plan: Plan) -> None:
        self.log.ask(TUNNELS)


class Daemons:
    """Processes, some of which may not end."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.processes: set[str] = set()
        self.stubborn: list[str] = []

    def start(self, plan: Plan) -> None:
        self.processes |= {f"charon of {charon.node}" for charon in plan.charons}
        self.log.ask(DAEMONS)

    def start_controller(self, lab: str, command: Sequence[str]) -> None:
        assert state.exists(lab), "the controller reads what `up` has written"
        assert command == COMMAND
        self.processes.add("controller")
        self.log.ask(CONTROLLER)

    def await_controller(self, lab: str, command: Sequence[str]) -> None:
        assert "controller" in self.processes
        self.log.ask(TABLES)

    def start_bgp(self, plan: Plan) -> None:
        self.processes |= {f"bgpd of {speaker.node}" for speaker in plan.speakers}
        self.log.ask(BGPD)

    def stop_all(self, lab: str) -> list[str]:
        self.log.asked.append("stop")
        self.processes = set(self.stubborn)
        return self.stubborn


class Ike:
    """Keys and connections."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.secrets: Mapping[str, str] = {}

    def load(self, plan: Plan, secrets: Mapping[str, str]) -> None:
        self.secrets = secrets
        self.log.ask(KEYS)

    def initiate(self, plan: Plan, connections: Collection[str], refused: Collection[str] = ()) -> None:
        assert not refused
        assert {tunnel.connection for tunnel in plan.tunnels} <= set(connections)
        self.log.ask(SAS)


class Clients:
    """Point-to-site clients, some of which are refused."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.connected: set[str] = set()
        self.refused: set[str] = set()

    def connect(self, plan: Plan, clients: Iterable[Client]) -> dict[str, str]:
        self.connected |= {client.name for client in clients} - self.refused
        self.log.ask(CLIENTS)
        return {client.name: "AUTHENTICATION_FAILED" for client in clients if client.name in self.refused}

    def virtual_address(self, client: Client) -> str:
        self.log.ask(CLIENTS)
        return "192.168.0.1" if client.name in self.connected else ""

    def change_routes(self, plan: Plan, client: Client, add: Iterable[str] = (), delete: Iterable[str] = ()) -> None:
        self.log.ask(CLIENTS)


# What waiting reads: a lab that has converged.


class Bgp:
    """Speakers that have learned what the model says, or nothing."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.deaf = False

    def peers(self, speaker: BgpSpeaker) -> tuple[BgpPeer, ...]:
        self.log.ask(BGP)
        return tuple(BgpPeer(neighbor.address, neighbor.asn, "Established") for neighbor in speaker.neighbors)

    def bfd_states(self, speaker: BgpSpeaker) -> dict[str, str]:
        self.log.ask(BGP)
        return {}

    def routes(self, speaker: BgpSpeaker) -> tuple[BgpRoute, ...]:
        self.log.ask(BGP)
        learned = initial(loaded().scenario).learned[speaker.node] if not self.deaf else {}
        return tuple(
            BgpRoute(str(prefix), "peer", as_path=" ".join(map(str, path.as_path)))
            for prefix, paths in learned.items()
            for path in paths
        )


class Routes:
    """The kernel's routes of routers."""

    def __init__(self, log: Log) -> None:
        self.log = log

    def routes(self, netns: str) -> tuple[KernelRoute, ...]:
        self.log.ask(BGP)
        node = next(node for node in planned().nodes if node.netns == netns)
        return tuple(
            KernelRoute(str(prefix), "unicast", MAIN_TABLE, 186, 20, ("t-vnet1-site1",), (), "")
            for prefix in initial(loaded().scenario).learned[node.name]
        )


class Gateways:
    """Gateways, tables and selectors in step."""

    def __init__(self, log: Log) -> None:
        self.log = log

    def gateway_prefixes(self, view: GatewayView) -> tuple[tuple[str, bool, int], ...]:
        self.log.ask(TABLES)
        return known()[view.node]

    def custom_routes(self, view: GatewayView) -> tuple[str, ...]:
        self.log.ask(TABLES)
        return ()

    def tables(self, netns: str) -> tuple[Route, ...]:
        self.log.ask(TABLES)
        fabric = next(fabric for fabric in planned().fabrics if fabric.netns == netns)
        return tuple(route for t in fabric.tables for route in wanted_routes(t, known()))

    def selectors(self, view: GatewayView) -> tuple[str, ...]:
        self.log.ask(TABLES)
        return wanted_selectors(view, known()[view.node])


def known() -> Known:
    """What the gateways send into their tunnels when BGP has converged."""
    learned = initial(loaded().scenario).learned
    return {
        view.node: (("192.168.0.0/24", False, 0), *((str(prefix), True, 1) for prefix in learned[view.node]))
        for view in planned().gateways
    }


class Routers:
    """Routers whose routes lead into tunnels that are up."""

    def __init__(self, log: Log) -> None:
        self.log = log

    def own_routes(self, netns: str) -> tuple[Route, ...]:
        self.log.ask(TABLES)
        node = next(node for node in planned().nodes if node.netns == netns)
        return tuple(steering.routes(planned(), node.name, steering.everything_up(planned())))


class Sas:
    """Security associations of every connection."""

    def __init__(self, log: Log) -> None:
        self.log = log

    def installed(self, directory: str) -> frozenset[str]:
        self.log.ask(TABLES)
        return frozenset(loaded().scenario.connections)


class Fake:
    """A machine made of these: what `up` and `down` do not ask for it has not."""

    def __init__(self, fail_at: int = 0, error: BaseException | None = None) -> None:
        self.log = log = Log(fail_at, error)
        self.daemons, self.ike, self.clients, self.bgp = Daemons(log), Ike(log), Clients(log), Bgp(log)
        self.labs = Labs(log, self.daemons)
        unused: Any = None
        self.ports = Machine(
            labs=self.labs,
            links=Links(log),
            tunnels=Tunnels(log),
            filters=unused,
            routes=Routes(log),
            packets=unused,
            daemons=self.daemons,
            ike=self.ike,
            sas=Sas(log),
            clients=self.clients,
            bgp=self.bgp,
            gateways=Gateways(log),
            routers=Routers(log),
        )

    @property
    def asked(self) -> list[str]:
        """What was asked, in order."""
        return self.log.asked


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


def up(machine: Fake, said: list[str] | None = None) -> None:
    """Build the lab; ``said`` gets what was said about progress."""
    said = [] if said is None else said
    facts = state.Facts(LAB, loaded().scenario.name, "userspace", loaded().scenario.time_scale)
    engine.up(state.Lab(facts, loaded().scenario, planned()), loaded().text, machine.ports, COMMAND, said.append)


def requests() -> list[str]:
    """What an `up` that succeeds asks of the machine, in order."""
    machine = Fake()
    up(machine)
    engine.down(LAB, Fake().ports)
    return machine.asked


# --- up that succeeds -----------------------------------------------------------------------------------------------


def test_up_takes_every_step_in_order_and_says_so(root: Path) -> None:
    machine, said = Fake(), []
    up(machine, said)
    assert tuple(said) == TITLES
    assert tuple(dict.fromkeys(machine.asked)) == TITLES
    assert machine.labs.namespaces == {node.netns for node in planned().nodes}
    assert journals.is_up(LAB)
    assert state.read(LAB).plan == planned()


def test_bgp_has_settled_only_with_the_right_as_paths() -> None:
    """Which a kernel route does not tell."""
    machine, world = Fake(), initial(loaded().scenario)
    up(machine)
    await_bgp(planned(), world, machine.ports)
    machine.bgp.deaf = True
    with pytest.raises(ConvergeError, match=r"vnet1-gw-0: the AS path to 10\.101\.0\.0/16 is none, not 65101"):
        await_bgp(planned(), world, machine.ports, seconds=0.05)


def test_a_lab_without_impaired_links_has_no_such_step() -> None:
    scenario = load("p2s-branch-bgp").scenario
    found = engine.steps(plan(scenario, LAB), scenario, {}, Fake().ports, COMMAND)
    assert tuple(step.title for step in found) == tuple(title for title in TITLES if title != LINKS)


def test_each_step_is_in_the_journal_before_it_is_taken() -> None:
    machine = Fake()
    up(machine)
    for asked, written in zip(machine.asked, machine.log.journal, strict=True):
        assert written == list(TITLES[: TITLES.index(asked) + 1])
    assert journal() == [*TITLES, "up"]


def test_keys_are_roots_alone_and_in_no_other_file(root: Path) -> None:
    machine = Fake()
    up(machine)
    directory = root / LAB
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    for name in ("secrets.json", "scenario.yaml"):
        assert stat.S_IMODE((directory / name).stat().st_mode) == 0o600
    written = json.loads((directory / "secrets.json").read_text())
    assert written == machine.ike.secrets
    assert set(written) == set(planned().secrets)
    for path in directory.rglob("*"):
        if path.is_file() and path.name not in ("secrets.json", "scenario.yaml"):
            assert not any(key in path.read_text() for key in written.values()), path
    assert json.loads((directory / "lab.json").read_text()) == {
        "lab": LAB,
        "scenario": "p2s-branch-bgp",
        "data_plane": "userspace",
        "time_scale": 20,
    }


def test_a_key_that_the_file_gives_is_taken_and_the_others_are_new_and_distinct() -> None:
    """R30, R31."""
    one, other = (keys.pre_shared_keys(loaded().scenario, planned().secrets) for _ in range(2))
    ends = ("ipsec:VNet1-Site1:VNet1", "ipsec:VNet1-Site1:Site1")
    assert {found[end] for found in (one, other) for end in ends} == {KEY}
    made = [key for found in (one, other) for name, key in found.items() if name not in ends]
    assert len(made) == len(set(made)) == 4
    assert all(len(key) >= 32 and key.isalnum() for key in made)


@pytest.mark.parametrize(("other_end", "same"), [(None, True), ({"shared_key": "wrong"}, False)])
def test_both_ends_have_the_generated_key_unless_one_is_given_another(other_end: object, same: bool) -> None:
    data = loaded().scenario.model_dump(exclude_unset=True)
    data["connections"]["VNet1-Site1"] |= {"shared_key": None, "other_end": other_end}
    made = keys.pre_shared_keys(Scenario.model_validate(data), planned().secrets)
    assert (made["ipsec:VNet1-Site1:VNet1"] == made["ipsec:VNet1-Site1:Site1"]) is same


# --- up that fails --------------------------------------------------------------------------------------------------


def expected_way_back(asked: str) -> list[str]:
    """What undoes an `up` that came as far as a request, last things first."""
    taken = TITLES[: TITLES.index(asked) + 1]
    return ["stop" for title in STOPS if title in taken] + ["remove namespaces"]


def gone(machine: Fake, root: Path) -> None:
    assert machine.labs.namespaces == set()
    assert machine.daemons.processes == set()
    assert not root.exists(), "the run directory of the last lab goes with it"


def at_every_request(error: Callable[[], BaseException], root: Path) -> Iterator[tuple[str, Any]]:
    """An `up` that fails at each request in turn: the request, and what was raised in the end."""
    for number, asked in enumerate(requests(), 1):
        machine = Fake(number, error())
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
        up(Fake(1, kind("no such thing")))


def test_a_failure_of_the_system_is_undone_and_named_with_its_step(root: Path) -> None:
    for asked, raised in at_every_request(lambda: OSError(28, "No space left on device"), root):
        assert type(raised) is BuildError
        assert str(raised) == f"{asked}: [Errno 28] No space left on device"


def test_an_interruption_is_undone_and_passed_on(root: Path) -> None:
    for _, raised in at_every_request(KeyboardInterrupt, root):
        assert type(raised) is KeyboardInterrupt


def test_a_mistake_of_ours_is_undone_and_passed_on(root: Path) -> None:
    machine = Fake(requests().index(CLIENTS) + 1, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        up(machine)
    gone(machine, root)


@pytest.mark.parametrize("first", [ConvergeError("no answer"), KeyboardInterrupt()])
def test_what_failed_first_is_raised_though_a_process_would_not_go(first: BaseException, root: Path) -> None:
    machine = Fake(requests().index(SAS) + 1, first)
    machine.daemons.stubborn = ["charon (1)"]
    said: list[str] = []
    with pytest.raises(type(first)):
        up(machine, said)
    assert said[-1] == "these processes of lab lab do not end: charon (1)"
    assert machine.labs.namespaces == set()
    assert not root.exists()


def test_after_a_failure_the_same_lab_can_be_built(root: Path) -> None:
    with pytest.raises(BuildError):
        up(Fake(3, BuildError("once")))
    up(Fake())
    assert journals.is_up(LAB)


# --- up that is refused ---------------------------------------------------------------------------------------------


def test_a_lab_of_that_name_is_refused_and_left_alone(root: Path) -> None:
    machine = Fake()
    up(machine)
    before = {path: path.read_bytes() for path in (root / LAB).rglob("*") if path.is_file()}
    namespaces, asked = set(machine.labs.namespaces), list(machine.asked)
    with pytest.raises(UsageError, match="a lab called lab exists already"):
        up(machine)
    assert {path: path.read_bytes() for path in (root / LAB).rglob("*") if path.is_file()} == before
    assert (machine.labs.namespaces, machine.asked) == (namespaces, asked)
    assert journals.is_up(LAB)


def test_namespaces_that_nobody_owns_are_refused_and_left_alone(root: Path) -> None:
    machine = Fake()
    machine.labs.namespaces = {"nl.lab.vnet1"}
    with pytest.raises(BuildError, match=r"nl\.lab\.vnet1 exists already"):
        up(machine)
    assert machine.labs.namespaces == {"nl.lab.vnet1"}
    assert machine.asked == []
    assert not root.exists()


def test_a_run_directory_that_cannot_be_made_is_refused(root: Path) -> None:
    root.write_text("a file in the way")
    machine = Fake()
    with pytest.raises(HostError, match="cannot make the run directory"):
        up(machine)
    assert machine.asked == []


# --- down -----------------------------------------------------------------------------------------------------------


def test_down_removes_everything_and_works_twice(root: Path) -> None:
    machine = Fake()
    up(machine)
    machine.asked.clear()
    assert engine.down(LAB, machine.ports)
    assert machine.asked == ["stop", "remove namespaces"]
    gone(machine, root)
    assert not engine.down(LAB, machine.ports)
    gone(machine, root)


def test_down_leaves_other_labs_alone(root: Path) -> None:
    machine = Fake()
    up(machine)
    machine.labs.namespaces.add("nl.lab-2.vnet1")
    (root / "lab-2").mkdir()
    engine.down(LAB, machine.ports)
    assert machine.labs.namespaces == {"nl.lab-2.vnet1"}
    assert [path.name for path in root.iterdir()] == ["lab-2"]


@pytest.mark.parametrize("damage", ["", "{", "\x00", None])
def test_down_needs_no_state(damage: str | None, root: Path) -> None:
    machine = Fake()
    up(machine)
    for name in ("lab.json", "scenario.yaml", "journal", "secrets.json"):
        (root / LAB / name).unlink()
        if damage is not None:
            (root / LAB / name).write_text(damage)
    assert engine.down(LAB, machine.ports)
    gone(machine, root)


def test_down_finds_namespaces_without_a_run_directory(root: Path) -> None:
    machine = Fake()
    machine.labs.namespaces = {"nl.lab.vnet1"}
    assert engine.down(LAB, machine.ports)
    gone(machine, root)


def test_down_says_which_processes_do_not_end_and_keeps_the_rest_for_another_try(root: Path) -> None:
    machine = Fake()
    up(machine)
    machine.daemons.stubborn = ["charon (1)"]
    with pytest.raises(BuildError, match=r"do not end: charon \(1\)"):
        engine.down(LAB, machine.ports)
    assert (root / LAB).is_dir()
    machine.daemons.stubborn = []
    assert engine.down(LAB, machine.ports)
    gone(machine, root)


def test_down_waits_for_nobody_who_is_at_work_on_the_lab(root: Path) -> None:
    machine = Fake()
    up(machine)
    machine.asked.clear()
    with state.locked(LAB), pytest.raises(LabError, match="another netlab is at work"):
        engine.down(LAB, machine.ports)
    assert machine.asked == []


# --- gc -------------------------------------------------------------------------------------------------------------


def test_gc_removes_what_was_never_finished_and_nothing_else(root: Path) -> None:
    machine = Fake()
    up(machine)
    for lab in ("broken", "busy"):
        state.claim(lab)
        journals.write(lab, NAMESPACES)
        machine.labs.namespaces.add(f"nl.{lab}.vnet1")
    machine.labs.namespaces.add("nl.orphan.vnet1")
    with state.locked("busy"):
        assert engine.collect(machine.ports) == ("broken", "orphan")
    assert sorted(path.name for path in root.iterdir()) == ["busy", LAB]
    assert {name.split(".")[1] for name in machine.labs.namespaces} == {"busy", LAB}
    assert journals.is_up(LAB)


# --- reading the state ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "damage"),
    [("lab.json", "{"), ("lab.json", '{"lab": "lab"}'), ("lab.json", None), ("scenario.yaml", None)],
)
def test_damaged_state_says_so_and_what_to_do(name: str, damage: str | None, root: Path) -> None:
    up(Fake())
    (root / LAB / name).unlink()
    if damage is not None:
        (root / LAB / name).write_text(damage)
    with pytest.raises(LabError, match="is damaged") as raised:
        state.read(LAB)
    assert raised.value.hint == "remove it with `netlab down lab`"


def test_a_damaged_scenario_says_so_too(root: Path) -> None:
    up(Fake())
    (root / LAB / "scenario.yaml").write_text("name: [")
    with pytest.raises(LabError, match="is damaged"):
        state.read(LAB)


def test_a_lab_that_is_not_there_says_which_are(root: Path) -> None:
    with pytest.raises(UsageError) as nothing:
        state.read("nobody")
    up(Fake())
    with pytest.raises(UsageError) as something:
        state.read("nobody")
    assert (nothing.value.hint, something.value.hint) == ("build one: `netlab up`", "there is: lab")
