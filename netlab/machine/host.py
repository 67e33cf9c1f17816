"""What this host has and lacks for a lab."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from netlab.errors import HostError, NetlabError
from netlab.machine import bird, charon, frr, namespaces, openvpn, pluto, processes, proxies
from netlab.machine.radius import server as radius
from netlab.plan.model import DataPlane, Plan
from netlab.plan.names import RUN_ROOT

# In a checkout; a wheel brings none.
_BOOTSTRAP = Path(__file__).parents[2] / "scripts/bootstrap"
_PLUGINS = ("/usr/lib/ipsec/plugins", "/usr/lib/strongswan/plugins")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a lab needs: whether it is there, and the command that mends it."""

    name: str
    present: bool
    message: str
    mend: str = ""
    needed: bool = True


def require() -> None:
    """HostError for the first thing that a lab needs and that this host lacks; looks at files only."""
    for finding in (_root(), _run_directory(), *_programs()):
        if not finding.present:
            raise HostError(f"{finding.name}: {finding.message}", finding.mend)


def require_for(plan: Plan) -> None:
    """HostError if this host lacks a program that a plan wants, and that not every lab needs."""
    if any(speaker.program == "bird" for speaker in plan.speakers) and not (finding := _bird()).present:
        raise HostError(f"{finding.name}: {finding.message}", finding.mend)
    with_libreswan = [item.node for item in plan.charons if item.program == "libreswan"]
    if with_libreswan and plan.data_plane != "kernel":
        raise HostError(
            f"{with_libreswan[0]} runs Libreswan, whose ESP is the kernel's, and this lab's is in user space",
            "build it on a kernel with ESP and XFRM interfaces (`netlab doctor` says whether this one has them; "
            "scripts/vm/run boots one), or let the site run strongSwan: Azure sees the same",
        )
    if with_libreswan and not (finding := _libreswan()).present:
        raise HostError(f"{finding.name}: {finding.message}", finding.mend)


def examine() -> Iterator[Finding]:
    """Everything, kernel features by trying them in a scratch namespace."""
    root = _root()
    yield root
    yield _run_directory()
    yield from _programs()
    yield _bird()
    yield _libreswan()
    yield _captures()
    yield _draws()
    if root.present:
        yield from _kernel()


def _root() -> Finding:
    return Finding("root", os.geteuid() == 0, "yes" if os.geteuid() == 0 else "a lab needs root", "run it with sudo")


def _run_directory() -> Finding:
    """Whether nobody but root can put something in place of a lab's run directory, and of what ends its processes."""
    try:
        found = os.lstat(RUN_ROOT)
    except FileNotFoundError:
        return Finding(RUN_ROOT, True, "none yet")
    safe = stat.S_ISDIR(found.st_mode) and found.st_uid == 0 and not found.st_mode & 0o022
    what = "a directory of root's" if safe else "it is no directory that only root can write to"
    return Finding(RUN_ROOT, safe, what, f"look at it, and remove it: ls -ld {RUN_ROOT}")


def _programs() -> Iterator[Finding]:
    for package, path in (
        ("charon-systemd", charon.PROGRAM),
        ("openvpn", openvpn.PROGRAM),
        ("tinyproxy-bin", proxies.PROGRAM),
        ("freeradius", radius.PROGRAM),
        ("frr", str(frr.PROGRAMS / "zebra")),
        ("frr", str(frr.PROGRAMS / "bgpd")),
        ("frr", str(frr.PROGRAMS / "bfdd")),
        ("libcharon-extra-plugins", _plugin("libstrongswan-kernel-libipsec.so")),
        ("libstrongswan-standard-plugins", _plugin("libstrongswan-openssl.so")),
        ("iproute2", shutil.which("ip") or "/usr/sbin/ip"),
        ("nftables", shutil.which("nft") or "/usr/sbin/nft"),
    ):
        present = Path(path).exists()
        yield Finding(f"package {package}", present, path if present else f"there is no {path}", _install(package))


def _bird() -> Finding:
    present = Path(bird.PROGRAM).exists()
    message = bird.PROGRAM if present else f"there is no {bird.PROGRAM}; only sites whose devices run BIRD need it"
    return Finding("package bird2", present, message, _install("bird2"), needed=False)


