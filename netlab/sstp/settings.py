"""What a daemon of SSTP reads when it starts: a JSON file. Paths lead to its secrets; none stands in it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

PROGRAM = "netlab-sstp"
"""The name of the daemons' processes."""
FILE = "sstp.json"
TLS_KEYS = "tls.keys"
"""The gateway's log of the keys of TLS (NSS Key Log Format), which only root may read."""
PORT = 443


@dataclass(frozen=True, slots=True)
class Common:
    """What both ends have: the name and the MTU of the TUN, certificates and keys by their paths, and in seconds how
    long the other end may be silent before it is asked.

    ``passwords`` is the file with passwords by names; without a certificate of its own a client needs one.
    """

    interface: str
    mtu: int
    certificate: str
    key: str
    roots: tuple[str, ...]
    passwords: str
    hello: int


@dataclass(frozen=True, slots=True)
class GatewaySettings(Common):
    """The gateway: where it listens, its address in the tunnels, what it hands out, what is revoked.

    ``users`` are the names of the clients' passwords, by client; where there are none, certificates count.
    """

    address: str
    own: str
    first: str
    last: str
    revoked: tuple[str, ...]
    users: dict[str, str]


@dataclass(frozen=True, slots=True)
class ClientSettings(Common):
    """A client: its gateway, who it is there, and the name of its password, if it has one.

    ``proxy`` is the address and port of the HTTP proxy that it passes; empty where it passes none.
    """

    server: str
    user: str
    password: str
    proxy: str = ""


def written(settings: GatewaySettings | ClientSettings) -> str:
    """The text of the file."""
    return json.dumps(asdict(settings), indent=2) + "\n"


def gateway(text: str) -> GatewaySettings:
    """A gateway's settings, from the text."""
    found = json.loads(text)
    lists = {key: tuple(found[key]) for key in ("roots", "revoked")}
    return GatewaySettings(**(found | lists))


def client(text: str) -> ClientSettings:
    """A client's settings, from the text."""
    found = json.loads(text)
    return ClientSettings(**(found | {"roots": tuple(found["roots"])}))
