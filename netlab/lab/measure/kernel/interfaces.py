"""The interfaces, addresses, queues and settings that every node should have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Interface, IPv4Network

from netlab.lab.measure.kernel.moment import Moment
from netlab.lab.measure.kernel.present import joined
from netlab.machine import impairment
from netlab.machine.inventory.settings import of_interface, values, words
from netlab.machine.inventory.tables import address_of
from netlab.machine.network import settings
from netlab.machine.tunnels import TUN
from netlab.plan.edges import foothold
from netlab.plan.model import Client, Node
from netlab.plan.model.held import Wanted
from netlab.scenario.models import CustomRoutes, SitePrefix

# The kernel's own.
_MTU, _LOOPBACK_MTU = 1500, 65536
_LOOPBACK = "127.0.0.1/8"
# kernel-libipsec's TUN before anything is set.
_TUN_MTUS = (1400, 1500)
# Where a node says what its interfaces begin with.
_FOR_ALL = "ipv4/conf/default/"


class Interfaces:
    """The interfaces of every node of a moment, and what belongs to them."""

    def __init__(self, moment: Moment, defaults: Mapping[str, str]) -> None:
        self._moment, self._defaults = moment, defaults
        self._words: dict[str, dict[str, tuple[str, ...]]] = {node.name: {} for node in moment.plan.nodes}
        self._addresses: dict[str, dict[str, bool]] = {node.name: {} for node in moment.plan.nodes}
        self._impaired = {
            (end.node, end.name): impairment.discipline(uplink)
            for uplink in moment.uplinks
            for end in (uplink.near, uplink.far)
        }
        self._fill()

    def of(self, node: Node) -> Iterator[Wanted]:
        """What a node should have of interfaces, addresses, queues and settings."""
        own = settings(node)
        mine = {path.rpartition("/")[2]: int(value) for path, value in own.items() if _FOR_ALL in path}
        mine["forwarding"] = int(node.forwarding)
        for name, words_ in self._words[node.name].items():
            yield Wanted("interface", name, words_)
            usual = values(self._defaults[of_interface("lo" if name == "lo" else "*")])
            yield Wanted("setting", of_interface(name), (words(usual | mine),))
        yield from (Wanted("queue", f"{name} root", kinds) for name, kinds in self._queues(node.name))
        for text, required in self._addresses[node.name].items():
            yield Wanted("address", text, required=required)
        for path, value in self._defaults.items():
            if not path.startswith(of_interface("")) or path.count("/") > 2:
                yield Wanted("setting", path, (own.get(path, value),))

    def addresses(self, node: str) -> Mapping[str, bool]:
        """The addresses that a node has, each with its interface, and whether it must have it."""
        return self._addresses[node]

    def is_up(self, node: str, interface: str) -> bool:
        """Whether an interface is there and up."""
        return any(", up," in word for word in self._words[node].get(interface, ()))

    def _fill(self) -> None:
        plan, down = self._moment.plan, self._moment.left.down
        for node in plan.nodes:
            self._add(node.name, "lo", (f"loopback, up, mtu {_LOOPBACK_MTU}",), (_LOOPBACK, *node.loopback))
            for name, address in node.bridges:
                self._add(node.name, name, (f"bridge, up, mtu {_MTU}",), (address,))
        for link in plan.links:
            for near, far in ((link.a, link.b), (link.b, link.a)):
                state = "down" if (near.node, near.name) in down else "up"
                said = f"veth, {state}, mtu {_MTU}, without ARP, {link.hardware}, {joined((far.node, far.name))}"
                self._add(near.node, near.name, (said,), near.addresses)
        for tunnel in plan.tunnels:
            kind = "xfrm" if tunnel.if_id else "tun"
            self._add(tunnel.node, tunnel.interface, (f"{kind}, up, mtu {tunnel.mtu}",), ())
            if tunnel.decoy:
                self._add(tunnel.edge, tunnel.decoy, (f"xfrm, up, mtu {_MTU}",), ())
            elif not tunnel.if_id and not tunnel.ready_made:
                self._add(tunnel.edge, TUN, (f"bridge, up, mtu {_MTU}",), ())
        for client in plan.clients:
            if client.keeps_interface or self._moment.leases[client.name]:
                self._add(client.node, client.interface, tuple(self._words_of(client)), self._lease(client))
        possible = [address_of("lo", address) for address in footholds(self._moment)]
        for edge in (node.name for node in plan.nodes if node.kind == "edge"):
            for text in possible:
                self._addresses[edge].setdefault(text, False)

    def _add(self, node: str, name: str, said: tuple[str, ...], addresses: Iterable[str]) -> None:
        self._words[node][name] = said
        for text in addresses:
            self._addresses[node][address_of(name, str(IPv4Interface(text)))] = True

    def _words_of(self, client: Client) -> Iterator[str]:
        kind = "xfrm" if client.if_id else "tun"
        for mtu in (client.mtu,) if self._moment.leases[client.name] else {client.mtu, *_TUN_MTUS}:
            yield f"{kind}, up, mtu {mtu}"

    def _lease(self, client: Client) -> tuple[str, ...]:
        address = self._moment.leases[client.name]
        length = IPv4Network(client.subnet).prefixlen if client.subnet else 32
        return (f"{address}/{length}",) if address else ()

    def _queues(self, node: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        for name, said in self._words[node].items():
            if said[0].startswith("tun,"):
                yield name, impairment.USUAL_QUEUES
            else:
                yield name, (self._impaired.get((node, name)) or "noqueue",)


def footholds(moment: Moment) -> frozenset[str]:
    """The addresses that the SDN controller may ever have added to edges, and those of what clients' tunnels carry."""
    state = moment.state
    learned = (p for each in (state, moment.opening) for paths in each.learned.values() for p in paths)
    subjects = [action.subject for step in state.scenario.story for action in step.do]
    by_story: list[IPv4Network] = []
    for subject in (*subjects, *(action.subject for action in state.history)):
        if isinstance(subject, SitePrefix):
            by_story += subject.parts
        elif isinstance(subject, CustomRoutes):
            by_story += subject.prefixes
    offered = (prefix for server in moment.plan.servers for prefix in server.static)
    gateways = (gateway for each in (state, moment.opening) for gateway in each.network.vpn_gateways)
    custom = (p for g in gateways if g.point_to_site is not None for p in g.client_settings.custom_routes)
    held = (prefix for session in state.sessions.values() for prefix in session.selectors)
    return frozenset(
        foothold(str(prefix)) for prefix in {*learned, *by_story, *custom, *held} | set(map(IPv4Network, offered))
    )
