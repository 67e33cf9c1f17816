"""A maximum segment size that is lowered on the way, as the kernels of both ends have it then."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from nets import Net, line, network

from netlab.plan.model import SegmentLimit
from netlab.probe.sockets import open_in
from netlab.render import nftables

PORT = 5001
# Of each segment, a timestamp takes twelve bytes.
TIMESTAMP = 12


@pytest.fixture
def net() -> Iterator[Net]:
    with network() as built:
        yield line(built)


def agreed(net: Net) -> int:
    """How much text a puts into a segment for b."""
    server, client = open_in("b", net.nodes["b"], listening), open_in("a", net.nodes["a"], socket.socket)
    with server, client:
        client.settimeout(5)
        client.connect(("10.0.2.10", PORT))
        return client.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)


def listening() -> socket.socket:
    server = socket.socket()
    server.bind(("", PORT))
    server.listen()
    return server


@pytest.mark.parametrize(
    ("interfaces", "most", "expected"),
    [("to-*", 1350, 1350), ("to-b", 1200, 1200), ("to-*", 9000, 1460), ("t-*", 1350, 1460)],
)
def test_the_smaller_one_counts_of_what_passes(net: Net, interfaces: str, most: int, expected: int) -> None:
    net.run("r", "nft", "-f", "-", stdin=nftables.text([SegmentLimit(interfaces, most)]))
    assert agreed(net) == expected - TIMESTAMP
