"""A capture of a running lab, and the keys with which Wireshark decrypts it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from netlab import files
from netlab.errors import LabError, UsageError
from netlab.lab.build import records
from netlab.machine import capture, clients, keylog
from netlab.machine.keylog import LOG
from netlab.plan.model import Plan
from netlab.render import wireshark
from netlab.render.text import strongswan_conf

SUFFIX = ".pcapng"


@dataclass(frozen=True, slots=True)
class Order:
    """What to capture at which nodes, and where to put it; until a signal where no seconds are given."""

    nodes: Sequence[str]
    file: Path
    seconds: float | None = None
    keys: bool = False

    @property
    def key_directory(self) -> Path:
        """Where the keys are put."""
        return self.file.with_suffix(".keys")


def check(order: Order) -> None:
    """UsageError if the files cannot be put where they shall be, HostError if this host cannot capture."""
    if order.file.suffix != SUFFIX:
        raise UsageError(f"{order.file} does not end in {SUFFIX}, which is what a capture is", f"-w FILE{SUFFIX}")
    if not order.file.parent.is_dir():
        raise UsageError(f"there is no directory {order.file.parent}", "choose another file")
    with files.named(order.file):
        files.require_writable(order.file)
    if order.keys and (order.key_directory.is_symlink() or order.key_directory.is_file()):
        raise UsageError(f"{order.key_directory} is no directory: the keys belong there", "choose another file")
    capture.require()


def run(lab: records.Lab, order: Order, progress: Callable[[str], None]) -> None:
    """Capture; say when it has begun and what it brought."""
    plan = lab.plan
    places = capture.places((node, plan.netns(node)) for node in order.nodes)
    if not places:
        raise LabError(f"no interface is up at {', '.join(order.nodes)}", "`netlab status` says what is dead")
    count = sum(len(place.interfaces) for place in places)
    until = f"for {order.seconds:g} s" if order.seconds is not None else "until Ctrl-C"
    with ExitStack() as stack:
        read_keys = None
        if order.keys:
            progress("having the IKE daemons log their keys, and rekeying")
            stack.enter_context(records.keys_locked(lab.facts.lab))
            with records.locked(lab.facts.lab):
                read_keys = stack.enter_context(keylog.logged(_sources(plan)))
        begun = f"capturing at {count} interfaces of {len(places)} nodes {until}"
        try:
            with files.named(order.file):
                captured = capture.capture(places, order.file, order.seconds, lambda: progress(begun))
        finally:
            if read_keys is not None:
                _write_keys(order, read_keys(), clients.tls_keys(plan), progress)
                for why in clients.keyless(plan):
                    progress(why)
    lost = f"; {captured.dropped} more passed too fast to be captured" if captured.dropped else ""
    progress(f"{order.file}: {captured.packets} packets{lost}")


def _write_keys(order: Order, keys: wireshark.Keys, tls: str, progress: Callable[[str], None]) -> None:
    files_of_keys = wireshark.configuration(keys, tls, str(order.key_directory.absolute()))
    content = ((name, text.encode()) for name, text in files_of_keys)
    with files.named(order.key_directory):
        files.write_private(order.key_directory, content)
    for algorithm in wireshark.unknown(keys):
        progress(f"Wireshark is not known to decrypt {algorithm}: left out of {order.key_directory}")
    count = f"keys of {len(keys.ike)} IKE SAs and {len(keys.esp)} ESP SAs"
    progress(f"{order.key_directory}: {count}. WIRESHARK_CONFIG_DIR={order.key_directory} wireshark {order.file}")


def _sources(plan: Plan) -> list[keylog.Source]:
    """The charons that initiate, or whose peer is a pluto: both ends of an SA have its keys, so one end's log holds
    those of all SAs."""
    of_pluto = {item.name for c in plan.charons if c.program == "libreswan" for item in c.connections}
    return [
        keylog.Source(
            charon.directory,
            names,
            loud=strongswan_conf(charon, plan.timers, plan.data_plane, LOG),
            quiet=strongswan_conf(charon, plan.timers, plan.data_plane),
        )
        for charon in plan.charons
        if charon.program == "strongswan"
        and (names := tuple(item.name for item in charon.connections if item.initiator or item.name in of_pluto))
    ]
