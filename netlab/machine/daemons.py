"""The daemons of a lab: IKE's, FRR's and the SDN controller, started, found and stopped."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from netlab.errors import BuildError
from netlab.machine import charon, flushing, frr, ike_daemons, labs, pluto, processes, proxies
from netlab.machine.answering import answers
from netlab.machine.bgp import of_daemon
from netlab.machine.p2s.types import tunnel_type
from netlab.machine.radius import server as radius
from netlab.machine.waiting import await_daemon, stretched
from netlab.plan.model import BgpSpeaker, Charon, Plan
from netlab.plan.names import lab_directory
from netlab.render import text

CONTROLLER, PROXY = "netlab-sdn", proxies.NAME
# What ends when a speaker is stopped; zebra, which only writes routes, goes on.
BGP = ("bgpd", "bfdd", "bird")
# A daemon that is not there by then will not come; generous, for emulated machines, which need 30 times as long.
_READY_SECONDS = 120.0


def start(plan: Plan) -> None:
    """Start every IKE daemon, every zebra and what serves clients, and wait until they serve; ConvergeError if one has
    ended."""
    charons: dict[str, processes.Process] = {}
    for number, item in enumerate(plan.charons):
        # One after the other in the same namespace: the first gets IKE's ports and the first TUN.
        for other in (other for other in plan.charons[:number] if other.node == item.node):
            _await_charon(other, charons[other.directory])
        charons[item.directory] = _start_ike(plan, item)
    for speaker in plan.speakers:
        Path(speaker.directory).mkdir(mode=0o700, exist_ok=True)
    _start_speakers(plan, [(s, daemon) for s, daemon in _of_speakers(plan) if daemon not in BGP])
    for item in plan.charons:
        _await_charon(item, charons[item.directory])
    for proxy in plan.proxies:
        proxies.start(plan, proxy)
    for found in plan.radius_servers:
        radius.start(plan, found)
    for server in (server for server in plan.servers if server.program):
        tunnel_type(server).start(plan, server)


def _start_ike(plan: Plan, item: Charon) -> processes.Process:
    Path(item.directory).mkdir(mode=0o700, exist_ok=True)
    netns = plan.netns(item.node)
    if item.program == "libreswan":
        return pluto.start(netns, item.directory)
    pluto.forget(item.directory)
    if item.radius:
        radius.write_charons(plan, item.radius, item.directory)
    return charon.start(netns, item.directory, text.strongswan_conf(item, plan.timers, plan.data_plane))


def ike_process(item: Charon) -> str:
    """The name of an IKE daemon's process."""
    return ike_daemons.by_program(item.program).NAME


def start_bgp(plan: Plan) -> None:
    """Start every BGP daemon, with the tunnels already there, so that the first attempt to connect succeeds."""
    _start_speakers(plan, [(s, daemon) for s, daemon in _of_speakers(plan) if daemon in BGP])


def stop_bgp(lab: str, directories: Collection[str]) -> None:
    """Stop the BGP daemons of these directories in order, and leave zebra alone."""
    under = processes.under(lab_directory(lab))
    _stop(lab, [p for cwd, p in under if cwd in directories and p.name in BGP], abruptly=False)


def start_controller(lab: str, command: Sequence[str]) -> None:
    """Start the lab's SDN controller in the host's namespace; it enters the lab's to read and write."""
    directory = _controller_directory(lab)
    Path(directory).mkdir(mode=0o700, exist_ok=True)
    processes.start(command, directory)


def stop_controller(lab: str) -> None:
    """Stop the lab's SDN controller; its tunnels and routes stay as they are."""
    stop(lab, {_controller_directory(lab)}, abruptly=False)


def await_controller(lab: str, command: Sequence[str]) -> None:
    """Wait until the controller is at work: it takes its name after its first look at the lab."""
    said = partial(processes.last_words, _controller_directory(lab), processes.output(command[0]))

    def serves() -> bool:
        return (CONTROLLER, CONTROLLER) in running(lab)

    def alive() -> bool:
        return bool(processes.under(_controller_directory(lab)))

    await_daemon("the SDN controller", serves, _READY_SECONDS, said, alive)


def take_name() -> None:
    """Give the calling process the name by which the controller is found."""
    Path("/proc/self/comm").write_text(CONTROLLER)


