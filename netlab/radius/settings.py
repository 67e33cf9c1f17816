"""What a gateway's programs ask RADIUS servers with: a JSON file, which only root may read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

FILE = "radius.json"
# How often a question is sent.
TRIES = 3


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the server is asked, the secret, and for how many seconds an answer is waited for."""

    address: str
    port: int
    secret: str
    seconds: float


def written(servers: Iterable[Settings]) -> str:
    """The text of the file: the servers in the order in which they are asked."""
    return json.dumps([asdict(server) for server in servers], indent=2) + "\n"


def read(text: str) -> tuple[Settings, ...]:
    """The servers, from the text."""
    return tuple(Settings(**found) for found in json.loads(text))
