"""The tables of a run of scripts/bench."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pages.markdown import table


def measurements(run: Mapping[str, Any]) -> str:
    """What scripts/bench measured."""
    on, commands, flow = run["machine"], run["commands"], run["throughput"]
    names = {name: f"`netlab {name}`" for name in commands} | {
        "up": f"`netlab up {run['scenario']}`",
        "plan": f"`netlab plan {run['scenario']}`",
        "verify": f"`netlab verify`, {len(commands['verify']['phases']) - 1} steps",
        "verify, per step": "`netlab verify`, per step",
    }
    seconds = (
        (names[name], *(f"{found[key]:.2f}" if key in found else "" for key in ("median", "min", "max", "target")))
        for name, found in commands.items()
    )
    streams = " and ".join(f"{mbit} Mbit/s ({plane} data plane)" for plane, mbit in flow["mbit_per_second"].items())
    phases = ((title, f"{spent:.2f}") for title, spent in commands["up"]["phases"].items())
    return (
        f"\n{run['date'][:10]}, netlab {on['netlab']}, {run['runs']} runs, {run['data_plane']} data plane. "
        f"{on['system']}, kernel {on['kernel']}, {on['cores']} cores ({on['cpu']}), {on['memory_gib']} GiB; "
        f"Python {on['python']}, strongSwan {on['strongswan']}, FRR {on['frr']}; load average {on['load']:.1f}. "
        "In seconds:\n\n"
        + table(("command", "median", "least", "most", "target"), seconds)
        + "\nThe phases of `up` (medians):\n\n"
        + table(("phase", "seconds"), phases)
        + f"\nOne TCP stream through one tunnel, from {flow['client']} to {flow['server']} of `{flow['scenario']}`: "
        f"{streams}.\n\n"
    )


def model(run: Mapping[str, Any]) -> str:
    """How check, plan and predict grow with a network, as scripts/bench measured it."""
    on = run["machine"]
    rows = (
        (f"{row['kind']}, {row['size']}", *(f"{row['seconds'][v]:.2f} ({row['targets'][v]:g})" for v in row["seconds"]))
        for row in run["model"]
    )
    return (
        f"\n{run['date'][:10]}, netlab {on['netlab']}, {run['runs']} runs, {on['cores']} cores; load average "
        f"{on['load']:.1f}. Seconds of the whole command, medians; the target in brackets:\n\n"
        + table(("kind, size", "check", "plan", "predict"), rows)
        + "\n"
    )


def floor(run: Mapping[str, Any]) -> str:
    """Networks beside what they cost without netlab, as scripts/bench measured them."""
    on, found = run["machine"], run["floor"]
    rows = (
        (
            f"{row['kind']}, {row['size']}",
            f"{sum(row['floor'].values()):.2f}",
            *(f"{row['seconds'][verb]:.2f}" for verb in row["seconds"]),
            f"{row['ratio']:.1f}",
            f"{row['goal']:g}",
        )
        for row in found
    )
    site = _per_site(found, "seconds")
    return (
        f"\n{run['date'][:10]}, netlab {on['netlab']}, {run['runs']} runs, {on['cores']} cores; load average "
        f"{on['load']:.1f}. Seconds, medians; the ratio is that of all three commands to the floor in the same run:\n\n"
        + table(("kind, size", "floor", "up", "verify", "down", "ratio", "goal"), rows)
        + f"\nEach further site costs `up` {site:.2f} s, and the floor {_per_site(found, 'floor'):.2f} s.\n"
    )


def _per_site(rows: Sequence[Mapping[str, Any]], what: str) -> float:
    """What `up` takes longer for each further site around a hub."""
    hubs = {row["size"]: row[what]["up"] for row in rows if row["kind"] == "hubsites"}
    few, more = sorted(hubs)[:2]
    return (hubs[more] - hubs[few]) / (more - few)


def limits(run: Mapping[str, Any]) -> str:
    """What labs at Azure's limits take, as scripts/bench measured it."""
    on = run["machine"]
    rows = ((f"{row['kind']}, {row['size']}", *(_taken(row, verb) for verb in row["seconds"])) for row in run["limits"])
    return (
        f"\n{run['date'][:10]}, netlab {on['netlab']}, {run['runs']} runs, {on['cores']} cores; load average "
        f"{on['load']:.1f}. Seconds of the whole command, medians; behind it the processor time of netlab itself, "
        "without that of its daemons; the target in brackets:\n\n"
        + table(("kind, size", "up", "verify", "down"), rows)
        + "\n"
    )


def _taken(row: Mapping[str, Any], verb: str) -> str:
    target = row["targets"].get(verb)
    return f"{row['seconds'][verb]:.1f} / {row['processor'][verb]:.1f}" + (f" ({target:g})" if target else "")


def outages(run: Mapping[str, Any]) -> str:
    """What failures cost a flow, as scripts/bench measured it."""
    found, on = run["outages"], run["machine"]
    scale = found["time_scale"]
    rows = (
        (
            failure,
            f"`{one['scenario']}`",
            *(f"{one[key]:.2f}" for key in ("median", "min", "max")),
            f"{one['median'] * scale:.0f}",
        )
        for failure, one in found["failures"].items()
    )
    return (
        f"\n{run['date'][:10]}, netlab {on['netlab']}, {found['runs']} runs, `time_scale` {scale}, "
        f"{on['cores']} cores; load average {on['load']:.1f}. In seconds:\n\n"
        + table(("failure", "scenario", "median", "least", "most", "in Azure's time"), rows)
        + "\n"
    )