def replan(lab: str) -> None:
    """Have the SDN controller read the lab's plan again."""
    processes.hang_up(p for _, p in processes.under(lab_directory(lab)) if p.name == CONTROLLER)


def running(lab: str) -> tuple[tuple[str, str], ...]:
    """Every daemon that runs for a lab: its directory's name and its own."""
    found = processes.under(lab_directory(lab))
    names = {process.pid: process.name for _, process in found}
    # Between fork and exec a child has the name of the daemon that starts it.
    return tuple((Path(cwd).name, process.name) for cwd, process in found if names.get(process.parent) != process.name)


def silent(plan: Plan, seconds: float) -> tuple[tuple[str, str], ...]:
    """The daemons of a plan that run or not, and do not answer in time: their directories' names and their own."""
    seconds = stretched(seconds)
    asked: list[tuple[str, str, Callable[[], bool]]] = [
        (_controller_directory(plan.lab), CONTROLLER, partial(answers, _controller_directory(plan.lab), seconds)),
        *(
            (c.directory, ike_process(c), partial(ike_daemons.of(c.directory).ready, c.directory, seconds))
            for c in plan.charons
        ),
        *(
            (s.directory, d, partial(of_daemon(s, d).ready, s.directory, d, seconds))
            for s in plan.speakers
            for d in s.daemons
        ),
    ]
    with ThreadPoolExecutor(max_workers=len(asked)) as pool:
        found = list(pool.map(lambda item: item[2](), asked))
    return tuple(
        (Path(directory).name, name) for (directory, name, _), answer in zip(asked, found, strict=True) if not answer
    )


def stop(lab: str, directories: Collection[str], abruptly: bool) -> None:
    """Stop the daemons of these directories: in order, or at once and without a word to their peers."""
    _stop(lab, [process for cwd, process in processes.under(lab_directory(lab)) if cwd in directories], abruptly)


def _stop(lab: str, found: Sequence[processes.Process], abruptly: bool) -> None:
    left = processes.kill(found) if abruptly else processes.stop(found)
    frr.remove_scratch(found)
    if left:
        raise BuildError(f"these processes of lab {lab} do not end: {', '.join(p.name for p in left)}")


def stop_all(lab: str) -> list[str]:
    """Stop all that netlab started for a lab or that lives in its namespaces; the names of what did not end.

    What charons left in the kernel goes too: a namespace that a process still holds outlives its name, with its SAs.
    """
    directory = lab_directory(lab)
    started = (process for _, process in processes.under(directory))
    found = {*started, *processes.inside(labs.of(lab))}
    left = processes.stop(tuple(process for process in found if process.pid != os.getpid()))
    # One that is stopped as it starts has no pid file yet, one that was killed before has nothing else.
    frr.remove_scratch(found)
    frr.remove_all_scratch(directory)
    for netns in labs.of(lab):
        # One that is only half made cannot be entered, and holds nothing.
        with contextlib.suppress(BuildError):
            flushing.flush_ipsec(netns)
    return [f"{process.name} ({process.pid})" for process in left]


def _controller_directory(lab: str) -> str:
    return f"{lab_directory(lab)}/{CONTROLLER}"


def _await_charon(item: Charon, process: processes.Process) -> None:
    daemon = ike_daemons.by_program(item.program)
    said = partial(processes.last_words, item.directory, *daemon.LOGS)
    ready = partial(daemon.ready, item.directory)
    await_daemon(f"{daemon.CALLED} of {item.node}", ready, _READY_SECONDS, said, process.alive)


def _of_speakers(plan: Plan) -> Iterator[tuple[BgpSpeaker, str]]:
    return ((speaker, daemon) for speaker in plan.speakers for daemon in speaker.daemons)


def _start_speakers(plan: Plan, found: Sequence[tuple[BgpSpeaker, str]]) -> None:
    """Start these daemons of speakers side by side, and wait until they serve."""
    started = [(s, daemon, of_daemon(s, daemon).start(plan.netns(s.node), s, daemon)) for s, daemon in found]
    for speaker, daemon, process in started:
        said = partial(processes.last_words, speaker.directory, *of_daemon(speaker, daemon).logs(daemon))
        ready = partial(of_daemon(speaker, daemon).ready, speaker.directory, daemon)
        await_daemon(f"{daemon} of {speaker.node}", ready, _READY_SECONDS, said, process.alive)
        of_daemon(speaker, daemon).remember(speaker, daemon)
