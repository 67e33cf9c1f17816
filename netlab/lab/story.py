"""A scenario's story: actions on the running lab, remembered so that they can be put back, and what is expected."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Protocol

from netlab.errors import ConvergeError
from netlab.lab import profile, state
from netlab.lab.convergence import Reader, await_bgp, await_fabrics
from netlab.plan.model import BgpSpeaker, Client, Plan
from netlab.scenario.models import Action, ClientOnly, ClientRoute, SitePrefix, node_name


class Machine(Reader, profile.Machine, Protocol):
    """What a story asks of the machine."""

    def reconnect(self, plan: Plan, client: Client) -> None: ...

    def change_announcements(
        self, speaker: BgpSpeaker, add: Iterable[str] = (), delete: Iterable[str] = ()
    ) -> None: ...


# Seconds, enough for what actions change in a lab where something else is broken.
_PATIENCE_AFTER_FAILURE = 2.0

# What undoes an action; the others leave nothing behind.
_INVERSE = {"add_route": "remove_route", "remove_route": "add_route", "announce": "withdraw", "withdraw": "announce"}


@dataclass(slots=True)
class Stage:
    """A lab on which a story is played: what its actions changed so far."""

    lab: state.Lab
    machine: Machine
    announced: dict[str, frozenset[IPv4Network]] = field(default_factory=dict)
    taken: list[Action] = field(default_factory=list)
    patience: float = 15.0

    def take(self, action: Action) -> None:
        """Take an action, written down before it is taken."""
        self.taken.append(action)
        state.write_story(self.lab, [a.model_dump(mode="json", exclude_unset=True) for a in self.taken])
        self._act(action)

    def rewind(self) -> None:
        """Put back what this story, or one that was interrupted, has changed: all that can be, whatever fails."""
        taken = [Action.model_validate(item) for item in state.read_story(self.lab)]
        clients = {a.subject.client for a in taken if a.verb == "reconnect" and isinstance(a.subject, ClientOnly)}
        with ExitStack() as way_back:
            for client in clients:
                way_back.callback(self.machine.reconnect, self.lab.plan, self._client(client))
            if taken:
                way_back.callback(self.settle)
            for action in taken:
                self._note(action)
                inverse = _INVERSE.get(action.verb)
                if inverse is not None:
                    way_back.callback(self._act, Action.model_validate({inverse: action.subject}))
        self.taken.clear()
        state.write_story(self.lab, [])

    def settle(self) -> None:
        """Wait until BGP and the VNets are where they must arrive; ConvergeError says what is missing."""
        try:
            await_bgp(self.lab.plan, self.lab.scenario, self.machine, self.announced, self.patience)
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
                self.machine.change_client_routes(self.lab.plan, self._client(client), add=[str(prefix)])
            case "remove_route", ClientRoute(client=client, prefix=prefix):
                self.machine.change_client_routes(self.lab.plan, self._client(client), delete=[str(prefix)])
            case "download_profile", ClientOnly(client=client):
                profile.download(self.lab.plan, self.lab.scenario, self._client(client), self.machine)
            case "reconnect", ClientOnly(client=client):
                self.settle()
                self.machine.reconnect(self.lab.plan, self._client(client))
            case "announce", SitePrefix(site=site, prefix=prefix):
                self.machine.change_announcements(self._speaker(site), add=[str(prefix)])
            case "withdraw", SitePrefix(site=site, prefix=prefix):
                self.machine.change_announcements(self._speaker(site), delete=[str(prefix)])

    def _note(self, action: Action) -> bool:
        """Keep account of what sites announce; whether an announcement changes nothing."""
        if not isinstance(action.subject, SitePrefix):
            return False
        site, prefix = action.subject.site, action.subject.prefix
        now = self.announced.get(site, frozenset(self.lab.scenario.sites[site].address_prefixes))
        self.announced[site] = now | {prefix} if action.verb == "announce" else now - {prefix}
        return self.announced[site] == now

    def _client(self, name: str) -> Client:
        return next(client for client in self.lab.plan.clients if client.node == node_name(name))

    def _speaker(self, site: str) -> BgpSpeaker:
        return next(speaker for speaker in self.lab.plan.speakers if speaker.node == node_name(site))
