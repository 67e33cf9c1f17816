"""The real machine: everything that building, running and removing a lab asks of Linux and of the daemons."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import TypeVar

from netlab.errors import BuildError, ConvergeError, LabError
from netlab.machine import charon, frr, impairment, namespaces, network, packets, processes
from netlab.machine.waiting import wait_until
from netlab.plan import steering
from netlab.plan.edges import foothold
from netlab.plan.gateways import custom_routes
from netlab.plan.model import (
    CHARON_TABLE,
    CUSTOM_ROUTES_TABLE,
    MAIN_TABLE,
    BgpSpeaker,
    Charon,
    Client,
    GatewayView,
    Link,
    Node,
    Plan,
    Route,
    RouteServerView,
    Selector,
    Timers,
    Uplink,
)
from netlab.plan.names import NETNS_PREFIX, certificate_path, lab_directory
from netlab.plan.ports import P2S
from netlab.plan.underlay import FAR
from netlab.render import text, vici
from netlab.scenario.names import INTERNET

T = TypeVar("T")

CONTROLLER = "netlab-sdn"
CLIENT_WAN = "eth0"
# A daemon that is not there by then will not come; generous, for emulated machines.
# An emulated machine needs 30 times as long as others.
_READY_SECONDS = 120.0
_INITIATE_SECONDS = 60.0
_TERMINATE_SECONDS = 5.0
# Everything that an edge hears from or says to the Internet; a netdev hook sees IKE, ESP and ARP alike.
_STOP = """\
table inet stopped {
  chain in { type filter hook input priority -300; policy drop; }
  chain through { type filter hook forward priority -300; policy drop; }
  chain out { type filter hook output priority -300; policy drop; }
}
"""
_START = "delete table inet stopped\n"
_SEVER = """\
table netdev severed {{
  chain heard {{ type filter hook ingress device "{interface}" priority 0; policy drop; }}
}}
table inet severed {{
  chain said {{ type filter hook postrouting priority 0; policy accept; oifname "{interface}" drop; }}
}}
"""
_REJOIN = "delete table netdev severed\ndelete table inet severed\n"


class Linux:
    """The machine that a lab is built on. Stateless: a lab is found again by its name."""

    # --- namespaces and links ---------------------------------------------------------------------------------------

    def namespaces_of(self, lab: str) -> tuple[str, ...]:
        """The namespaces of a lab that exist."""
        return namespaces.existing(f"{NETNS_PREFIX}{lab}.")

    def labs_with_namespaces(self) -> tuple[str, ...]:
        """The labs that have namespaces, whether or not anything else is left of them."""
        names = (name.split(".") for name in namespaces.existing(NETNS_PREFIX))
        return tuple(dict.fromkeys(parts[1] for parts in names if len(parts) == 3))

    def create_namespaces(self, plan: Plan) -> None:
        """Create every namespace of a plan."""
        namespaces.create(node.netns for node in plan.nodes)

    def remove_namespaces(self, lab: str) -> None:
        """Remove every namespace of a lab."""
        namespaces.remove(self.namespaces_of(lab))

    def build_network(self, plan: Plan) -> None:
        """Make links, addresses, routes, rules and filters."""
        network.build(plan.nodes, plan.links)

    def impair(self, plan: Plan, uplink: Uplink) -> impairment.Measured:
        """Make a link do to packets what its ``Uplink`` says, and measure that it does."""
        asked = impairment.Asked(uplink.delay, uplink.jitter, uplink.loss, uplink.rate)
        return impairment.impair(self._ends(plan, uplink), FAR, asked)

    def reset_impairment(self, plan: Plan, uplink: Uplink) -> None:
        """Take every impairment off a link."""
        impairment.reset(self._ends(plan, uplink))

    def _ends(self, plan: Plan, uplink: Uplink) -> tuple[impairment.End, impairment.End]:
        near, far = (impairment.End(plan.netns(end.node), end.name) for end in (uplink.near, uplink.far))
        return near, far

    # --- daemons ----------------------------------------------------------------------------------------------------

    def start_daemons(self, plan: Plan) -> None:
        """Start every charon and zebra, and wait until they serve."""
        for number, item in enumerate(plan.charons):
            # One after the other in the same namespace: the first gets IKE's ports and the first TUN.
            for other in (other for other in plan.charons[:number] if other.node == item.node):
                _await_charon(other)
            Path(item.directory).mkdir(mode=0o700, exist_ok=True)
            configuration = text.strongswan_conf(item, plan.timers, plan.data_plane)
            charon.start(plan.netns(item.node), item.directory, configuration)
        for speaker in plan.speakers:
            Path(speaker.directory).mkdir(mode=0o700, exist_ok=True)
            _start_frr(plan, speaker, "zebra")
        for speaker in plan.speakers:
            _await_frr(speaker, "zebra")
        for item in plan.charons:
            _await_charon(item)

    def start_bgp(self, plan: Plan) -> None:
        """Start every bgpd, with the tunnels already there, so that the first attempt to connect succeeds."""
        found = [(speaker, daemon) for speaker in plan.speakers for daemon in speaker.daemons if daemon != "zebra"]
        for speaker, daemon in found:
            _start_frr(plan, speaker, daemon)
        for speaker, daemon in found:
            _await_frr(speaker, daemon)

    def start_controller(self, lab: str) -> None:
        """Start the lab's SDN controller; it lives in the host's namespace and enters the lab's to read and write."""
        directory = _controller_directory(lab)
        Path(directory).mkdir(mode=0o700, exist_ok=True)
        processes.start([sys.executable, "-m", "netlab.api.controller", lab], directory)

    def await_controller(self, lab: str) -> None:
        """Wait until the controller is at work: it takes its name when it has looked once."""
        said = partial(processes.last_words, _controller_directory(lab), processes.output(sys.executable))
        _await("the SDN controller", lambda: (CONTROLLER, CONTROLLER) in self.daemons(lab), said)

    def daemons(self, lab: str) -> tuple[tuple[str, str], ...]:
        """Every daemon that runs for a lab: its directory's name and its own."""
        return tuple((Path(cwd).name, process.name) for cwd, process in processes.under(lab_directory(lab)))

    def stop_processes(self, lab: str) -> list[str]:
        """Stop all that netlab started for a lab or that lives in its namespaces; the names of what would not go.

        What charons left in the kernel goes too: a namespace that somebody holds outlives its name, with its SAs.
        """
        directory = lab_directory(lab)
        started = (process for _, process in processes.under(directory))
        found = {*started, *processes.inside(self.namespaces_of(lab))}
        left = processes.stop(tuple(process for process in found if process.pid != os.getpid()))
        # One that is stopped as it starts has no pid file yet, one that was killed before has nothing else.
        frr.remove_scratch(found)
        frr.remove_all_scratch(directory)
        for netns in self.namespaces_of(lab):
            # One that is only half made cannot be entered, and holds nothing.
            with contextlib.suppress(BuildError):
                network.flush_ipsec(netns)
        return [f"{process.name} ({process.pid})" for process in left]

    def stop_daemons(self, lab: str, directories: Collection[str], abruptly: bool) -> None:
        """Stop the daemons of these directories: in order, or at once and without a word to their peers."""
        found = [process for cwd, process in processes.under(lab_directory(lab)) if cwd in directories]
        left = processes.kill(found) if abruptly else processes.stop(found)
        frr.remove_scratch(found)
        if left:
            raise BuildError(f"these processes of lab {lab} do not end: {', '.join(p.name for p in left)}")

    def replan(self, lab: str) -> None:
        """Tell the SDN controller that the lab has another plan."""
        processes.hang_up(p for _, p in processes.under(lab_directory(lab)) if p.name == CONTROLLER)

    def change_node(self, old: Node, new: Node) -> None:
        """Bring the addresses, routes and rules of a namespace from one plan to another."""
        network.change(old, new)

    # --- tunnels ----------------------------------------------------------------------------------------------------

    def place_tunnels(self, plan: Plan) -> None:
        """Give each routing namespace its tunnel interfaces, charon's TUNs or XFRM interfaces of the edge.

        With what leads into them, so that BGP's first attempt succeeds.
        """
        for tunnel in plan.tunnels:
            make = network.move_xfrm if tunnel.if_id else network.move_tun
            make(tunnel, plan.netns(tunnel.edge), plan.netns(tunnel.node))
        for node in dict.fromkeys(tunnel.node for tunnel in plan.tunnels):
            wanted = steering.routes(plan, node, steering.everything_up(plan))
            network.set_routes(plan.netns(node), wanted, (), network.RTPROT_NETLAB)
        for client in plan.clients:
            if client.if_id:
                network.add_xfrm(plan.netns(client.node), client.interface, CLIENT_WAN, client.if_id)

    def remove_tunnels(self, plan: Plan) -> None:
        """Remove the tunnel interfaces of a plan, and what its charons left in their edges; others go on there."""
        for tunnel in plan.tunnels:
            network.remove_interface(plan.netns(tunnel.node), tunnel.interface)
            network.remove_decoy(plan.netns(tunnel.edge))
        for item in plan.charons:
            network.flush_ipsec(plan.netns(item.node))

    def load_connections(self, plan: Plan, secrets: Mapping[str, str]) -> None:
        """Tell each charon its keys, certificates, pools and connections."""

        def certificate(name: str) -> str:
            return Path(certificate_path(plan.lab, name)).read_text()

        def private_key(name: str) -> str:
            return Path(certificate_path(plan.lab, name)).with_suffix(".key").read_text()

        for item in plan.charons:
            orders = charon.Orders(
                [vici.connection(c, plan.timers) for c in item.connections],
                [vici.pool(c) for c in item.connections if c.pool],
                [vici.shared_key(s, secrets[s.name]) for s in item.secrets],
                vici.certificates(item.credentials, certificate),
                vici.private_keys(item.credentials, private_key),
            )
            charon.load(item.directory, orders)

    def initiate(self, plan: Plan, refused: Collection[str] = ()) -> None:
        """Bring up every connection between gateways and sites, all at once; those ``refused`` only have to try."""
        pairs = [
            (item.directory, connection.name)
            for item in plan.charons
            for connection in item.connections
            if connection.initiator and not connection.virtual_ip
        ]
        _at_once(pairs, lambda pair: _bring_up(plan, *pair, refused))

    def reset(self, plan: Plan, connection: str, refused: Collection[str] = ()) -> None:
        """Take a connection down and bring it up again, as far as its ends agree."""
        ends = [(item.directory, each) for item in plan.charons for each in item.connections if each.name == connection]
        _at_once(ends, lambda end: charon.terminate(end[0], connection, _patience(plan)))
        for directory, each in ends:
            if each.initiator:
                _bring_up(plan, directory, connection, refused)

    def initiate_child(self, directory: str, connection: str, child: str) -> None:
        """Bring up a CHILD SA of a connection, for packets that wait for it."""
        charon.initiate(directory, connection, _INITIATE_SECONDS, child)

    def selected(self, directory: str, connection: str) -> tuple[tuple[Selector, Selector], ...]:
        """The selectors, local and remote, of a connection's INSTALLED CHILD SAs."""
        return tuple(
            (Selector(local), Selector(remote))
            for sa in self.sas(directory)
            if sa.connection == connection
            for local, remote in sa.selectors
        )

    def tap(self, netns: str, interface: str) -> packets.PacketTap:
        """Something to wait on for packets that enter an interface."""
        return packets.PacketTap(netns, interface)

    def knock(self, netns: str, interface: str, source: str, destination: str) -> None:
        """Send one small packet into an interface, from whatever address."""
        packets.knock(netns, interface, source, destination)

    def load_keys(self, plan: Plan, secrets: Mapping[str, str]) -> None:
        """Tell the charons that use them other keys; an IKE SA that there is stays until it is reset."""
        for item in plan.charons:
            keys = [vici.shared_key(s, secrets[s.name]) for s in item.secrets if s.name in secrets]
            if keys:
                charon.load(item.directory, charon.Orders(secrets=keys))

    def refusal(self, directory: str, connection: str) -> str:
        """Why a connection that this charon began last did not come up; empty if it began none."""
        return charon.refusal(directory, connection)

    def take_down(self, plan: Plan, connections: Collection[str]) -> None:
        """Delete the IKE SAs of tunnels; nobody brings them up again by himself."""
        _at_once(self._initiators(plan, connections), lambda pair: charon.terminate(*pair, _INITIATE_SECONDS))

    def bring_up(self, plan: Plan, connections: Collection[str], refused: Collection[str] = ()) -> None:
        """Bring tunnels up, all at once; those ``refused`` only have to try, and go on trying."""
        _at_once(self._initiators(plan, connections), lambda pair: _bring_up(plan, *pair, refused))

    def _initiators(self, plan: Plan, connections: Collection[str]) -> list[tuple[str, str]]:
        return [
            (item.directory, connection.name)
            for item in plan.charons
            for connection in item.connections
            if connection.initiator and connection.name in connections
        ]

    # --- faults -----------------------------------------------------------------------------------------------------

    def cut(self, plan: Plan, nodes: Collection[str]) -> None:
        """Cut the links of routers to the Internet."""
        for link in _uplinks(plan, nodes):
            network.set_state(plan.netns(link.b.node), link.b.name, "down")

    def mend(self, plan: Plan, nodes: Collection[str]) -> None:
        """Mend the links of routers to the Internet, and what the Internet forgot with them."""
        for link in _uplinks(plan, nodes):
            netns = plan.netns(link.b.node)
            network.set_state(netns, link.b.name, "up")
            network.set_routes(netns, (r for r in plan.node(link.b.node).routes if r.device == link.b.name), ())

    def silence(self, plan: Plan, nodes: Collection[str]) -> None:
        """Have routers say nothing to the Internet and hear nothing from it, with their links up."""
        self.sever(plan, [(link.a.node, link.a.name) for link in _uplinks(plan, nodes)])

    def wake(self, plan: Plan, nodes: Collection[str]) -> None:
        """Take the silence from routers."""
        self.rejoin(plan, [(link.a.node, link.a.name) for link in _uplinks(plan, nodes)])

    def stop_machines(self, plan: Plan, nodes: Collection[str]) -> None:
        """Have virtual machines say nothing, hear nothing and pass nothing on, as if they were stopped."""
        for node in nodes:
            network.load_nftables(plan.node(node), _STOP)

    def start_machines(self, plan: Plan, nodes: Collection[str]) -> None:
        """Have stopped virtual machines go on."""
        for node in nodes:
            network.load_nftables(plan.node(node), _START)

    def sever(self, plan: Plan, ports: Collection[tuple[str, str]]) -> None:
        """Have nothing pass these interfaces of nodes, though their links are up."""
        for node, interface in ports:
            network.load_nftables(plan.node(node), _SEVER.format(interface=interface))

    def rejoin(self, plan: Plan, ports: Collection[tuple[str, str]]) -> None:
        """Have all pass again."""
        for node, _ in ports:
            network.load_nftables(plan.node(node), _REJOIN)

    def sas(self, directory: str) -> list[charon.Sa]:
        """The IKE SAs of a charon; none where it is dead."""
        try:
            return charon.sas(directory)
        except OSError:
            return []

    def listed(self, directory: str) -> tuple[charon.Listed, ...] | None:
        """Everything that a charon says of its IKE SAs; None where it does not answer."""
        return self._told(lambda: charon.listed(directory))

    def installed(self, directory: str, connection: str) -> bool:
        """Whether a charon has an INSTALLED child of a connection."""
        return connection in self.all_installed(directory)

    def all_installed(self, directory: str) -> frozenset[str]:
        """The connections of a charon that have an INSTALLED child."""
        return frozenset(sa.connection for sa in self.sas(directory) if "INSTALLED" in sa.children)

    # --- point-to-site clients --------------------------------------------------------------------------------------

    def connect(self, plan: Plan, clients: Iterable[Client]) -> dict[str, str]:
        """Connect clients' tunnels, those to one gateway in their order; what went wrong with whom, by its name."""
        by_gateway: dict[str, list[Client]] = {}
        for client in clients:
            by_gateway.setdefault(client.gateway, []).append(client)
        failed: dict[str, str] = {}

        def connect_all(group: list[Client]) -> None:
            for client in group:
                try:
                    charon.initiate(client.directory, client.connection, _INITIATE_SECONDS)
                except ConvergeError as error:
                    failed[client.name] = error.message
                else:
                    network.set_mtu(plan.netns(client.node), client.interface, client.mtu)
                    self._follow_selectors(plan, client)

        _at_once(tuple(by_gateway.values()), connect_all)
        return failed

    def disconnect(self, plan: Plan, client: Client) -> None:
        """Have the gateway end a client's tunnel, and the client what is left of it, as where the gateway is dead."""
        for view in (v for v in plan.gateways if v.vnet == client.gateway and v.p2s_directory):
            for sa in self.sas(view.p2s_directory):
                if (sa.connection, sa.remote_id) == (P2S, client.node):
                    charon.terminate(view.p2s_directory, P2S, _TERMINATE_SECONDS, sa.number)
        with contextlib.suppress(ConvergeError):
            wait_until(lambda: not self.virtual_address(client), _TERMINATE_SECONDS, lambda: "still connected")
        if self.virtual_address(client):
            charon.terminate(client.directory, client.connection, _TERMINATE_SECONDS)
        routes = [Route(prefix, client.interface) for prefix in self.client_routes(plan, client)]
        network.set_routes(plan.netns(client.node), (), routes)

    def refusals(self, plan: Plan, vnet: str) -> dict[str, str]:
        """Why the gateway of a VNet refused clients, by their nodes, as it says itself of their last attempts."""
        found: dict[str, str] = {}
        for view in (v for v in plan.gateways if v.vnet == vnet and v.p2s_directory):
            found |= charon.read_refusals(view.p2s_directory)
        return found

    def _follow_selectors(self, plan: Plan, client: Client) -> None:
        """Give a client the routes of its negotiated selectors, where its charon does not (XFRM interfaces)."""
        if not client.if_id or client.os == "windows":
            return
        netns = plan.netns(client.node)
        wanted = {ts for sa in self._own_sas(client) for ts in sa.remote_ts}
        found = (r for r in network.routes(netns) if client.interface in r.devices)
        present = {r.prefix for r in found if r.protocol == network.RTPROT_NETLAB}
        source = self.virtual_address(client)
        add, delete = (
            [Route(prefix, client.interface, source=source) for prefix in prefixes]
            for prefixes in (wanted - present, present - wanted)
        )
        network.set_routes(netns, add, delete, network.RTPROT_NETLAB)

    def reconnect(self, plan: Plan, client: Client) -> None:
        """Have a client authenticate afresh, and wait until it has."""
        before = {spi for sa in self._own_sas(client) for spi in sa.spis}

        def renewed() -> bool:
            found = self._own_sas(client)
            return len(found) == 1 and charon.installed(found, client.connection) and not before & set(found[0].spis)

        charon.reauthenticate(client.directory, client.connection)
        said = partial(processes.last_words, client.directory, *charon.LOGS)
        _await(f"the reauthentication of {client.node}", renewed, said)
        self._follow_selectors(plan, client)

    def virtual_address(self, client: Client) -> str:
        """The address that a client got from the gateway's pool; empty while it has none."""
        return next((ip for sa in self._own_sas(client) for ip in sa.local_virtual_ips), "")

    def _own_sas(self, client: Client) -> list[charon.Sa]:
        return [sa for sa in self.sas(client.directory) if sa.connection == client.connection]

    def client_routes(self, plan: Plan, client: Client) -> tuple[str, ...]:
        """The prefixes that a client sends into its tunnel: in the tables that it uses."""
        tables = {MAIN_TABLE, CHARON_TABLE} if client.os != "windows" else {MAIN_TABLE}
        found = network.routes(plan.netns(client.node))
        return tuple(sorted({r.prefix for r in found if client.interface in r.devices and r.table in tables}))

    def change_client_routes(
        self, plan: Plan, client: Client, add: Iterable[str] = (), delete: Iterable[str] = ()
    ) -> None:
        """Add and delete routes of a client's own, with its virtual address as source."""
        source = self.virtual_address(client)

        def route(prefix: str) -> Route:
            return Route(prefix, client.interface, source=source)

        network.set_routes(plan.netns(client.node), map(route, add), map(route, delete))

    # --- BGP --------------------------------------------------------------------------------------------------------

    def bgp_states(self, speaker: BgpSpeaker) -> dict[str, str]:
        """The state of each BGP session as FRR prints it, by the peer's address."""
        peers = self.bgp_peers(speaker)
        if peers is None:
            return {neighbor.address: "bgpd does not answer" for neighbor in speaker.neighbors}
        return {peer.address: peer.state for peer in peers}

    def bgp_peers(self, speaker: BgpSpeaker) -> tuple[frr.BgpPeer, ...] | None:
        """The peers of a speaker; None where it does not answer."""
        return self._told(lambda: frr.peers(speaker.directory))

    def advertised(self, speaker: BgpSpeaker, peer: str) -> tuple[frr.BgpRoute, ...] | None:
        """What a speaker tells a peer; None where it does not answer."""
        return self._told(lambda: frr.advertised(speaker.directory, peer))

    def as_paths(self, speaker: BgpSpeaker) -> dict[str, frozenset[str]]:
        """The AS paths of the best routes that a speaker has learned, by prefix; none where it does not answer."""
        found: dict[str, frozenset[str]] = {}
        for route in self.bgp_routes(speaker) or ():
            if route.peer and route.best:
                found[route.prefix] = found.get(route.prefix, frozenset()) | {route.as_path}
        return found

    def bgp_routes(self, speaker: BgpSpeaker) -> tuple[frr.BgpRoute, ...] | None:
        """All that a speaker knows; None where it does not answer."""
        return self._told(lambda: frr.routes(speaker.directory))

    @staticmethod
    def _told(ask: Callable[[], T]) -> T | None:
        """What a daemon answers; None where it does not."""
        try:
            return ask()
        except (OSError, LabError):
            return None

    def reset_session(self, speaker: BgpSpeaker, address: str) -> None:
        """End a BGP session and try it anew; a speaker that does not answer has none."""
        with contextlib.suppress(OSError, LabError):
            frr.command(speaker.directory, "bgpd", f"clear bgp ipv4 unicast {address}")

    def bfd_states(self, speaker: BgpSpeaker) -> dict[str, str]:
        """The state of each BFD session as FRR prints it, by the peer's address."""
        return (self._told(lambda: frr.bfd_states(speaker.directory)) or {}) if "bfdd" in speaker.daemons else {}

    def count_again(self, speaker: BgpSpeaker) -> None:
        """Have bgpd give up the sessions in which it was told one prefix too many.

        FRR 8.4.4 compares with maximum-prefix before it counts the new one: it gives up with the next update, and a
        peer that is asked for all that it told sends one.
        """
        most = {neighbor.address: neighbor.maximum_prefix for neighbor in speaker.neighbors}
        for peer in self.bgp_peers(speaker) or ():
            if 0 < most.get(peer.address, 0) < peer.received:
                with contextlib.suppress(OSError, LabError):
                    frr.command(speaker.directory, "bgpd", f"clear bgp ipv4 unicast {peer.address} soft in")

    def change_announcements(self, speaker: BgpSpeaker, add: Iterable[str] = (), delete: Iterable[str] = ()) -> None:
        """Announce and withdraw prefixes."""
        frr.configure(
            speaker.directory,
            f"router bgp {speaker.asn}",
            "address-family ipv4 unicast",
            *(f"network {prefix}" for prefix in add),
            *(f"no network {prefix}" for prefix in delete),
        )

    # --- what the SDN controller reads and writes -------------------------------------------------------------------

    def gateway_prefixes(self, view: GatewayView) -> tuple[tuple[str, bool, int], ...]:
        """The prefixes that a gateway sends into its tunnels, each with whether BGP told it, and over how many AS.

        These are counted only where the view says where.
        """
        found = self._told(lambda: frr.routes(view.directory)) if view.directory else None
        lengths = {route.prefix: route.as_path_length for route in found or () if route.best}
        return tuple(
            (route.prefix, route.by_bgp, lengths.get(route.prefix, 0) if route.by_bgp else 0)
            for route in network.routes(view.netns, MAIN_TABLE)
            if set(route.devices) & set(view.tunnels)
        )

    def injected(self, view: RouteServerView) -> tuple[tuple[str, str, int], ...]:
        """What appliances tell an instance of a Route Server: prefix, next hop, and over how many AS."""
        found = self._told(lambda: frr.routes(view.directory)) or ()
        return tuple((r.prefix, r.next_hop, r.as_path_length) for r in found if r.peer and not r.inside)

    def custom_routes(self, view: GatewayView) -> tuple[str, ...]:
        """The custom routes of a gateway."""
        return tuple(route.prefix for route in network.routes(view.netns, CUSTOM_ROUTES_TABLE))

    def set_custom_routes(self, view: GatewayView, prefixes: Iterable[str]) -> None:
        """Give a gateway other custom routes; the SDN controller offers them to clients."""
        wanted, present = set(prefixes), set(self.custom_routes(view))
        add, delete = custom_routes(wanted - present), custom_routes(present - wanted)
        network.set_routes(view.netns, add, delete)

    def tables(self, netns: str) -> tuple[Route, ...]:
        """The routes of every kernel table of a namespace but the local one."""
        return tuple(map(_as_planned, network.routes(netns)))

    def own_routes(self, netns: str) -> tuple[Route, ...]:
        """The routes in the main table of a namespace that the lab's agents put there."""
        found = network.routes(netns, MAIN_TABLE)
        return tuple(_as_planned(route) for route in found if route.protocol == network.RTPROT_NETLAB)

    def change_tables(self, netns: str, add: Iterable[Route], delete: Iterable[Route]) -> None:
        """Add and delete routes of a VNet fabric, which translates addresses towards the Internet."""
        network.set_routes(netns, add, delete, network.RTPROT_NETLAB)
        network.forget_flows(netns)

    def steer(self, netns: str, add: Iterable[Route], delete: Iterable[Route]) -> None:
        """Add and delete routes of a router into its tunnels; those whose interface is gone with its charon are not."""
        live = {*network.interface_names(netns), ""}
        there = (r for r in add if {r.device, *(device for device, _ in r.hops)} <= live)
        network.set_routes(netns, there, delete, network.RTPROT_NETLAB)

    def selectors(self, view: GatewayView) -> tuple[str, ...]:
        """The prefixes that a gateway offers to its point-to-site clients."""
        try:
            return charon.local_selectors(view.p2s_directory, P2S)
        except OSError:
            return ()

    def load_selectors(self, view: GatewayView, prefixes: Iterable[str], timers: Timers) -> None:
        """Offer these prefixes to point-to-site clients from their next authentication on."""
        prefixes = tuple(prefixes)
        assert view.p2s_connection is not None
        if view.footholds:
            footholds = (foothold(prefix).removesuffix("/32") for prefix in prefixes)
            network.add_loopback_addresses(view.p2s_edge_netns, footholds)
        connection = replace(view.p2s_connection, local_ts=Selector(prefixes))
        charon.load(view.p2s_directory, charon.Orders([vici.connection(connection, timers)]))

    def watch(self, netns: Iterable[str], directories: Iterable[str]) -> LabWatch:
        """Something to wait on for changes of routes in these namespaces, and of the SAs of these charons."""
        return LabWatch(network.RouteWatch(netns), directories)

    # --- reading ----------------------------------------------------------------------------------------------------

    def addresses(self, plan: Plan) -> dict[str, tuple[str, ...]]:
        """The addresses of every node."""
        found = network.addresses(node.netns for node in plan.nodes)
        return {node.name: found[node.netns] for node in plan.nodes}

    def routes(self, netns: str) -> tuple[network.KernelRoute, ...]:
        """All IPv4 routes of a namespace but the local table's."""
        return network.routes(netns)

    def chosen(self, arrivals: Iterable[network.Arrival]) -> dict[network.Arrival, network.KernelRoute | None]:
        """The route that the kernel takes for each packet; None where it drops it."""
        return network.chosen(arrivals)

    def table_of(self, netns: str, interface: str) -> int:
        """The routing table that a namespace uses for what comes in by an interface."""
        return next((table for iif, table in network.rules(netns) if iif == interface), MAIN_TABLE)


