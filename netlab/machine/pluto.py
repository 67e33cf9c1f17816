"""Libreswan's IKE daemon: one pluto per edge, asked and ordered by whack over its control socket."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from netlab.errors import LabError
from netlab.machine import flushing, processes
from netlab.machine.charon import UNHEARD, Sa
from netlab.machine.secrets import write_secret
from netlab.machine.waiting import stretched, wait_until
from netlab.plan.model import Charon
from netlab.render.libreswan import CONNECTIONS, SECRETS

_PLACE = Path("/usr/libexec/ipsec")
PROGRAM = str(_PLACE / "pluto")
CALLED = NAME = "pluto"
# Every program of Libreswan's that a lab runs, and NSS's, which makes the database that pluto wants.
PROGRAMS = (PROGRAM, str(_PLACE / "whack"), str(_PLACE / "addconn"), "/usr/bin/certutil")
_WHACK, _ADDCONN, _CERTUTIL = PROGRAMS[1:]
_SOCKET, _PID, _LOG, _SETUP, _DATABASE = "pluto.ctl", "pluto.pid", "pluto.log", "ipsec.conf", "nss"
LOGS = (_LOG, processes.output(PROGRAM))
_TIMEOUT = 10.0
# How often its log is looked at by one who waits for changes of its SAs.
_LOOK = 0.1


def runs_in(directory: str) -> bool:
    """Whether the IKE daemon of a directory is a pluto."""
    return Path(directory, _DATABASE).is_dir()


def forget(directory: str) -> None:
    """Take away by what the daemon of a directory is known as a pluto, and its keys: another daemon follows it."""
    shutil.rmtree(Path(directory, _DATABASE), ignore_errors=True)
    for left in (SECRETS, CONNECTIONS):
        Path(directory, left).unlink(missing_ok=True)


def start(netns: str, directory: str) -> processes.Process:
    """Start a pluto without connections, with nothing in the kernel of one that was there before."""
    flushing.flush_ipsec(netns)
    place = Path(directory)
    place.joinpath(_SETUP).write_text("config setup\n")
    # One that was killed has left them, and the next one would be asked before it listens.
    for left in (_SOCKET, _PID):
        place.joinpath(left).unlink(missing_ok=True)
    if not runs_in(directory):
        place.joinpath(_DATABASE).mkdir(mode=0o700)
        _run(_CERTUTIL, "-N", "-d", f"sql:{place / _DATABASE}", "--empty-password")
    # What comes before the configuration takes that one's value or, where it has none, Libreswan's own.
    places = {
        "config": _SETUP,
        "rundir": "",
        "nssdir": _DATABASE,
        "ipsecdir": "",
        "dumpdir": "",
        "secretsfile": SECRETS,
        "logfile": _LOG,
    }
    options = (part for name, file in places.items() for part in (f"--{name}", str(place / file)))
    return processes.start([PROGRAM, "--nofork", "--no-dnssec", "--log-no-audit", *options], directory, netns)


def ready(directory: str, seconds: float = _TIMEOUT) -> bool:
    """Whether a pluto answers in time."""
    try:
        _whack(directory, "--briefstatus", seconds=seconds)
    except (OSError, LabError):
        return False
    return True


def load(item: Charon, conf: str, keys: str) -> None:
    """Give a pluto its keys and its connections, of which it initiates none by itself; LabError if it refuses one."""
    place = Path(item.directory)
    place.joinpath(CONNECTIONS).write_text(conf)
    load_keys(item.directory, keys)
    names = [child.name for connection in item.connections for child in connection.children]
    control = ("--ctlsocket", str(place / _SOCKET))
    _run(_ADDCONN, "--config", str(place / CONNECTIONS), *control, *names)
    _whack(item.directory, "--listen")
    known = _whack(item.directory, "--status")
    if missing := [name for name in names if f'"{name}"' not in known and f'"{name}/' not in known]:
        raise LabError(f"pluto of {item.node} has not loaded {', '.join(missing)}: {_last_words(item.directory)}")


def load_keys(directory: str, keys: str) -> None:
    """Give a pluto these keys, in place of those of the same identities; an IKE SA that exists stays until it ends."""
    file = Path(directory, SECRETS)
    before = file.read_text() if file.exists() else ""
    held = {line.partition(" : ")[0]: line for line in (before + keys).splitlines(keepends=True)}
    change_keys(directory, "".join(held.values()))


def change_keys(directory: str, keys: str) -> None:
    """Give a pluto these keys and no others."""
    write_secret(Path(directory, SECRETS), keys)
    _whack(directory, "--rereadsecrets")


def initiate(directory: str, name: str, seconds: float, child: str = "") -> None:
    """Bring up a CHILD SA of a connection, its first one unless another is named.

    ConvergeError if it does not come, at once where the peer refuses; pluto goes on trying.
    """
    wanted = child or name
    _whack(directory, "--initiate", "--asynchronous", "--name", wanted)

    def up() -> bool:
        return any(wanted in sa.names for sa in sas(directory))

    def refused() -> str:
        why = refusal(directory, wanted)
        return "" if why in ("", UNHEARD) else f"connection {wanted} did not come up: {why}"

    said = f"connection {wanted} did not come up; pluto said: "
    wait_until(up, seconds, lambda: said + _last_words(directory), refused)


def terminate(directory: str, name: str, seconds: float) -> None:
    """Delete the SAs of a connection, and what would make new ones for packets; none there is no error."""
    for child in _children_of(directory, name):
        for order in ("--terminate", "--unroute"):
            _whack(directory, order, "--name", child, seconds=stretched(seconds))


# --- what it says ---------------------------------------------------------------------------------------------------


# #2: "VNet1-Site1":500 STATE_V2_ESTABLISHED_CHILD_SA (established Child SA); REKEY in 2s; newest; IKE SA #1; idle;
_STATE = re.compile(r'#(?P<number>\d+): "(?P<name>[^"]+)"\S* (?P<state>STATE_\w+) \((?P<story>[^)]*)\);(?P<rest>.*)')
# What it was given: a connection, and the one or the several prefixes of one of its sides.
_GIVEN = re.compile(r"^conn (?P<name>\S+)$|^  (?P<side>left|right)subnets?=\{?(?P<prefixes>[^}\n]*)\}?$", re.MULTILINE)
_OF_IKE = re.compile(r"(?:IKE|ISAKMP) SA #(\d+);")


# The prefixes of a connection, by side.
_Sides = dict[str, tuple[str, ...]]


def sas(directory: str) -> list[Sa]:
    """The IKE SAs of a pluto, each with its CHILD SAs, also of ``further`` selectors, under the connection's name."""
    return list(_sas(_whack(directory, "--showstates").splitlines(), _loaded(directory)))


