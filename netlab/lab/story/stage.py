"""A scenario's story: actions on the running lab, remembered so that they can be put back, and what is expected."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Protocol

from netlab.azure.sessions import Prefixes, point_to_site
from netlab.azure.sessions import Tunnel as ClientTunnel
from netlab.azure.world import Faults, World, after, named
from netlab.errors import ConvergeError
from netlab.lab.build import clients, profile, state
from netlab.lab.build.settling import Reader, await_bgp, await_fabrics, await_tunnels
from netlab.lab.story import connections, failover
from netlab.machine.waiting import until
from netlab.plan.devices import shared_key_name
from netlab.plan.model import BgpSpeaker, Client, GatewayView, Plan
from netlab.scenario.models import Action, ClientOnly, ClientRoute, CustomRoutes, GatewayFault, NewKey, SitePrefix
from netlab.scenario.routers import instance_node


class Machine(Reader, clients.Machine, clients.Witness, connections.Machine, failover.Machine, Protocol):
    """What a story asks of the machine."""

    def set_custom_routes(self, view: GatewayView, prefixes: Iterable[str]) -> None: ...

    def load_keys(self, plan: Plan, secrets: Mapping[str, str]) -> None: ...

    def reset(self, plan: Plan, connection: str, refused: Collection[str] = ()) -> None: ...

    def take_down(self, plan: Plan, connections: Collection[str]) -> None: ...

    def cut(self, plan: Plan, nodes: Collection[str]) -> None: ...

    def mend(self, plan: Plan, nodes: Collection[str]) -> None: ...

    def silence(self, plan: Plan, nodes: Collection[str]) -> None: ...

    def wake(self, plan: Plan, nodes: Collection[str]) -> None: ...

    def stop_machines(self, plan: Plan, nodes: Collection[str]) -> None: ...

    def start_machines(self, plan: Plan, nodes: Collection[str]) -> None: ...

    def sever(self, plan: Plan, ports: Collection[tuple[str, str]]) -> None: ...

    def rejoin(self, plan: Plan, ports: Collection[tuple[str, str]]) -> None: ...

    def change_announcements(
        self, speaker: BgpSpeaker, add: Iterable[str] = (), delete: Iterable[str] = ()
    ) -> None: ...


# Of Azure's seconds, for what an action changes: BGP's hold time and DPD's time-out, and a minute to converge.
_PATIENCE = 300.0
# Of ours: daemons cannot follow any time scale.
_PATIENCE_AT_LEAST = 15.0
# Of ours, enough for what actions change in a lab where something else is broken.
_PATIENCE_AFTER_FAILURE = 2.0

# R8: the least that Azure documents for an active-standby gateway, in seconds, from the loss of one instance to the
# first tunnel of the other. BGP comes on top: FRR starts a session anew after a second, whatever the time scale.
GAP_PLANNED = 10.0
GAP_UNPLANNED = 60.0

# What undoes an action; the others leave nothing behind, or are themselves the undoing of one.
_INVERSE = {
    "add_route": "remove_route",
    "remove_route": "add_route",
    "fail_tunnel": "restore_tunnel",
    "cut_link": "mend_link",
    "silence_device": "wake_device",
    "stop_vm": "start_vm",
    "fail_circuit": "restore_circuit",
    "fail_gateway": "restore_gateway",
}


@dataclass(slots=True)
class Stage:
    """A lab on which a story is played, and the world that its actions have made so far, settings included."""

    lab: state.Lab
    machine: Machine
    world: World = field(init=False)
    taken: list[Action] = field(default_factory=list)
    patience: float = field(init=False)

    def __post_init__(self) -> None:
        self.patience = max(_PATIENCE / self.lab.plan.timers.scale, _PATIENCE_AT_LEAST)
        self.world = state.opening(self.lab)

    def take(self, action: Action) -> None:
        """Take an action, written down before it is taken."""
        self.taken.append(action)
        state.write_story(self.lab, [a.model_dump(mode="json", exclude_unset=True) for a in self.taken])
        self._act(action)

    def resume(self) -> None:
        """Go on from what earlier actions have made of the lab."""
        self.taken = [Action.model_validate(item) for item in state.read_story(self.lab)]
        self.world = state.world(self.lab)

    def rewind(self) -> None:
        """Put back what this story, or one that was interrupted, has changed: all that can be, whatever fails."""
        taken = self.taken = [Action.model_validate(item) for item in state.read_story(self.lab)]
        scenario = self.lab.scenario
        self.world = state.world(self.lab)
        opening = state.opening(self.lab)
        touched = {tunnel for a in taken if isinstance(a.subject, ClientOnly) for tunnel in named(scenario, a.subject)}
        touched |= {tunnel for tunnel, session in self.world.sessions.items() if session != opening.sessions[tunnel]}
        with ExitStack() as way_back:
            if touched:
                way_back.callback(self._restore_clients, touched)
            if taken:
                way_back.callback(self.settle)
            for vnet in {a.subject.vnet for a in taken if isinstance(a.subject, GatewayFault)}:
                way_back.callback(self._repair, vnet)
            way_back.callback(self._reopen)
            for who in dict.fromkeys(a.subject.speaker for a in taken if isinstance(a.subject, SitePrefix)):
                way_back.callback(self._announce, who, self.world.announced[who], opening.announced[who])
            for connection in {a.subject.connection for a in taken if isinstance(a.subject, NewKey)}:
                way_back.callback(self._restore_keys, connection)
            for action in tuple(taken):
                if isinstance(action.subject, CustomRoutes):
                    routes = point_to_site(scenario, action.subject.vnet).custom_routes
                    way_back.callback(self._set_custom_routes, CustomRoutes(vnet=action.subject.vnet, prefixes=routes))
                inverse = _INVERSE.get(action.verb)
                if inverse is not None:
                    way_back.callback(self.take, Action.model_validate({inverse: action.subject}))
        self.taken.clear()
        self.world = state.opening(self.lab)
        state.write_story(self.lab, [])

    def _repair(self, vnet: str) -> None:
        """Finish what a failover that was killed half-way has left, now that the story has been put back."""
        opening, instances = state.opening(self.lab), frozenset((instance_node(vnet, 0), instance_node(vnet, 1)))
        self.lab = state.planned(self.lab.facts, self.lab.scenario, opening)
        for faults in (Faults(switched=frozenset({vnet})), *(Faults(lost=frozenset({node})) for node in instances)):
            other = state.planned(self.lab.facts, self.lab.scenario, replace(opening, faults=faults)).plan
            failover.repair(other, self.lab.plan, state.shared_keys(self.lab), self.machine, opening.up)

    def _reopen(self) -> None:
        self.world = state.opening(self.lab)

    def _restore_clients(self, touched: Iterable[ClientTunnel]) -> None:
        clients.restore(self.lab.plan, self.lab.scenario, touched, self.machine)

    def _restore_keys(self, connection: str) -> None:
        self._reopen()
        self.machine.load_keys(self.lab.plan, state.shared_keys(self.lab))
        self._reset(connection)

    def settle(self) -> None:
        """Have tunnels up that wait for a packet, and wait until all is where it must arrive.

        That is tunnels, BGP and the VNets; ConvergeError says what is missing.
        """
        try:
            connections.rouse(self.lab.plan, self.machine, self.world, self.patience)
            await_tunnels(self.lab.plan, self.world, self.machine, self.patience)
            await_bgp(self.lab.plan, self.world, self.machine, self.patience)
            await_fabrics(self.lab.plan, self.machine, self.patience)
        except ConvergeError:
            self.lose_patience()
            raise

    def await_departures(self) -> None:
        """Wait until clients have noticed that they have lost their gateway."""
        clients.await_departures(self.lab.plan, self.world, self.machine, self.patience)

    def lose_patience(self) -> None:
        """Something is dead, or did not come in time: do not wait for it again and again."""
        self.patience = _PATIENCE_AFTER_FAILURE

    def _act(self, action: Action) -> None:
        before, self.world = self.world, after(self.world, action)
        plan = self.lab.plan
        match action.verb, action.subject:
            case "add_route", ClientRoute(client=client, prefix=prefix):
                self._change_route(client, add=[str(prefix)])
            case "remove_route", ClientRoute(client=client, prefix=prefix):
                self._change_route(client, delete=[str(prefix)])
            case "download_profile", ClientOnly() as subject:
                for tunnel in self._tunnels(subject):
                    profile.download(plan, self.world.scenario, tunnel, self.machine)
            case "connect" | "reconnect", ClientOnly() as subject:
                self.settle()
                for tunnel in self._tunnels(subject):
                    clients.connect(plan, tunnel, self.machine)
            case "disconnect", ClientOnly() as subject:
                for tunnel in self._tunnels(subject):
                    self.machine.disconnect(plan, tunnel)
            case "set_custom_routes", CustomRoutes() as change:
                self._set_custom_routes(change)
            case "announce" | "withdraw", SitePrefix(speaker=who):
                self._announce(who, before.announced[who], self.world.announced[who])
            case "set_key", NewKey(connection=connection, shared_key=key, end=end):
                ends = (end,) if end is not None else self.lab.scenario.connections[connection].between
                keys = {shared_key_name(connection, each): key.get_secret_value() for each in ends}
                self.machine.load_keys(plan, keys)
                self._reset(connection)
            case _:
                self._break_or_mend(action, before.faults, self.world.faults)

    def _announce(self, who: str, before: Prefixes, now: Prefixes) -> None:
        """Have an appliance, or every VPN device of a site, announce what it does now."""
        sites = self.lab.scenario.sites
        devices = {router.node for router in self.world.topology.with_tunnels(who)} if who in sites else {who}
        add, delete = (tuple(sorted(map(str, prefixes))) for prefixes in (now - before, before - now))
        for speaker in self.lab.plan.speakers if add or delete else ():
            if speaker.node in devices:
                self.machine.change_announcements(speaker, add=add, delete=delete)

    def _reset(self, connection: str) -> None:
        """Take every tunnel of a connection down, and bring it up with what its ends hold now."""
        for tunnel in self.world.topology.tunnels:
            if tunnel.connection == connection:
                self.machine.reset(self.lab.plan, tunnel.name, self.world.refused)

    def _break_or_mend(self, action: Action, before: Faults, now: Faults) -> None:
        if (before.switched, before.lost) != (now.switched, now.lost):
            self._fail_over(action)
        plan = self.lab.plan
        self.machine.take_down(plan, now.tunnels - before.tunnels)
        restored = before.tunnels - now.tunnels - self.world.refused
        self.machine.bring_up(plan, restored, restored - self.world.up)
        self.machine.cut(plan, now.cut - before.cut)
        self.machine.mend(plan, before.cut - now.cut)
        self.machine.silence(plan, now.silent - before.silent)
        self.machine.wake(plan, before.silent - now.silent)
        self.machine.stop_machines(plan, now.stopped - before.stopped)
        self.machine.start_machines(plan, before.stopped - now.stopped)
        self.machine.sever(plan, _customer_ports(plan, now.severed - before.severed))
        self.machine.rejoin(plan, _customer_ports(plan, before.severed - now.severed))

    def _change_route(self, name: str, add: Iterable[str] = (), delete: Iterable[str] = ()) -> None:
        """Change a route into a client's first tunnel; without a tunnel there is nothing that it could lead into."""
        scenario = self.lab.scenario
        client = clients.tunnel_of(self.lab.plan, scenario, (name, scenario.clients[name].gateway))
        if self.machine.virtual_address(client):
            self.machine.change_client_routes(self.lab.plan, client, add, delete)

    def _set_custom_routes(self, change: CustomRoutes) -> None:
        for view in self.lab.plan.gateways:
            if view.vnet == change.vnet and view.p2s_connection is not None:
                self.machine.set_custom_routes(view, map(str, change.prefixes))

    def _tunnels(self, subject: ClientOnly) -> tuple[Client, ...]:
        plan, scenario = self.lab.plan, self.lab.scenario
        return tuple(clients.tunnel_of(plan, scenario, tunnel) for tunnel in named(scenario, subject))

    def _fail_over(self, action: Action) -> None:
        """Go over to the plan of this moment: an instance is lost, or comes back, or the standby takes over.

        Before planned maintenance the standby is prepared. The gap is Azure's (R8): an active-active gateway has none.
        """
        old, self.lab = self.lab.plan, state.planned(self.lab.facts, self.lab.scenario, self.world)
        new, secrets = self.lab.plan, state.shared_keys(self.lab)
        fault = action.subject if action.verb == "fail_gateway" else None
        planned = not isinstance(fault, GatewayFault) or fault.planned
        gap = 0.0 if fault is None or self.world.faults.lost else (GAP_PLANNED if planned else GAP_UNPLANNED)
        if planned:
            failover.prepare(old, new, secrets, self.machine)
        over = time.monotonic() + gap / new.timers.scale
        failover.stop(old, new, self.machine, abruptly=not planned)
        if not planned:
            failover.prepare(old, new, secrets, self.machine)
        until(over)
        failover.cut_over(old, new, self.machine, self.world.up)


def _customer_ports(plan: Plan, edge_routers: Iterable[str]) -> list[tuple[str, str]]:
    """The interfaces of edge routers that lead to sites."""
    sites = {node.name for node in plan.nodes if node.kind == "site"}
    ends = (link.b for link in plan.links if link.a.node in sites)
    wanted = frozenset(edge_routers)
    return [(end.node, end.name) for end in ends if end.node in wanted]