def _uplinks(plan: Plan, nodes: Collection[str]) -> list[Link]:
    """The links to the Internet of routers, at their edges, and of clients."""
    faces = {*nodes, *(f"{node}-edge" for node in nodes)}
    return [link for link in plan.links if link.a.node in faces and link.b.node == INTERNET]


class LabWatch:
    """Tells when routes or SAs change."""

    def __init__(self, routes: network.RouteWatch, directories: Iterable[str]) -> None:
        self._routes = routes
        self._closed = Event()
        for directory in directories:
            Thread(target=charon.listen, args=(directory, self.poke, self._closed.is_set), daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Wait for a change, at most so long; what came meanwhile is one change."""
        return self._routes.wait(seconds)

    def poke(self) -> None:
        """Tell of a change; from any thread."""
        if not self._closed.is_set():
            self._routes.poke()

    def close(self) -> None:
        """Listen no more."""
        self._closed.set()
        self._routes.close()


def _as_planned(route: network.KernelRoute) -> Route:
    several = len(route.devices) > 1
    vias = route.via or ("",) * len(route.devices)
    return Route(
        route.prefix,
        route.devices[0] if route.devices and not several else "",
        via=route.via[0] if route.via and not several else "",
        type=route.type,
        table=route.table,
        metric=route.metric,
        source=route.source,
        hops=tuple(sorted(zip(route.devices, vias, strict=True))) if several else (),
    )


def _controller_directory(lab: str) -> str:
    return f"{lab_directory(lab)}/{CONTROLLER}"


def _await_charon(item: Charon) -> None:
    said = partial(processes.last_words, item.directory, *charon.LOGS)
    _await(f"charon of {item.node}", partial(charon.ready, item.directory), said)


def _start_frr(plan: Plan, speaker: BgpSpeaker, daemon: str) -> None:
    frr.start(plan.netns(speaker.node), speaker.directory, daemon, text.frr_conf(speaker, daemon))


def _await_frr(speaker: BgpSpeaker, daemon: str) -> None:
    said = partial(processes.last_words, speaker.directory, *frr.logs(daemon))
    _await(f"{daemon} of {speaker.node}", partial(frr.ready, speaker.directory, daemon), said)


def _patience(plan: Plan) -> float:
    """A peer refuses at once; that there is none is known after the last repetition."""
    return 1 + (plan.timers.retransmit_tries + 1) * plan.timers.retransmit_timeout


def _bring_up(plan: Plan, directory: str, connection: str, refused: Collection[str]) -> None:
    if connection in refused:
        with contextlib.suppress(ConvergeError):
            charon.initiate(directory, connection, _patience(plan))
        return
    said: list[str] = []

    def up() -> bool:
        try:
            charon.initiate(directory, connection, _INITIATE_SECONDS)
        except ConvergeError as error:
            # A peer that refuses is believed; one that was not heard is asked again.
            if charon.refusal(directory, connection) != charon.UNHEARD:
                raise
            said.append(error.message)
            return False
        return True

    wait_until(up, _INITIATE_SECONDS, lambda: said[-1])


def _await(what: str, met: Callable[[], bool], said: Callable[[], str]) -> None:
    wait_until(met, _READY_SECONDS, lambda: f"{what} is not there; {said()}")


def _at_once(items: Sequence[T], function: Callable[[T], None]) -> None:
    """Run a function for every item in parallel; the first error wins."""
    if items:
        with ThreadPoolExecutor(max_workers=len(items)) as pool:
            list(pool.map(function, items))
