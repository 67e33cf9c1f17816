"""A scenario's story: actions on the running lab, remembered so that they can be put back, and what is expected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Protocol

from netlab.lab import profile, state
from netlab.lab.convergence import Reader, await_bgp, await_fabrics
from netlab.plan.model import BgpSpeaker, Client, Plan
from netlab.scenario.models import Action, ClientOnly, ClientRoute, Expectation, Reach, SitePrefix, node_name
from netlab.scenario.names import resolve


class Machine(Reader, profile.Machine, Protocol):
    """What a story asks of the machine."""

    def reconnect(self, plan: Plan, client: Client) -> None: ...

    def change_announcements(
        self, speaker: BgpSpeaker, add: Iterable[str] = (), delete: Iterable[str] = ()
    ) -> None: ...


# What undoes an action; the others leave nothing behind.
_INVERSE = {"add_route": "remove_route", "remove_route": "add_route", "announce": "withdraw", "withdraw": "announce"}


@dataclass(slots=True)
class Stage:
    """A lab on which a story is played: what its actions changed so far."""

    lab: state.Lab
    machine: Machine
    announced: dict[str, frozenset[IPv4Network]] = field(default_factory=dict)
    taken: list[Action] = field(default_factory=list)

    def take(self, action: Action) -> None:
        """Take an action, written down before it is taken."""
        self.taken.append(action)
        state.write_story(self.lab, [a.model_dump(mode="json", exclude_unset=True) for a in self.taken])
        self._act(action)

    def rewind(self) -> None:
        """Put back what this story, or one that was interrupted, has changed."""
        taken = [Action.model_validate(item) for item in state.read_story(self.lab)]
        for action in taken:
            self._note(action)
        for action in reversed(taken):
            inverse = _INVERSE.get(action.verb)
            if inverse is not None:
                self._act(Action.model_validate({inverse: action.subject}))
        if taken:
            self.settle()
        for client in {a.subject.client for a in taken if a.verb == "reconnect" and isinstance(a.subject, ClientOnly)}:
            self.machine.reconnect(self.lab.plan, self._client(client))
        self.taken.clear()
        state.write_story(self.lab, [])

    def settle(self, seconds: float = 30.0) -> None:
        """Wait until BGP and the VNets are where they must arrive; ConvergeError says what is missing."""
        await_bgp(self.lab.plan, self.lab.scenario, self.machine, self.announced, seconds)
        await_fabrics(self.lab.plan, self.machine, seconds)

    def _act(self, action: Action) -> None:
        self._note(action)
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

    def _note(self, action: Action) -> None:
        """Keep account of what sites announce."""
        if isinstance(action.subject, SitePrefix):
            site = action.subject.site
            now = self.announced.get(site, frozenset(self.lab.scenario.sites[site].address_prefixes))
            prefix = frozenset({action.subject.prefix})
            self.announced[site] = now | prefix if action.verb == "announce" else now - prefix

    def _client(self, name: str) -> Client:
        return next(client for client in self.lab.plan.clients if client.node == node_name(name))

    def _speaker(self, site: str) -> BgpSpeaker:
        return next(speaker for speaker in self.lab.plan.speakers if speaker.node == node_name(site))


Matrix = Mapping[tuple[str, str], Reach]


def expected_matrix(lab: state.Lab, before: Matrix, expectation: Expectation) -> Matrix:
    """What is expected of every pair of nodes; what a step leaves out stays as before."""
    pairs = {
        (source, target): reach
        for sources, row in expectation.reach.items()
        for targets, reach in row.items()
        for source in resolve(lab.scenario, sources)
        for target in resolve(lab.scenario, targets)
        if source != target
    }
    return {**before, **pairs}
