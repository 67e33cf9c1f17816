"""The command line as a user meets it: bad input, bad days, exit codes, what goes to which stream."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from labs import NETLAB, RUN, SCENARIOS, Done, Lab, Running, cold, ended_well, names, netlab, up

SMALL = "s2s-static"
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
KINDS = {"internet", "backbone", "vnet", "vm", "gateway", "edge", "site", "host", "client"}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A lab to look at; tests leave it as it is."""
    with up(SMALL, "t-cli") as found:
        yield found


def wrapped(*prefix: str, command: tuple[str, ...], code: int) -> Done:
    """Run netlab by another command: as another user, in other mounts."""
    argv = [*prefix, str(NETLAB), *command]
    done = subprocess.run(argv, cwd="/", capture_output=True, text=True, check=False, timeout=60)
    ended_well(done, code)
    return done


def mounted(script: str, *command: str, code: int) -> Done:
    """Run netlab where a shell script has changed the mounts, for it alone."""
    return wrapped("unshare", "--mount", "sh", "-ec", f'{script}\nexec "$@"', "sh", command=command, code=code)


# --- without root ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ("list",),
        ("check", SMALL),
        ("rules",),
        ("rules", "R57"),
        ("plan", SMALL),
        ("graph", SMALL),
        ("schema",),
        ("--help",),
        ("--version",),
    ],
    ids=" ".join,
)
def test_needs_no_root(command: tuple[str, ...]) -> None:
    done = wrapped(*NOBODY, command=command, code=0)
    assert done.stderr == f"{SMALL} is valid: 0 findings\n" if command[0] == "check" else done.stdout


@pytest.mark.parametrize(
    "command",
    [
        ("up", SMALL),
        ("verify",),
        ("down",),
        ("down", "--all"),
        ("test", SMALL),
        ("status",),
        ("nodes",),
        ("routes", "vnet1"),
        ("exec", "vnet1", "--", "true"),
        ("shell", "vnet1"),
        ("gc",),
        ("impair", "vnet1", "--reset"),
        ("p2s", "profile", "win"),
        ("p2s", "connect", "win"),
        ("p2s", "disconnect", "win"),
        ("p2s", "restart", "win"),
        ("p2s", "certificates"),
        ("report",),
    ],
    ids=" ".join,
)
def test_says_that_it_needs_root(command: tuple[str, ...]) -> None:
    done = wrapped(*NOBODY, command=command, code=3)
    assert done.stdout == ""
    assert re.fullmatch("netlab: root: a lab needs root\n  next: .*sudo.*\n", done.stderr)


# --- labs that are not there, or are already --------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("nodes", "t-nobody"), ("verify", "t-nobody"), ("status", "t-nobody")])
def test_no_lab_of_that_name(command: tuple[str, ...]) -> None:
    assert "there is no lab called t-nobody" in netlab(*command, code=2).stderr


def test_no_node_of_that_name(lab: Lab) -> None:
    assert "did you mean `vnet1-vm1`?" in netlab("exec", "--lab", lab.name, "vnet1-vm", "--", "true", code=2).stderr


def test_a_lab_of_that_name_exists(lab: Lab) -> None:
    done = netlab("up", SMALL, "--name", lab.name, code=2)
    assert f"a lab called {lab.name} exists already" in done.stderr
    assert lab.status() == {}


def test_namespaces_of_that_name_exist(host_unchanged: None) -> None:
    """Made by no lab: `up` touches nothing, and only `down` of that name removes them."""
    subprocess.run(["ip", "netns", "add", "nl.t-taken.vnet1"], check=True)
    done = netlab("up", SMALL, "--name", "t-taken", code=4)
    assert "nl.t-taken.vnet1 exists already" in done.stderr
    assert not (RUN / "t-taken").exists()
    netlab("down", "t-taken")
    assert "t-taken" not in names()


# --- what the host lacks --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "package"),
    [("/usr/lib/frr", "frr"), ("/usr/lib/ipsec/plugins", "libcharon-extra-plugins")],
)
def test_a_missing_package_is_named(place: str, package: str) -> None:
    hide = f"mount -t tmpfs none {place}"
    for command in (("up", SMALL, "--name", "t-missing"), ("test", SMALL), ("status",)):
        done = mounted(hide, *command, code=3)
        assert done.stderr.startswith(f"netlab: package {package}: there is no {place}/"), done.stderr
        assert "next: run scripts/bootstrap" in done.stderr
    rows = json.loads(mounted(hide, "doctor", "-f", "json", code=3).stdout)
    assert f"package {package}" in {row["name"] for row in rows if row["status"] == "missing"}
    assert "t-missing" not in names()


def test_a_run_directory_that_cannot_be_made() -> None:
    """`up` says so; the other verbs find no lab."""
    script = "mount -t tmpfs none /run; mkdir /run/netlab; mount -t tmpfs -o ro,mode=755 none /run/netlab"
    done = mounted(script, "up", SMALL, code=3)
    assert "Read-only file system" in done.stderr
    assert "cannot make the run directory /run/netlab" in done.stderr
    assert "no lab is up" in mounted(script, "verify", code=2).stderr
    assert "no lab is up" in mounted(script, "status", code=0).stderr
    assert "nothing to remove" in mounted(script, "down", SMALL, code=0).stderr
    assert "nothing to remove" in mounted(script, "gc", code=0).stderr