def _libreswan() -> Finding:
    """Debian's package cannot be installed beside strongSwan's (Conflicts: strongswan-libcharon); its files can."""
    missing = next((path for path in pluto.PROGRAMS if not Path(path).exists()), "")
    message = pluto.PROGRAM if not missing else f"there is no {missing}; only sites whose devices run Libreswan need it"
    mend = "docs/how-to/configure-a-device.md says how to have both"
    return Finding("package libreswan", not missing, message, mend, needed=False)


def _captures() -> Finding:
    path = shutil.which("dumpcap")
    message = path or "there is no dumpcap; only `netlab capture` needs it"
    return Finding("package wireshark-common", path is not None, message, "apt install wireshark-common", needed=False)


def _draws() -> Finding:
    path = shutil.which("dot")
    message = path or "there is no dot; only `netlab graph -f svg` and `netlab report` need it"
    return Finding("package graphviz", path is not None, message, _install("graphviz"), needed=False)


def _install(package: str) -> str:
    """How to install a Debian package: all of them by bootstrap, where it is there."""
    return "run scripts/bootstrap" if _BOOTSTRAP.exists() else f"apt install {package}"


def _plugin(name: str) -> str:
    return next((f"{place}/{name}" for place in _PLUGINS if Path(place, name).exists()), f"{_PLUGINS[0]}/{name}")


def _kernel() -> Iterator[Finding]:
    with _scratch() as (made, netns):
        yield made
        if not made.present:
            return
        yield _try("veth", _ip(netns, "link add v0 type veth peer name v1"))
        yield _try("bridge", _ip(netns, "link add br0 type bridge"))
        yield _try("policy routing", _ip(netns, "rule add iif lo lookup 1000"))
        yield _try("TUN", _ip(netns, "tuntap add dev t mode tun"))
        yield _try("nftables NAT", _nft(netns))
        for finding in _ipsec(netns):
            note = "" if finding.present else "; labs do without it, on the userspace data plane"
            yield replace(finding, message=finding.message + note, needed=False)


def choose_data_plane(wanted: str) -> DataPlane:
    """The data plane of a lab: ``auto`` takes the kernel's where trying shows that it has one.

    Versions say nothing: a kernel may be built without its parts. HostError names what a wanted kernel plane lacks.
    """
    if wanted == "userspace":
        return "userspace"
    with _scratch() as (made, netns):
        lacking = [finding for finding in (made, *(_ipsec(netns) if made.present else ())) if not finding.present]
    if lacking and wanted == "kernel":
        words = "; ".join(f"{finding.name}: {finding.message}" for finding in lacking)
        raise HostError(f"this kernel cannot carry the kernel data plane: {words}", "--data-plane userspace")
    return "userspace" if lacking else "kernel"


@contextlib.contextmanager
def _scratch() -> Iterator[tuple[Finding, str]]:
    """A namespace to try things in, and whether there can be one; it has no name that a crash could leave behind."""
    with contextlib.ExitStack() as stack:
        opened: list[str] = []
        finding = _try("network namespaces", lambda: opened.append(stack.enter_context(namespaces.nameless())))
        yield finding, "".join(opened)


def _ipsec(netns: str) -> Iterator[Finding]:
    key = "0x" + "00" * 36
    state = f"src 192.0.2.1 dst 192.0.2.2 proto esp spi 1 mode tunnel aead rfc4106(gcm(aes)) {key} 128"
    yield _try("ESP in the kernel", _ip(netns, f"xfrm state add {state}"))
    yield _try("XFRM interfaces", _ip(netns, "link add x0 type xfrm dev lo if_id 1"))


def _try(name: str, attempt: Callable[[], None]) -> Finding:
    try:
        attempt()
    except NetlabError as error:
        return Finding(name, False, f"the kernel refuses: {error.message}", "boot a kernel that has it")
    except FileNotFoundError as error:
        package = "nftables" if error.filename == "nft" else "iproute2"
        return Finding(name, False, f"there is no {error.filename}", _install(package))
    return Finding(name, True, "works")


def _ip(netns: str, arguments: str) -> Callable[[], None]:
    return lambda: _expect(*processes.run(netns, ["ip", *arguments.split()], ""))


def _nft(netns: str) -> Callable[[], None]:
    rules = "table ip t { chain c { type nat hook postrouting priority srcnat; masquerade; }; }"
    return lambda: _expect(*processes.run(netns, ["nft", "-f", "-"], rules))


def _expect(code: int, output: str) -> None:
    if code != 0:
        raise HostError(output.strip() or f"exit code {code}")
