"""What a gateway's programs ask a RADIUS server with: a JSON file, which only root may read."""

from __future__ import annotations

import json
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

    def written(self) -> str:
        """The text of the file."""
        return json.dumps(asdict(self), indent=2) + "\n"


def read(text: str) -> Settings:
    """The settings, from the text."""
    return Settings(**json.loads(text))