def _sas(lines: Iterable[str], loaded: Mapping[str, _Sides]) -> Iterator[Sa]:
    found = [state for line in lines if (state := _STATE.search(line))]
    children: dict[str, list[str]] = {}
    for state in found:
        parent = _OF_IKE.search(state["rest"])
        if parent is not None:
            children.setdefault(parent[1], []).append(_name(state["name"]))
    for state in (state for state in found if not _OF_IKE.search(state["rest"]) and not _larval_child(state)):
        names = tuple(children.get(state["number"], ()))
        known = [loaded[name] for name in names if name in loaded]
        yield Sa(
            connection=_first(_name(state["name"]), loaded),
            number=state["number"],
            state="ESTABLISHED" if "established" in state["story"].lower() else "CONNECTING",
            local_host="",
            remote_host="",
            remote_id="",
            ike_spis=("", ""),
            local_virtual_ips=(),
            children=("INSTALLED",) * len(names),
            spis=(),
            local_ts=tuple(prefix for one in known for prefix in one["left"]),
            remote_ts=tuple(prefix for one in known for prefix in one["right"]),
            selectors=tuple((one["left"], one["right"]) for one in known),
            names=names,
        )


def _larval_child(state: re.Match[str]) -> bool:
    return "CHILD" in state["state"] or "QUICK" in state["state"]


def _name(shown: str) -> str:
    """A connection's name without the number of a pair of several prefixes."""
    return shown.partition("/")[0]


def _first(name: str, loaded: Iterable[str]) -> str:
    """The connection of whose ``further`` selectors this is one: the name before its last number."""
    before = re.sub(r"-\d+$", "", name)
    return before if before in loaded else name


def _loaded(directory: str) -> dict[str, _Sides]:
    """The connections that a pluto was given; it narrows no selectors. None where it was given none yet."""
    file = Path(directory, CONNECTIONS)
    found: dict[str, _Sides] = {}
    name = ""
    for line in _GIVEN.finditer(file.read_text() if file.exists() else ""):
        name = line["name"] or name
        sides = found.setdefault(name, {})
        if line["side"]:
            sides[line["side"]] = tuple(line["prefixes"].split(","))
    return found


def _children_of(directory: str, name: str) -> list[str]:
    known = _loaded(directory)
    return [child for child in known if _first(child, known) == name]


# Why an attempt failed, the strongest first.
_REFUSALS = {
    "AUTHENTICATION_FAILED": "authentication failed",
    "NO_PROPOSAL_CHOSEN": "no proposal chosen",
    "TS_UNACCEPTABLE": "selectors unacceptable",
    "INVALID_ID_INFORMATION": "selectors unacceptable",
}


def refusal(directory: str, name: str) -> str:
    """Why a connection did not come up when this pluto last began it; empty if it did, or if it began none."""
    try:
        lines = Path(directory, _LOG).read_text(errors="replace").splitlines()
    except OSError:
        return ""
    own = [line for line in lines if f'"{name}"' in line]
    begun = max((number for number, line in enumerate(own) if " initiating " in line), default=None)
    if begun is None or any("established Child SA" in line or "IPsec SA established" in line for line in own[begun:]):
        return ""
    said = "\n".join(own[begun:])
    return next((reason for word, reason in _REFUSALS.items() if word in said), UNHEARD)


def listen(directory: str, poke: Callable[[], None], closed: Callable[[], bool]) -> None:
    """Call ``poke`` when an SA of a pluto may have come or gone, until ``closed``: its log grows with each."""
    seen = -1
    while not closed():
        try:
            size = os.stat(Path(directory, _LOG)).st_size
        except OSError:
            size = -1
        if size != seen:
            seen = size
            poke()
        time.sleep(_LOOK)


# --- how it is spoken to --------------------------------------------------------------------------------------------


def _whack(directory: str, *order: str, seconds: float = _TIMEOUT) -> str:
    """What pluto answers to an order; LabError if it does not in time, or does not run."""
    # pluto makes the file before it writes its number into it.
    number = Path(directory, _PID).read_text()
    process = processes.find(int(number)) if number.strip() else None
    if process is None:
        raise LabError(f"pluto in {directory} is dead")
    if process.stopped:
        raise LabError(f"pluto in {directory} is stopped by a signal", "kill -CONT lets it go on")
    return _run(_WHACK, "--ctlsocket", f"{directory}/{_SOCKET}", *order, seconds=seconds)


def _run(*argv: str, seconds: float = _TIMEOUT) -> str:
    """What a program prints; LabError if it does not end in time. Its exit code says little: whack's is pluto's last
    word to it."""
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=stretched(seconds),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{argv[0]} did not end within {error.timeout:g} s") from None
    return done.stdout.decode(errors="replace")


def _last_words(directory: str) -> str:
    return processes.last_words(directory, *LOGS)
