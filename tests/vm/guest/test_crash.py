"""The kernel keeps what a dead IKE daemon left in it: netlab knows, and takes it away."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import labs
import pytest

from netlab.lab.build import keys, records
from netlab.machine import daemons, ike

pytestmark = pytest.mark.usefixtures("host_unchanged")

# Scaled by ten only: an emulated processor may take a second to answer.
SCENARIO = ("s2s-static", "--data-plane", "kernel", "--time-scale", "10")
EDGE, PEER = "vnet1-gw-0-edge", "site1-edge"
LISTED = "10.101.0.10"


class Held:
    """A namespace that lives as long as this does, whoever removes its name."""

    def __init__(self, netns: str) -> None:
        self._file = Path("/run/netns", netns).open("rb")  # noqa: SIM115

    def xfrm(self) -> str:
        """The states and policies in the kernel."""
        number = self._file.fileno()
        command = f"nsenter --net=/proc/self/fd/{number} sh -c 'ip -o xfrm state && ip -o xfrm policy'"
        done = subprocess.run(command, shell=True, pass_fds=[number], capture_output=True, text=True, check=True)
        # What a socket of charon's was exempt from goes with the socket.
        return "\n".join(line for line in done.stdout.splitlines() if "socket" not in line)

    def close(self) -> None:
        self._file.close()


@pytest.fixture
def held() -> Iterator[Callable[[str], Held]]:
    made: list[Held] = []

    def hold(netns: str) -> Held:
        made.append(Held(netns))
        return made[-1]

    yield hold
    for one in made:
        one.close()


def test_a_dead_charon_is_known_although_traffic_flows(held: Callable[[str], Held], ping: Callable[..., float]) -> None:
    # Azure's own timers: the peer takes 45 s to miss the dead one, and until then its SAs stay, too.
    with labs.up(*SCENARIO[:1], "t-dead", *SCENARIO[1:], "--time-scale", "1") as lab:
        edges = [held(f"nl.t-dead.{node}") for node in (EDGE, PEER)]
        assert all(edge.xfrm() for edge in edges)
        assert lab.status() == {}
        # The initiator's charon still has the connection when its peer's is dead.
        for node, wrong in (
            (PEER, f"charon-systemd of {PEER} is dead"),
            (EDGE, f"charon-systemd of {EDGE} is dead; charon-systemd of {PEER} is dead"),
        ):
            lab.kill(node, "charon-systemd")
            assert all(edge.xfrm() for edge in edges)
            ping(lab, "vnet1-vm1", LISTED)
            assert lab.status(code=1)["daemons"] == wrong
        report = lab.verify(code=1)
        assert labs.failed_checks(report)["daemons"] == wrong
        (step,) = report["steps"]
        through = [cell for cell in step["cells"] if (cell["source"], cell["target"]) == ("vnet1-vm1", "site1-listed")]
        assert {cell["observed"] for cell in through} == {"reachable"}
    assert [edge.xfrm() for edge in edges] == ["", ""]


def test_a_restarted_charon_begins_with_an_empty_kernel(
    held: Callable[[str], Held], ping: Callable[..., float]
) -> None:
    with labs.up(*SCENARIO[:1], "t-restart", *SCENARIO[1:]) as lab:
        edge = held(f"nl.t-restart.{EDGE}")
        lab.kill(EDGE, "charon-systemd")
        assert edge.xfrm()
        plan = records.read(lab.name).plan
        alone = replace(plan, charons=tuple(item for item in plan.charons if item.node == EDGE), speakers=())
        daemons.start(alone)
        assert edge.xfrm() == ""
        ike.load(alone, keys.read(lab.name))
        ike.initiate(alone, {c.name for item in alone.charons for c in item.connections})
        ping(lab, "vnet1-vm1", LISTED)
        assert lab.status() == {}


@pytest.mark.parametrize("verb", ["gc", "down"])
def test_what_a_killed_up_left_is_flushed(held: Callable[[str], Held], verb: str) -> None:
    name = f"t-killed-{verb}"
    running = labs.Running("up", *SCENARIO, "--name", name)
    try:
        # The step after the security associations that takes its time.
        while running.progress() != ["VNet route tables"]:
            pass
        running.signal(signal.SIGKILL)
        running.end(-signal.SIGKILL)
        edge = held(f"nl.{name}.{EDGE}")
        assert edge.xfrm()
        labs.netlab(verb, *([name] if verb == "down" else []))
        assert edge.xfrm() == ""
        assert name not in labs.names()
    finally:
        labs.netlab("down", name)
