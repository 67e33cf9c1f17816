"""The daemons that a lab must have: those that are dead, that do not answer, and that are too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from netlab.azure.faults import Impact
from netlab.azure.state import State
from netlab.errors import BuildError
from netlab.machine.daemons import BGP, CONTROLLER, PROXY, ike_process
from netlab.machine.ports import Daemons
from netlab.plan.model import Plan
from netlab.results.verification import Deviation

# A daemon that lives answers in a millisecond; the SDN controller when it has looked at the lab, which takes a minute
# with thousands of prefixes on a busy machine. One that a signal has stopped is not waited for.
_ANSWER_SECONDS = 120.0


def dead(plan: Plan, state: State, daemons: Daemons) -> tuple[Deviation, ...]:
    """The daemons that must run and do not, and those that run more than once."""
    running = Counter(daemons.running(plan.lab))
    return tuple(
        Deviation("daemon-extra", node, name, f"runs {running[directory, name]} times")
        if running[directory, name]
        else Deviation("daemon-dead", node, name, "is dead")
        for node, directory, name in _wanted(plan, state)
        if running[directory, name] != 1
    )


def words(plan: Plan, state: State, daemons: Daemons) -> str:
    """Which daemons are dead, in words: then nothing more comes of waiting. Empty where all live."""
    return "; ".join(said(dead(plan, state, daemons)))


def require(dead: Callable[[], str]) -> None:
    """BuildError where a daemon that was at work has died since."""
    if found := dead():
        raise BuildError(found, "try again; if it dies again, `journalctl -k` may tell who killed it")


def said(found: Iterable[Deviation]) -> list[str]:
    """What is wrong with each of these daemons, in words."""
    return [f"{item.object} of {item.node} {item.message}" for item in found]


def silent(plan: Plan, state: State, daemons: Daemons) -> tuple[Deviation, ...]:
    """The daemons that run and do not answer in time."""
    running, asked = frozenset(daemons.running(plan.lab)), frozenset(daemons.silent(plan, _ANSWER_SECONDS))
    return tuple(
        Deviation("daemon-hung", node, name, "does not answer")
        for node, directory, name in _wanted(plan, state)
        if (directory, name) in running & asked
    )


def _wanted(plan: Plan, state: State) -> Iterator[tuple[str, str, str]]:
    stopped = state.hit(Impact.WITHOUT_BGP)
    return (item for item in expected(plan) if item[0] not in stopped or item[2] not in BGP)


def expected(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """Every daemon that must run: node, run directory and process name."""
    for charon in plan.charons:
        yield charon.node, charon.directory.rpartition("/")[2], ike_process(charon)
    for server in (server for server in plan.servers if server.program):
        yield server.edge, server.directory.rpartition("/")[2], server.program
    for proxy in plan.proxies:
        yield proxy.node, proxy.directory.rpartition("/")[2], PROXY
    for radius in plan.radius_servers:
        yield radius.node, radius.directory.rpartition("/")[2], radius.program
    for speaker in plan.speakers:
        for program in speaker.daemons:
            yield speaker.node, speaker.directory.rpartition("/")[2], program
    yield "the lab", CONTROLLER, CONTROLLER
