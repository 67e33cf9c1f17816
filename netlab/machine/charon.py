"""strongSwan's IKE daemon: started per edge, driven through vici."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from netlab.errors import ConvergeError, LabError
from netlab.machine import flushing, processes
from netlab.machine.admission import Refusal
from netlab.machine.waiting import stretched

PROGRAM = "/usr/sbin/charon-systemd"
CALLED, NAME = "charon", "charon-systemd"
LOGS = ("charon.log", processes.output(PROGRAM))
_TIMEOUT = 10.0
# How soon a charon that was gone is listened to again.
_RECONNECT = 0.1
# How often one who listens looks whether he still should.
_LISTEN = 5.0

Kind = Literal["ike", "child"]
Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sa:
    """An IKE SA and the state of its CHILD SAs, as strongSwan prints them; ``number`` is charon's own for it."""

    connection: str
    number: str
    state: str
    local_host: str
    remote_host: str
    remote_id: str
    ike_spis: tuple[str, str]
    local_virtual_ips: tuple[str, ...]
    children: tuple[str, ...]
    spis: tuple[str, ...]
    local_ts: tuple[str, ...]
    remote_ts: tuple[str, ...]
    # Of each INSTALLED CHILD SA, local and remote; and the names of their configurations.
    selectors: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    names: tuple[str, ...] = ()


def start(netns: str, directory: str, configuration: str) -> processes.Process:
    """Write the configuration and start a charon, with nothing in the kernel of one that was there before."""
    flushing.flush_ipsec(netns)
    path = write_settings(directory, configuration)
    environment = {k: v for k, v in os.environ.items() if k != "NOTIFY_SOCKET"}
    return processes.start([PROGRAM], directory, netns, environment | {"STRONGSWAN_CONF": path})


def ready(directory: str, seconds: float = _TIMEOUT) -> bool:
    """Whether a charon answers on its vici socket in time; the file alone outlives the process."""
    try:
        with _session(directory, seconds) as session:
            session.version()
    except (OSError, ConvergeError):
        return False
    return True


@contextlib.contextmanager
def _session(directory: str, timeout: float | None = _TIMEOUT) -> Iterator[Any]:
    import vici
    import vici.exception

    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        connection.connect(f"{directory}/charon.vici")
        listening = processes.peer(connection)
        if listening is not None and listening.stopped:
            raise TimeoutError(f"charon in {directory} is stopped by a signal")
        try:
            yield vici.Session(connection)
        except vici.exception.SessionException as error:
            # What ended a list half-way, such as a signal: vici then ends the list itself, and stumbles over its rest.
            raise error.__context__ or error from None


@dataclass(frozen=True, slots=True)
class Orders:
    """What is loaded into a charon, as vici messages; the identifiers of secrets that are ``forgotten``."""

    connections: Sequence[Message] = ()
    pools: Sequence[Message] = ()
    secrets: Sequence[Message] = ()
    certificates: Sequence[Message] = ()
    private_keys: Sequence[Message] = ()
    forgotten: Sequence[str] = ()


def load(directory: str, orders: Orders) -> None:
    """Load secrets, certificates, pools and connections, in that order; LabError where charon does not answer."""
    try:
        with _session(directory, stretched(_TIMEOUT)) as session:
            _load(session, orders)
    except OSError as error:
        raise LabError(
            f"charon of {Path(directory).name} does not take its keys and connections: {error}",
            "try again; on a slow machine NETLAB_PATIENCE=10 gives daemons ten times as long to answer",
        ) from error


def _load(session: Any, orders: Orders) -> None:
    for identifier in orders.forgotten:
        session.unload_shared({"id": identifier})
    for secret in orders.secrets:
        session.load_shared(secret)
    for certificate in orders.certificates:
        session.load_cert(certificate)
    for key in orders.private_keys:
        session.load_key(key)
    for pool in orders.pools:
        session.load_pool(pool)
    for connection in orders.connections:
        session.load_conn(connection)


def initiate(directory: str, name: str, seconds: float, child: str = "") -> None:
    """Bring up a CHILD SA of a connection, its first one unless another is named.

    ConvergeError with charon's own last words if it does not come.
    """
    lines: list[str] = []
    import vici.exception

    try:
        seconds = stretched(seconds)
        with _session(directory, seconds + 1) as session:
            # vici sends nothing until the generator is iterated.
            for message in session.initiate({"ike": name, "child": child or name, "timeout": str(int(seconds * 1000))}):
                lines.append(message.get("msg", b"").decode(errors="replace"))
    except (vici.exception.CommandException, OSError) as error:
        said = "; ".join(lines[-3:])
        raise ConvergeError(f"connection {name} did not come up: {error}; charon said: {said}") from None


