"""A machine made by hand: it remembers what it was asked and what was made, and can fail at any request.

What it answers is a lab that has converged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from netlab.azure.moments import initial
from netlab.controllers.tables import Known, wanted_offer, wanted_routes
from netlab.lab.build import engine, records
from netlab.lab.machine import Machine
from netlab.machine.daemons import CONTROLLER as CONTROLLER_NAME
from netlab.machine.daemons import ike_process
from netlab.machine.routes import KernelRoute
from netlab.machine.speaking import BgpPeer, BgpRoute
from netlab.plan import names, steering
from netlab.plan.model import MAIN_TABLE, BgpSpeaker, Client, GatewayView, Node, Plan, Route, Server, Uplink
from netlab.plan.planner import plan
from netlab.scenario.loader import Loaded, load, parse

LAB = "lab"
KEY = "TheKeyOfTheFile"
CONNECTION = "VNet1-Site1: {type: IPsec, between: [VNet1, Site1], enable_bgp: true"
NAMESPACES, NETWORK, LINKS, DAEMONS, TUNNELS, KEYS, CONTROLLER, SAS, BGPD, BGP, TABLES, CLIENTS, ALIVE = TITLES = (
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
    "daemons at work",
)
# What starts the controllers.
COMMAND = ("python", "-m", "netlab.api.controller", LAB)


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

    def create(self, nodes: Iterable[Node]) -> None:
        self.namespaces |= {node.netns for node in nodes}
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
    """Processes by their directories and names, some of which may not end, and some die."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.processes: set[tuple[str, str]] = set()
        self.dying: set[tuple[str, str]] = set()
        self.stubborn: list[str] = []

    def start(self, plan: Plan) -> None:
        self.processes |= {(Path(charon.directory).name, ike_process(charon)) for charon in plan.charons}
        self.processes |= {(Path(speaker.directory).name, "zebra") for speaker in plan.speakers}
        self.log.ask(DAEMONS)

    def start_controller(self, lab: str, command: Sequence[str]) -> None:
        assert records.exists(lab), "the controller reads what `up` has written"
        assert command == COMMAND
        self.processes.add((CONTROLLER_NAME, CONTROLLER_NAME))
        self.log.ask(CONTROLLER)

    def await_controller(self, lab: str, command: Sequence[str]) -> None:
        assert (CONTROLLER_NAME, CONTROLLER_NAME) in self.processes
        self.log.ask(BGP)

    def start_bgp(self, plan: Plan) -> None:
        self.processes |= {(Path(s.directory).name, d) for s in plan.speakers for d in s.daemons}
        self.log.ask(BGPD)

    def running(self, lab: str) -> tuple[tuple[str, str], ...]:
        self.log.ask(ALIVE)
        return tuple(self.processes - self.dying)

    def stop_all(self, lab: str) -> list[str]:
        self.log.asked.append("stop")
        self.processes = set()
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

    def profile_file(self, client: Client) -> str:
        return "Generic/VpnSettings.xml"

    def package(self, plan: Plan, client: Client, prefixes: Collection[str]) -> Mapping[str, str]:
        return {"Generic/VpnSettings.xml": " ".join(prefixes)}

    def profile_routes(self, client: Client, profile: str) -> tuple[str, ...]:
        return tuple(profile.split())


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

    def custom_routes(self, netns: str) -> tuple[str, ...]:
        self.log.ask(TABLES)
        return ()

    def tables(self, netns: str) -> tuple[Route, ...]:
        self.log.ask(TABLES)
        fabric = next(fabric for fabric in planned().fabrics if fabric.netns == netns)
        return tuple(route for t in fabric.tables for route in wanted_routes(t, known()))

    def offered(self, server: Server) -> tuple[str, ...]:
        self.log.ask(TABLES)
        return wanted_offer(server, known()[server.node])


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
            inventory=unused,
            packets=unused,
            daemons=self.daemons,
            ike=self.ike,
            sas=Sas(log),
            clients=self.clients,
            bgp=self.bgp,
            gateways=Gateways(log),
            routers=Routers(log),
            members=unused,
            controller=COMMAND[:-1],
        )

    @property
    def asked(self) -> list[str]:
        """What was asked, in order."""
        return self.log.asked


def journal() -> list[str]:
    """What `up` has written down."""
    return (Path(names.lab_directory(LAB)) / "journal").read_text().splitlines()


def up(machine: Fake, said: list[str] | None = None) -> None:
    """Build the lab; ``said`` gets what was said about progress."""
    said = [] if said is None else said
    facts = records.Facts(LAB, loaded().scenario.name, "userspace", loaded().scenario.time_scale)
    engine.up(records.Lab(facts, loaded().scenario, planned()), loaded().text, machine.ports, said.append)


def gone(machine: Fake, root: Path) -> None:
    assert machine.labs.namespaces == set()
    assert machine.daemons.processes == set()
    assert not root.exists(), "the run directory of the last lab goes with it"
