"""The verbs and their rooms. A room is imported when one of its verbs is wanted: a verb starts without the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

# In the order of the help: a room, and its verbs or the name of its group.
ROOMS = {
    "build": ("up", "apply", "down", "gc"),
    "prove": ("verify", "continue", "test", "report", "trace", "capture", "impair"),
    "sweeping": ("sweep",),
    "campaign": ("campaign",),
    "ui": ("ui",),
    "read": ("status", "nodes", "routes", "exec", "shell", "list", "doctor"),
    "model": ("check", "rules", "predict", "expect", "explain", "plan", "graph", "schema"),
    "importing": ("import",),
    "difference": ("diff",),
    "recorded": ("compare",),
    "device": ("device-config",),
    "show": ("show",),
    "reset": ("reset",),
    "fault": ("fault",),
    "p2s": ("p2s",),
    "connection": ("connection",),
}


class Verbs(TyperGroup):
    """All verbs of netlab, as one group."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Commands()  # type: ignore[assignment]  # it is only read


class _Commands(Mapping[str, Any]):
    """The verbs by name; one that is read is made, with the others of its room."""

    def __getitem__(self, verb: str) -> Any:
        room = next((room for room, verbs in ROOMS.items() if verb in verbs), None)
        if room is None:
            raise KeyError(verb)
        return _made(room)[verb]

    def __iter__(self) -> Iterator[str]:
        return (verb for verbs in ROOMS.values() for verb in verbs)

    def __len__(self) -> int:
        return sum(map(len, ROOMS.values()))


@cache
def _made(room: str) -> Mapping[str, Any]:
    """What typer makes of a room: its verbs, or its group, by name."""
    whole = typer.Typer(rich_markup_mode=None)
    whole.add_typer(_app(room))
    return get_group(whole).commands


def _app(room: str) -> typer.Typer:
    match room:
        case "build":
            from netlab.cli.build import app
        case "prove":
            from netlab.cli.prove import app
        case "sweeping":
            from netlab.cli.sweeping import app
        case "campaign":
            from netlab.cli.campaign import app
        case "ui":
            from netlab.cli.ui import app
        case "read":
            from netlab.cli.read import app
        case "model":
            from netlab.cli.model import app
        case "importing":
            from netlab.cli.importing import app
        case "difference":
            from netlab.cli.difference import app
        case "recorded":
            from netlab.cli.recorded import app
        case "device":
            from netlab.cli.device import app
        case "show":
            from netlab.cli.show import app
        case "reset":
            from netlab.cli.reset import app
        case "fault":
            from netlab.cli.fault import app
        case "p2s":
            from netlab.cli.p2s import app
        case _:
            from netlab.cli.connection import app
    return app