# --- verbs that read a lab ------------------------------------------------------------------------------------------


def test_nodes(lab: Lab) -> None:
    found = json.loads(netlab("nodes", lab.name, "-f", "json").stdout)
    assert all(list(node) == ["name", "kind", "netns", "addresses"] for node in found)
    assert {node["kind"] for node in found} == KINDS - {"client"}
    kinds = {node["name"]: node["kind"] for node in found}
    assert (kinds["vnet1"], kinds["vnet1-vm1"], kinds["vnet1-gw-0"]) == ("vnet", "vm", "gateway")
    assert (kinds["site1"], kinds["site1-listed"], kinds["internet"]) == ("site", "host", "internet")
    for node in found:
        assert Path("/run/netns", node["netns"]).exists()
        assert all(re.fullmatch(r"\d+\.\d+\.\d+\.\d+/\d+", address) for address in node["addresses"])
    assert {"name": "vnet1-vm1", "kind": "vm", "netns": "nl.t-cli.vnet1-vm1", "addresses": ["10.1.0.4/24"]} in found


def test_routes(lab: Lab) -> None:
    found = json.loads(netlab("routes", "VNet1", "--lab", lab.name, "-f", "json").stdout)
    hops = {row["prefix"]: row["next_hop_type"] for row in found if row["table"] == "default"}
    assert hops["10.101.0.0/16"] == "VirtualNetworkGateway"
    assert hops["10.0.0.0/8"] == "None"
    assert hops["0.0.0.0/0"] == "Internet"


def test_exec_passes_exit_codes_and_streams_through(lab: Lab) -> None:
    at = ("exec", "--lab", lab.name, "vnet1-vm1", "--")
    done = netlab(*at, "sh", "-c", "echo out; echo err >&2; exit 7", code=7)
    assert (done.stdout, done.stderr) == ("out\n", "err\n")
    assert cold(*at, "cat", input="in").stdout == "in"
    assert " 10.1.0.4/24 " in netlab(*at, "ip", "-brief", "address", "show", "eth0").stdout
    # VMs, sites and gateways go by the scenario's names too.
    assert netlab("exec", "--lab", lab.name, "vm1", "--", "true").stdout == ""


def test_host_names_at_a_node_are_the_labs(lab: Lab) -> None:
    """Its own, and those of all machines, short ones as well; the host's are as they were."""
    at = ("exec", "--lab", lab.name, "vnet1-vm1", "--")
    before = (socket.gethostname(), Path("/etc/hosts").read_bytes())
    assert netlab(*at, "hostname").stdout == "vnet1-vm1\n"
    assert netlab(*at, "getent", "hosts", "listed").stdout.split() == ["10.101.0.10", "site1-listed", "listed"]
    assert " 0% packet loss" in netlab(*at, "ping", "-c", "1", "-W", "5", "listed").stdout
    assert (socket.gethostname(), Path("/etc/hosts").read_bytes()) == before


def test_exec_as_the_user_who_called_by_sudo(lab: Lab) -> None:
    """No right of root's is left, in whatever way the command asks for it; without sudo there is no such user."""
    at = ("exec", "--user", "--lab", lab.name, "vnet1-vm1", "--")
    asked = ("id -u", "id -g", "id -G", "grep CapEff /proc/self/status", "ip -br link", "cat /etc/shadow", "kill -0 1")
    eve = {"env": os.environ | {"SUDO_UID": "4711", "SUDO_GID": "4712"}}
    done = cold(*at, "sh", "-c", "; ".join(asked) + "; ip link set lo down; true", **eve)
    assert done.stdout.splitlines()[:4] == ["4711", "4712", "4712", "CapEff:\t0000000000000000"]
    assert "eth0" in done.stdout
    assert "shadow: Permission denied" in done.stderr
    assert done.stderr.count("peration not permitted") == 2
    assert "no user called netlab by sudo" in netlab(*at, "true", code=2).stderr


def test_exec_needs_a_command(lab: Lab) -> None:
    assert netlab("exec", "--lab", lab.name, "vnet1-vm1", code=2).stdout == ""


def test_exec_of_what_is_not_there(lab: Lab) -> None:
    netlab("exec", "--lab", lab.name, "vnet1-vm1", "--", "/no/such/program", code=127)


def test_shell(lab: Lab) -> None:
    shell = {**os.environ, "SHELL": "/bin/sh"}
    done = cold("shell", "--lab", lab.name, "vnet1-vm1", input="ip -brief address\nexit 5\n", env=shell, code=5)
    assert " 10.1.0.4/24 " in done.stdout


def test_data_goes_to_stdout_and_progress_to_stderr(lab: Lab) -> None:
    done = netlab("verify", lab.name, "-f", "json")
    assert json.loads(done.stdout)["summary"]["failed"] == 0
    assert "as connected" in done.stderr
    with up(SMALL, "t-streams"):
        pass
    done = netlab("up", SMALL, "--name", "t-streams")
    assert done.stdout == ""
    assert "t-streams is up after" in done.stderr
    assert netlab("down", "t-streams").stdout == ""


