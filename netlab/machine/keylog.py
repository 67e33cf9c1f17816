"""The keys of IKE and ESP, from the log that charon writes of them when it is asked to."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from netlab.errors import LabError
from netlab.machine import charon
from netlab.machine.charon import Kind
from netlab.machine.waiting import wait_until
from netlab.render.wireshark import EspKeys, IkeKeys, Keys

LOG = "keys.log"
# Generous, for emulated machines and impaired links.
_REKEY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Source:
    """A charon, its connections, and its configuration with and without the log of its keys."""

    directory: str
    connections: tuple[str, ...]
    loud: str
    quiet: str


@contextlib.contextmanager
def logged(sources: Sequence[Source]) -> Iterator[Callable[[], Keys]]:
    """Have charons log the keys of all SAs that they make from now on, and make all that they have anew.

    Yields what reads the keys so far. The log also holds shared keys: it has no name, is read here only, and goes with
    charon's next reload. strongswan.conf is as ever while this waits; if netlab is killed, `down` ends the charon.
    """
    with contextlib.ExitStack() as stack:
        logs: dict[Source, int] = {}
        for source in sources:
            stack.callback(_hush, source)
            logs[source] = stack.enter_context(_ask(source))
        for kind in ("ike", "child"):
            for source in sources:
                _rekey(source, kind)
            for source, log in logs.items():
                _await_keys(source, kind, log)
        yield lambda: _all(parse(_read(log)) for log in logs.values())


@contextlib.contextmanager
def _ask(source: Source) -> Iterator[int]:
    """Have a charon log its keys; the log's descriptor."""
    path = Path(source.directory, LOG)
    path.unlink(missing_ok=True)
    log = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        try:
            charon.write_settings(source.directory, source.loud)
            with _answering(source):
                charon.reload_settings(source.directory)
        finally:
            path.unlink()
            charon.write_settings(source.directory, source.quiet)
        yield log
    finally:
        os.close(log)


def _hush(source: Source) -> None:
    with contextlib.suppress(OSError):
        charon.reload_settings(source.directory)


@contextlib.contextmanager
def _answering(source: Source) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = f"the charon in {source.directory}"
        raise LabError(f"{where} does not answer: {error.strerror}", "`netlab status` says what is dead") from None


def _rekey(source: Source, kind: Kind) -> None:
    with _answering(source):
        for connection in source.connections:
            charon.rekey(source.directory, kind, connection)


def _await_keys(source: Source, kind: Kind, log: int) -> None:
    """Wait until the keys of every SA that a charon has are in its log."""

    def missing() -> set[str]:
        """The SPIs of SAs with other keys."""
        keys, found = parse(_read(log)), charon.sas(source.directory)
        if kind == "ike":
            return {sa.ike_spis[0] for sa in found} - {item.initiator_spi for item in keys.ike}
        return {spi for sa in found for spi in sa.spis} - {item.spi for item in keys.esp}

    with _answering(source):
        wait_until(lambda: not missing(), _REKEY_SECONDS, lambda: f"{source.directory}: {missing()} were not rekeyed")


def _read(log: int) -> str:
    return os.pread(log, os.fstat(log).st_size, 0).decode(errors="replace")


def _all(found: Iterable[Keys]) -> Keys:
    keys = tuple(found)
    return Keys(
        tuple(dict.fromkeys(item for part in keys for item in part.ike)),
        tuple(dict.fromkeys(item for part in keys for item in part.esp)),
    )


# --- reading it -----------------------------------------------------------------------------------------------------

# 12[CHD] <VNet1-Site1|1>   using AES_GCM_16 for encryption: the thread, the group and, once it is known, the IKE SA.
_LINE = re.compile(r"(?P<thread>\d+)\[\w+\] (?:<(?:[^>|]*\|)?(?P<sa>\d+)> ?)?(?P<text>.*)")
_SECRET = re.compile(r"(Sk_[ae][ir] secret|(?:encryption|integrity) (?:initiator|responder) key) => ")
_BYTES = re.compile(r" *\d+: ((?:[0-9A-F]{2} ?)+)")
_PARSED = re.compile(r"parsed \w+ (request|response) ")
_PROPOSAL = re.compile(r"selected proposal: IKE:(\S+)")
_ALGORITHM = re.compile(r" *using (\w+) for (encryption|integrity)")
_CHECKIN = re.compile(r"checkin IKEv2 SA .*\[\d+\] with SPIs ([0-9a-f]{16})_i ([0-9a-f]{16})_r")
_ADDING = re.compile(r"(?:adding|registering) (inbound|outbound) ESP SA")
_SPI = re.compile(r" *SPI 0x([0-9a-f]{8}), src ")