# What charon logs when a peer refuses, the strongest first: IKEv1 ends with different keys cannot read each other, and
# repeat themselves until they give up.
_REFUSALS = (
    ("authentication failed", ("received AUTHENTICATION_FAILED", "decryption failed?", "could not decrypt payloads")),
    ("no proposal chosen", ("received NO_PROPOSAL_CHOSEN",)),
    ("selectors unacceptable", ("received TS_UNACCEPTABLE", "received INVALID_ID_INFORMATION")),
)


# Why, where the peer said nothing.
UNHEARD = "peer unreachable"


def refusal(directory: str, name: str) -> str:
    """Why a connection did not come up when this charon last began it, in IKE's words; empty if it did, or none was."""
    try:
        lines = Path(directory, "charon.log").read_text(errors="replace").splitlines()
    except OSError:
        return ""
    begun, again, number, said = False, False, "", list[str]()
    for line, found in ((line, found) for line in lines if (found := _sa_number(line, name))):
        if " initiating " in line:
            begun, number, said = True, found, said if again else []
        if "CHILD_SA" in line and " established " in line:
            begun = False
        again = "trying again" in line
        # An SA that was given up may still hear of its peer.
        said += [line] if found == number else []
    if not begun:
        return ""
    heard = (reason for reason, words in _REFUSALS if any(word in line for line in said for word in words))
    return next(heard, UNHEARD)


def _sa_number(line: str, name: str) -> str:
    """The number of the connection's IKE SA that a line of charon's log is about; empty if it is about none."""
    _, found, rest = line.partition(f"<{name}|")
    return rest.partition(">")[0] if found else ""


def terminate(directory: str, name: str, seconds: float, number: str = "") -> None:
    """Delete the IKE SAs of a connection, or the one with charon's number; none there is no error."""
    import vici.exception

    which = {"ike-id": number} if number else {"ike": name}
    seconds = stretched(seconds)
    with _session(directory, seconds + 1) as session, contextlib.suppress(vici.exception.CommandException):
        for _ in session.terminate({**which, "timeout": str(int(seconds * 1000))}):
            pass


def reauthenticate(directory: str, name: str) -> None:
    """Have the client authenticate afresh: the only way to get new selectors (platform-facts.md, section 5)."""
    import vici.exception

    try:
        with _session(directory) as session:
            session.rekey({"ike": name, "reauth": "yes"})
    except (vici.exception.CommandException, OSError) as error:
        raise ConvergeError(f"connection {name} does not authenticate afresh: {error}") from None


def rekey(directory: str, kind: Kind, name: str) -> None:
    """Begin to rekey the IKE or the CHILD SAs of a connection; none there is no error.

    One after the other: charon forgets to rekey a CHILD SA whose IKE SA is being replaced.
    """
    import vici.exception

    with _session(directory) as session, contextlib.suppress(vici.exception.CommandException):
        session.rekey({kind: name})


def write_settings(directory: str, configuration: str) -> str:
    """Write a strongswan.conf; its path."""
    path = Path(directory) / "strongswan.conf"
    path.write_text(configuration)
    return str(path)


def reload_settings(directory: str) -> None:
    """Have a charon read its strongswan.conf again, and open its logs anew."""
    with _session(directory) as session:
        session.reload_settings()


@dataclass(frozen=True, slots=True)
class Listed:
    """An IKE SA as vici lists it, in its own words, and its INSTALLED CHILD SAs."""

    name: str
    fields: dict[str, Any]
    children: tuple[dict[str, Any], ...]


def listed(directory: str) -> tuple[Listed, ...]:
    """Everything that a charon says of its IKE SAs."""
    with _session(directory) as session:
        found = [(name, _decoded(item)) for message in session.list_sas() for name, item in message.items()]
    return tuple(
        Listed(name, item, tuple(c for c in item.pop("child-sas", {}).values() if c["state"] == "INSTALLED"))
        for name, item in found
    )


def _decoded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _decoded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    return value.decode(errors="replace")


def sas(directory: str) -> list[Sa]:
    """The IKE SAs of a charon."""
    with _session(directory) as session:
        return [_sa(name, item) for message in session.list_sas() for name, item in message.items()]


# 05[IKE] <p2s|3> no trusted RSA public key found for 'lin': the IKE SA's number, and the words.
_LINE = re.compile(r"\d+\[\w+\] <(?:[^>|]*\|)?(?P<sa>\d+)> (?P<words>.*)")
_ATTEMPT = re.compile(r"looking for peer configs matching \S+\.\.\.[0-9.]+\[(?P<peer>[^\]]+)\]")