@pytest.mark.parametrize("verb", ["list", "schema", "plan", "check", "doctor", "nodes", "status", "verify"])
def test_a_reader_that_goes_away_is_no_error(verb: str, lab: Lab) -> None:
    """As in `netlab plan … | head -1`: nobody reads any more when netlab writes."""
    command = {"plan": [SMALL, "-f", "json"], "check": [SMALL, "-f", "json"], "schema": []}
    readers = {"nodes", "status", "verify"}
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as gone:
        arguments = [lab.name] if verb in readers else command.get(verb, [])
        done = cold(verb, *arguments, capture_output=False, stdout=gone, stderr=subprocess.PIPE)
    assert "rror" not in done.stderr


def on_a_terminal(lab: Lab, **environment: str) -> str:
    """What `netlab status` shows of a lab on a terminal."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    manager, terminal = pty.openpty()
    with os.fdopen(terminal, "w") as screen:
        cold(
            "status",
            lab.name,
            capture_output=False,
            stdin=screen,
            stdout=screen,
            stderr=screen,
            env={**inherited, "TERM": "xterm-256color", **environment},
        )
    shown = os.read(manager, 65536).decode()
    os.close(manager)
    return shown


def test_colour_is_for_terminals_that_want_it(lab: Lab) -> None:
    colour = re.compile(r"\x1b\[[0-9;]*3[0-7][0-9;]*m")
    assert colour.search(on_a_terminal(lab))
    assert not colour.search(on_a_terminal(lab, NO_COLOR="1"))
    assert "\x1b" not in netlab("status", lab.name).stdout


# --- building, and labs side by side --------------------------------------------------------------------------------


def test_time_scale() -> None:
    with up(SMALL, "t-scale", "--time-scale", 40) as fast:
        assert fast.verify()["time_scale"] == 40
    slow, usual = (
        json.loads(netlab("plan", SMALL, "-f", "json", *options).stdout)["timers"]
        for options in (("--time-scale", 1), ())
    )
    assert (slow["scale"], slow["bgp_keepalive"], slow["bgp_hold"]) == (1, 60, 180)
    assert (usual["scale"], usual["bgp_keepalive"], usual["bgp_hold"]) == (20, 3, 9)


@pytest.mark.parametrize("scale", ["0", "0.5", "61", "-1", "nan", "inf", "fast"])
def test_no_time_scale(scale: str) -> None:
    before = names()
    netlab("up", SMALL, "--name", "t-scale", f"--time-scale={scale}", code=2)
    assert names() == before


def test_two_labs_of_a_scenario_side_by_side(host_unchanged: None) -> None:
    """Built at once, verified at once; removing one leaves the other."""
    labs = [Lab("t-twin-1"), Lab("t-twin-2")]
    for running in [Running("up", "p2s-branch-bgp", "--name", lab.name) for lab in labs]:
        running.end(0)
    reports = [Running("verify", lab.name, "-f", "json") for lab in labs]
    for lab, running in zip(labs, reports, strict=True):
        found = json.loads(running.end(0).stdout)
        assert (found["lab"], found["summary"]["failed"], found["summary"]["errors"]) == (lab.name, 0, 0)
    done = netlab("nodes", code=2)
    assert "several labs are up" in done.stderr
    assert "several labs are up" in netlab("down", code=2).stderr
    netlab("down", labs[0].name)
    assert labs[1].verify()["summary"]["failed"] == 0
    netlab("down", labs[1].name)


def test_several_tests_and_junit(tmp_path: Path) -> None:
    import xml.etree.ElementTree as ElementTree

    copies = []
    for number in (1, 2):
        copies.append(tmp_path / f"{number}.yaml")
        copies[-1].write_text(SCENARIOS[SMALL].read_text().replace(f"name: {SMALL}", f"name: t-test-{number}"))
    copies[1].write_text(copies[1].read_text().replace("listed: reachable", "listed: unreachable", 1))
    done = netlab("test", *copies, "--junit", tmp_path / "junit.xml", "-f", "json", code=1)
    assert [report["summary"]["failed"] for report in json.loads(done.stdout)] == [0, 3]
    suites = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert [suite.get("failures") for suite in suites] == ["0", "3"]
    assert not {"t-test-1", "t-test-2"} & names()


# --- bad days -------------------------------------------------------------------------------------------------------


def test_gc_leaves_what_is_up_and_what_is_being_built(lab: Lab) -> None:
    running = Running("up", SMALL, "--name", "t-building")
    running.progress(3)
    running.signal(signal.SIGSTOP)
    try:
        assert netlab("gc").stderr == "nothing to remove\n"
        assert "another netlab is at work on the lab t-building" in netlab("down", "t-building", code=4).stderr
        (found,) = json.loads(netlab("status", "t-building", "-f", "json", code=1).stdout)
        assert found["state"] == "building"
    finally:
        running.signal(signal.SIGCONT)
    running.end(0)
    assert lab.status() == {}
    netlab("down", "t-building")
