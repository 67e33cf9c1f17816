"""The tables of runs of scripts/reliability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pages.markdown import table


def kills(run: Mapping[str, Any]) -> str:
    """What came of killing netlab."""
    found = run["kills"]
    rows = ((f"`netlab {verb}`", str(row["kills"]), str(len(row["left"]))) for verb, row in found["verbs"].items())
    whole = f"{found['kills']} kills (seed {found['seed']}) in {found['seconds'] / 60:.0f} minutes"
    return (
        f"{_head(run)}{whole}; traces left: {len(found['left'])}.\n\n"
        + table(("verb", "kills", "traces left"), rows)
        + "\n"
    )


def cycles(run: Mapping[str, Any]) -> str:
    """What grew from one lab to the next."""
    found = run["cycles"]
    rows = ((name, f"{row['first']:.1f}", f"{row['last']:.1f}") for name, row in found["figures"].items())
    return (
        f"{_head(run)}`{found['scenario']}` up and down {found['cycles']} times; traces left: {len(found['left'])}. "
        f"Medians of the first {found['compared']} and of the last {found['compared']}:\n\n"
        + table(("figure", "first", "last"), rows)
        + "\n"
    )


def soaks(run: Mapping[str, Any]) -> str:
    """What became of large labs that stayed up."""
    rows = (
        (
            f"{found['network']}, {found['size']}",
            f"{found['minutes']:g}",
            f"{found['up_seconds']:.0f}",
            found["flaps"],
            f"{len(found['unhealthy'])} of {found['looks']}",
            *(f"{found[key]['first']:g}, {found[key]['last']:g}" for key in ("processes", "memory_mib", "logs_mib")),
        )
        for found in run["soaks"]
    )
    heads = ("network", "minutes", "up, s", "lost sessions", "unhealthy looks", "processes", "memory, MiB", "logs, MiB")
    return (
        f"{_head(run)}Of processes, memory and logs: a minute after `up`, and at the end.\n\n"
        + table(heads, _texts(rows))
        + "\n"
    )


def _head(run: Mapping[str, Any]) -> str:
    on = run["machine"]
    return (
        f"\n{run['date'][:10]}, netlab {on['netlab']}, kernel {on['kernel']}, {on['cores']} cores; "
        f"load average {on['load']:.1f}. "
    )


def _texts(rows: Any) -> Any:
    return (tuple(map(str, row)) for row in rows)
