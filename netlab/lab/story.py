"""A scenario's story: actions on the running lab, remembered so that they can be put back, and what is expected."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Protocol

from pydantic import SecretStr

from netlab.azure.sessions import point_to_site
from netlab.azure.world import World, after, initial, named
from netlab.errors import ConvergeError
from netlab.lab import clients, profile, state
from netlab.lab.convergence import Reader, await_bgp, await_fabrics
from netlab.plan.devices import shared_key_name
from netlab.plan.model import BgpSpeaker, Client, GatewayView, Plan
from netlab.scenario.models import Action, ClientOnly, ClientRoute, CustomRoutes, NewKey, SitePrefix, node_name


def opening(lab: state.Lab) -> World:
    """The world in which a lab's story begins: what the scenario says, with the keys that the lab has."""
    keys = state.shared_keys(lab)
    places = ((name, end) for name, item in lab.scenario.connections.items() for end in item.between)
    return replace(initial(lab.scenario), keys={place: SecretStr(keys[shared_key_name(*place)]) for place in places})


def refused(world: World) -> tuple[str, ...]:
    """The connections that cannot come up."""
    return tuple(name for name, found in world.negotiated.items() if not found.up)


class Machine(Reader, clients.Machine, Protocol):
    """What a story asks of the machine."""

    def set_custom_routes(self, view: GatewayView, prefixes: Iterable[str]) -> None: ...

    def load_keys(self, plan: Plan, secrets: Mapping[str, str]) -> None: ...

    def reset(self, plan: Plan, connection: str, refused: Collection[str] = ()) -> None: ...

    def change_announcements(
        self, speaker: BgpSpeaker, add: Iterable[str] = (), delete: Iterable[str] = ()
    ) -> None: ...


# Seconds, enough for what actions change in a lab where something else is broken.
_PATIENCE_AFTER_FAILURE = 2.0

# What undoes an action; the others leave nothing behind.
_INVERSE = {"add_route": "remove_route", "remove_route": "add_route", "announce": "withdraw", "withdraw": "announce"}


@dataclass(slots=True)
class Stage:
    """A lab on which a story is played: what its actions changed so far, the scenario's settings included."""

    lab: state.Lab
    machine: Machine
    world: World = field(init=False)
    taken: list[Action] = field(default_factory=list)
    patience: float = 15.0

    def __post_init__(self) -> None:
        self.world = opening(self.lab)

    def take(self, action: Action) -> None:
        """Take an action, written down before it is taken."""
        self.taken.append(action)
        state.write_story(self.lab, [a.model_dump(mode="json", exclude_unset=True) for a in self.taken])
        self._act(action)

    def rewind(self) -> None:
        """Put back what this story, or one that was interrupted, has changed: all that can be, whatever fails."""
        taken = [Action.model_validate(item) for item in state.read_story(self.lab)]
        plan, scenario = self.lab.plan, self.lab.scenario
        touched = {tunnel for a in taken if isinstance(a.subject, ClientOnly) for tunnel in named(scenario, a.subject)}
        with ExitStack() as way_back:
            if touched:
                way_back.callback(clients.restore, plan, scenario, touched, self.machine)
            if taken:
                way_back.callback(self.settle)
            way_back.callback(self._reopen)
            for connection in {a.subject.connection for a in taken if isinstance(a.subject, NewKey)}:
                way_back.callback(self._restore_keys, connection)
            for action in taken:
                self._note(action)
                if isinstance(action.subject, CustomRoutes):
                    routes = point_to_site(scenario, action.subject.vnet).custom_routes
                    way_back.callback(self._set_custom_routes, CustomRoutes(vnet=action.subject.vnet, prefixes=routes))
                inverse = _INVERSE.get(action.verb)
                if inverse is not None:
                    way_back.callback(self._act, Action.model_validate({inverse: action.subject}))
        self.taken.clear()
        state.write_story(self.lab, [])

    def _reopen(self) -> None:
        self.world = opening(self.lab)

    def _restore_keys(self, connection: str) -> None:
        self._reopen()
        self.machine.load_keys(self.lab.plan, state.shared_keys(self.lab))
        self.machine.reset(self.lab.plan, connection, refused(self.world))

    def settle(self) -> None:
        """Wait until BGP and the VNets are where they must arrive; ConvergeError says what is missing."""
        try:
            await_bgp(self.lab.plan, self.world, self.machine, self.patience)
            await_fabrics(self.lab.plan, self.machine, self.patience)
        except ConvergeError:
            self.lose_patience()
            raise

    def lose_patience(self) -> None:
        """Something is dead, or did not come in time: do not wait for it again and again."""
        self.patience = _PATIENCE_AFTER_FAILURE

    def _act(self, action: Action) -> None:
        if self._note(action):
            return
        match action.verb, action.subject:
            case "add_route", ClientRoute(client=client, prefix=prefix):
                self._change_route(client, add=[str(prefix)])
            case "remove_route", ClientRoute(client=client, prefix=prefix):
                self._change_route(client, delete=[str(prefix)])
            case "download_profile", ClientOnly() as subject:
                for tunnel in self._tunnels(subject):
                    profile.download(self.lab.plan, self.world.scenario, tunnel, self.machine)
            case "connect" | "reconnect", ClientOnly() as subject:
                self.settle()
                for tunnel in self._tunnels(subject):
                    clients.connect(self.lab.plan, tunnel, self.machine)
            case "disconnect", ClientOnly() as subject:
                for tunnel in self._tunnels(subject):
                    self.machine.disconnect(self.lab.plan, tunnel)
            case "set_custom_routes", CustomRoutes() as change:
                self._set_custom_routes(change)
            case "announce", SitePrefix(site=site, prefix=prefix):
                self.machine.change_announcements(self._speaker(site), add=[str(prefix)])
            case "withdraw", SitePrefix(site=site, prefix=prefix):
                self.machine.change_announcements(self._speaker(site), delete=[str(prefix)])
            case "set_key", NewKey(connection=connection, shared_key=key, end=end):
                ends = (end,) if end is not None else self.lab.scenario.connections[connection].between
                keys = {shared_key_name(connection, each): key.get_secret_value() for each in ends}
                self.machine.load_keys(self.lab.plan, keys)
                self.machine.reset(self.lab.plan, connection, refused(self.world))

    def _note(self, action: Action) -> bool:
        """Keep account of what the world has become; whether an announcement changes nothing."""
        before, self.world = self.world, after(self.world, action)
        return isinstance(action.subject, SitePrefix) and self.world.announced == before.announced

    def _change_route(self, name: str, add: Iterable[str] = (), delete: Iterable[str] = ()) -> None:
        """Change a route into a client's first tunnel; without a tunnel there is nothing that it could lead into."""
        scenario = self.lab.scenario
        client = clients.tunnel_of(self.lab.plan, scenario, (name, scenario.clients[name].gateway))
        if self.machine.virtual_address(client):
            self.machine.change_client_routes(self.lab.plan, client, add, delete)

    def _set_custom_routes(self, change: CustomRoutes) -> None:
        for view in self.lab.plan.gateways:
            if view.vnet == change.vnet:
                self.machine.set_custom_routes(view, map(str, change.prefixes))

    def _tunnels(self, subject: ClientOnly) -> tuple[Client, ...]:
        plan, scenario = self.lab.plan, self.lab.scenario
        return tuple(clients.tunnel_of(plan, scenario, tunnel) for tunnel in named(scenario, subject))

    def _speaker(self, site: str) -> BgpSpeaker:
        return next(speaker for speaker in self.lab.plan.speakers if speaker.node == node_name(site))
