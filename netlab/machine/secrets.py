"""The secrets of a lab, and files that only root may read."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from netlab.plan.model import Plan
from netlab.plan.names import secrets_path


def secrets(plan: Plan) -> Mapping[str, str]:
    """The PSKs and passwords of a lab, by the names that its plan gives them."""
    found: dict[str, str] = json.loads(Path(secrets_path(plan.lab)).read_text())
    return found


def write_secret(path: Path, text: str) -> None:
    """Write a file that only root may read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
