"""The floor below netlab: `ip -batch` builds a network, FRR's daemons route it, each host pings each other one.

No IPsec, one protocol, nothing proved. Of the networks of netlab's benchmarks gateways are routers, tunnels are links.
"""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

MARK = "nlfloor"
_FRR = "/usr/lib/frr"
_DEADLINE_SECONDS = 30.0
_POLL_SECONDS = 0.02
_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Floor:
    """Routers 0 to ``routers`` - 1, the pairs that have a link, and the hosts behind each: (router, number)."""

    routers: int
    links: tuple[tuple[int, int], ...]
    hosts: tuple[tuple[int, int], ...]


def chain(size: int) -> Floor:
    """Routers in a row with two hosts behind each."""
    links = tuple((i, i + 1) for i in range(size - 1))
    return Floor(size, links, tuple((i, host) for i in range(size) for host in (1, 2)))


def hub(size: int) -> Floor:
    """A router without hosts, and around it others with one host each."""
    return Floor(size + 1, tuple((0, i) for i in range(1, size + 1)), tuple((i, 1) for i in range(1, size + 1)))


def measure(floor: Floor) -> dict[str, float]:
    """The seconds of up, ping and down. Raises TimeoutError where a daemon or a ping does not come."""
    folder, daemons = Path(tempfile.mkdtemp(prefix=MARK)), []
    started = time.monotonic()
    try:
        _build(floor)
        for router in range(floor.routers):
            daemons += _route(floor, router, folder / str(router))
        prefixes = {f"10.{router}.{host}.0/24" for router, host in floor.hosts}
        for router in range(floor.routers):
            _until(lambda router=router: prefixes <= _routes(router), f"routes of router {router}")
        up = time.monotonic()
        _ping(floor)
        pinged = time.monotonic()
    finally:
        for daemon in daemons:
            daemon.terminate()
        for daemon in daemons:
            daemon.wait()
        _batch(f"netns delete {name}" for name in _namespaces(floor))
        shutil.rmtree(folder)
    return {"up": up - started, "ping": pinged - up, "down": time.monotonic() - pinged}


def _router(number: int) -> str:
    return f"{MARK}-r{number}"


def _host(router: int, number: int) -> str:
    return f"{MARK}-h{router}-{number}"


def _namespaces(floor: Floor) -> list[str]:
    return [_router(number) for number in range(floor.routers)] + [_host(*host) for host in floor.hosts]


def _batch(lines: Iterable[str], *inside: str) -> None:
    subprocess.run(["ip", *inside, "-batch", "-"], input="\n".join(lines), text=True, check=True)


def _build(floor: Floor) -> None:
    _batch(f"netns add {name}" for name in _namespaces(floor))
    links = [
        f"link add l{number} netns {_router(one)} type veth peer name l{number} netns {_router(other)}"
        for number, (one, other) in enumerate(floor.links)
    ]
    links += [
        f"link add h{number} netns {_router(router)} type veth peer name eth0 netns {_host(router, number)}"
        for router, number in floor.hosts
    ]
    _batch(links)
    for router in range(floor.routers):
        ends = {f"l{number}": f"{address}/24" for number, address, _ in _ends(floor, router)}
        ends |= {f"h{number}": f"10.{router}.{number}.1/24" for of, number in floor.hosts if of == router}
        _batch([line for end in ends.items() for line in _end(*end)], "-n", _router(router))
        forward = ("sysctl", "-qw", "net.ipv4.ip_forward=1")
        subprocess.run(["ip", "netns", "exec", _router(router), *forward], check=True)
    for router, number in floor.hosts:
        end = _end("eth0", f"10.{router}.{number}.10/24")
        _batch([*end, f"route add default via 10.{router}.{number}.1"], "-n", _host(router, number))


def _ends(floor: Floor, router: int) -> Iterator[tuple[int, str, int]]:
    """The router's links: the link's number, the router's address there, and who is at the other end."""
    for number, link in enumerate(floor.links):
        if router in link:
            end = link.index(router)
            yield number, f"172.16.{number}.{1 + end}", link[1 - end]


def _end(interface: str, address: str) -> list[str]:
    return [f"address add {address} dev {interface}", f"link set {interface} up"]


def _route(floor: Floor, router: int, folder: Path) -> list[subprocess.Popen[bytes]]:
    """Start zebra and bgpd of a router."""
    folder.mkdir(parents=True)
    peers = (
        f" neighbor {address[:-1]}{3 - int(address[-1])} remote-as {65000 + other}\n"
        for _, address, other in _ends(floor, router)
    )
    networks = (f" network 10.{router}.{number}.0/24\n" for of, number in floor.hosts if of == router)
    id_and_policy = f" bgp router-id 1.1.1.{router + 1}\n no bgp ebgp-requires-policy\n"
    (folder / "zebra.conf").touch()
    (folder / "bgpd.conf").write_text("".join((f"router bgp {65000 + router}\n", id_and_policy, *peers, *networks)))
    zebra = _daemon("zebra", router, folder)
    _until((folder / "zserv").exists, f"zebra of router {router}")
    return [zebra, _daemon("bgpd", router, folder, "-p", "179")]


def _daemon(name: str, router: int, folder: Path, *more: str) -> subprocess.Popen[bytes]:
    files = (
        "-f",
        folder / f"{name}.conf",
        "-i",
        folder / f"{name}.pid",
        "-z",
        folder / "zserv",
        "--vty_socket",
        folder,
    )
    argv = (
        "ip",
        "netns",
        "exec",
        _router(router),
        f"{_FRR}/{name}",
        *files,
        "-u",
        "root",
        "-g",
        "frrvty",
        "-A",
        "127.0.0.1",
    )
    return subprocess.Popen([*argv, *more], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _routes(router: int) -> set[str]:
    shown = subprocess.run(["ip", "-n", _router(router), "route"], capture_output=True, text=True, check=True).stdout
    return {line.split()[0] for line in shown.splitlines()}


def _until(met: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not met():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the floor: no {what} after {_DEADLINE_SECONDS:.0f} s")
        time.sleep(_POLL_SECONDS)


def _ping(floor: Floor) -> None:
    """One echo request from each host to each other one, and its reply."""
    sockets = {host: _socket(_host(*host)) for host in floor.hosts}
    try:
        for one, other in permutations(floor.hosts, 2):
            sockets[one].sendto(_ECHO_REQUEST, (f"10.{other[0]}.{other[1]}.10", 0))
        for waiting in sockets.values():
            for _ in range(len(floor.hosts) - 1):
                _receive(waiting)
    finally:
        for end in sockets.values():
            end.close()


# Type 8, code 0, no identifier; RFC 792.
_ECHO_REQUEST = struct.pack("!BBHHH", 8, 0, 0xF7FF, 0, 0)


def _receive(waiting: socket.socket) -> None:
    """Wait for one echo reply; the kernel shows a raw socket the requests of others, too."""
    while True:
        if not select.select([waiting], [], [], _DEADLINE_SECONDS)[0]:
            raise TimeoutError("the floor: a ping has no answer")
        if waiting.recv(2048)[20] == 0:
            return


def _socket(netns: str) -> socket.socket:
    """A raw ICMP socket in a namespace; the thread comes back."""
    own, there = os.open("/proc/self/ns/net", os.O_RDONLY), os.open(f"/run/netns/{netns}", os.O_RDONLY)
    try:
        _enter(there)
        made = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        return made
    finally:
        _enter(own)
        os.close(own)
        os.close(there)


def _enter(netns: int) -> None:
    if _LIBC.setns(netns, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