# How a charon's log begins to say why it refuses a client.
_OF_CLIENTS = {
    "certificate was revoked": Refusal.REVOKED,
    "no trusted RSA public key found": Refusal.UNTRUSTED,
    "EAP-MS-CHAPv2 verification failed": Refusal.WRONG_PASSWORD,
    "no virtual IP found for": Refusal.NO_ADDRESS,
    "RADIUS authentication of": Refusal.WRONG_PASSWORD,
    "RADIUS Access-Request timed out": Refusal.NO_RADIUS,
}


def refusals(lines: Iterable[str]) -> dict[str, Refusal]:
    """Why a gateway refused its clients, by their IKE identity, as its log says of each one's last attempt.

    What it says first counts: a revoked certificate is not trusted either.
    """
    peers: dict[str, str] = {}
    found: dict[str, Refusal] = {}
    for line in lines:
        parts = _LINE.search(line)
        if parts is None:
            continue
        attempt = _ATTEMPT.match(parts["words"])
        if attempt is not None:
            peers[parts["sa"]] = attempt["peer"]
            found.pop(attempt["peer"], None)
        reason = next((why for words, why in _OF_CLIENTS.items() if parts["words"].startswith(words)), None)
        if reason is not None and parts["sa"] in peers:
            found.setdefault(peers[parts["sa"]], reason)
    return found


def read_refusals(directory: str) -> dict[str, Refusal]:
    """Why a gateway's charon refused its clients; nothing where it has no log."""
    try:
        with (Path(directory) / "charon.log").open(errors="replace") as log:
            return refusals(log)
    except FileNotFoundError:
        return {}


def listen(directory: str, poke: Callable[[], None], closed: Callable[[], bool]) -> None:
    """Call ``poke`` whenever an SA of a charon comes or goes, and when the charon itself does, until ``closed``."""
    while not closed():
        with contextlib.suppress(OSError), _session(directory, timeout=None) as session:
            for label, _ in session.listen(["child-updown", "ike-updown"], _LISTEN):
                if closed():
                    return
                if label is not None:
                    poke()
        poke()
        time.sleep(_RECONNECT)


def loaded(directory: str) -> dict[str, dict[str, Any]]:
    """Everything that a charon says of the connections that it has loaded."""
    with _session(directory) as session:
        return {name: _decoded(item) for message in session.list_conns() for name, item in message.items()}


def local_selectors(directory: str, name: str) -> tuple[str, ...]:
    """The local traffic selectors of a loaded connection's child; empty if it is not loaded."""
    with _session(directory) as session:
        for message in session.list_conns({"ike": name}):
            for item in message.values():
                children = item["children"]
                return tuple(ts.decode() for ts in children[name]["local-ts"]) if name in children else ()
    return ()


def _sa(name: str, item: Any) -> Sa:
    children = item.get("child-sas", {}).values()
    installed = [child for child in children if _text(child, "state") == "INSTALLED"]
    return Sa(
        connection=name,
        number=_text(item, "uniqueid"),
        state=_text(item, "state"),
        local_host=_text(item, "local-host"),
        remote_host=_text(item, "remote-host"),
        remote_id=_text(item, "remote-id"),
        ike_spis=(_text(item, "initiator-spi"), _text(item, "responder-spi")),
        local_virtual_ips=tuple(ip.decode() for ip in item.get("local-vips", ())),
        children=tuple(_text(child, "state") for child in children),
        spis=tuple(spi for child in children for spi in (_text(child, "spi-in"), _text(child, "spi-out"))),
        local_ts=tuple(ts.decode() for child in children for ts in child.get("local-ts", ())),
        remote_ts=tuple(ts.decode() for child in children for ts in child.get("remote-ts", ())),
        selectors=tuple((_texts(child, "local-ts"), _texts(child, "remote-ts")) for child in installed),
        names=tuple(_text(child, "name") for child in installed),
    )


def _texts(item: Any, key: str) -> tuple[str, ...]:
    return tuple(each.decode() for each in item.get(key, ()))


def _text(item: Any, key: str) -> str:
    return item.get(key, b"").decode(errors="replace")  # type: ignore[no-any-return]


def installed(found: list[Sa], name: str) -> bool:
    """Whether a connection has a CHILD SA in state INSTALLED."""
    return any(sa.connection == name and "INSTALLED" in sa.children for sa in found)