@dataclass(slots=True)
class _Thread:
    """What a thread of charon has logged since it began to work on a message.

    ``secrets`` are in hex by their name in the log, ``open`` is the one whose bytes follow.
    """

    role: str = ""
    proposal: str = ""
    algorithms: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    open: str = ""
    direction: str = ""


def parse(log: str) -> Keys:
    """The keys in a charon's log with ike = 4, chd = 4, mgr = 2, enc = 1, cfg = 1 and ike_name."""
    threads: dict[str, _Thread] = {}
    proposals: dict[str, str] = {}
    ike: list[IkeKeys] = []
    esp: list[EspKeys] = []
    for line in log.splitlines():
        if found := _LINE.fullmatch(line):
            number, sa, text = found["thread"], found["sa"] or "", found["text"]
            if "checkout IKEv2 SA" in text:
                threads[number] = _Thread()
            thread = threads.setdefault(number, _Thread())
            if chosen := _PROPOSAL.match(text):
                thread.proposal = proposals[sa] = chosen[1]
            _remember(thread, text)
            ike += _ike(thread, text, proposals.get(sa, ""))
            esp += _esp(thread, text)
    return Keys(tuple(ike), tuple(esp))


def _remember(thread: _Thread, text: str) -> None:
    if secret := _SECRET.match(text):
        thread.open = secret[1]
        thread.secrets[thread.open] = ""
    elif thread.open and (data := _BYTES.match(text)):
        thread.secrets[thread.open] += data[1].replace(" ", "").lower()
    else:
        thread.open = ""
    if parsed := _PARSED.match(text):
        thread.role = parsed[1]
    elif algorithm := _ALGORITHM.match(text):
        if algorithm[2] == "encryption":
            thread.algorithms.clear()
        thread.algorithms[algorithm[2]] = algorithm[1]
    elif adding := _ADDING.match(text):
        thread.direction = adding[1]


def _ike(thread: _Thread, text: str, proposal: str) -> Iterator[IkeKeys]:
    """The keys of an IKE SA, complete as soon as it is put away with both SPIs after them."""
    checkin = _CHECKIN.match(text)
    if checkin and "Sk_er secret" in thread.secrets:
        encryption, integrity = _algorithms(thread.proposal or proposal)
        sk = {name: thread.secrets.pop(f"Sk_{name} secret", "") for name in ("ei", "er", "ai", "ar")}
        yield IkeKeys(checkin[1], checkin[2], sk["ei"], sk["er"], sk["ai"], sk["ar"], encryption, integrity)


def _algorithms(proposal: str) -> tuple[str, str]:
    """The encryption and the integrity of `AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024`; AES-GCM has no second."""
    encryption, integrity, *_ = (*proposal.split("/"), "", "")
    return encryption, "" if integrity.startswith("PRF_") else integrity


def _esp(thread: _Thread, text: str) -> Iterator[EspKeys]:
    """The keys of one direction of a CHILD SA: who asked for it sends with the initiator's keys."""
    found = _SPI.match(text)
    if found and thread.direction and "encryption responder key" in thread.secrets:
        sends = (thread.role == "response") == (thread.direction == "outbound")
        side = "initiator" if sends else "responder"
        yield EspKeys(
            spi=found[1],
            encryption_key=thread.secrets[f"encryption {side} key"],
            integrity_key=thread.secrets.get(f"integrity {side} key", ""),
            encryption=thread.algorithms.get("encryption", ""),
            integrity=thread.algorithms.get("integrity", ""),
        )
        thread.direction = ""
