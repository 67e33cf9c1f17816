"""The drop types, from their descriptions in netlab/results/drops.py."""

from __future__ import annotations

from pages.markdown import keys


def drops() -> str:
    """A row for each drop type: its name, what happens, and what mends it."""
    from netlab.results.drops import DESCRIPTIONS

    return keys(
        ("Type", "The packet died because", "What mends it"),
        (
            (
                f'<a id="{kind.value}"></a>`{kind.value}`',
                found.summary
                + (f" ({', '.join(found.rules)})" if found.rules else "")
                + (" *The model does not predict this type.*" if found.observed_only else "")
                + f"<br>`{found.sentence}`",
                found.mend,
            )
            for kind, found in DESCRIPTIONS.items()
        ),
    )


def limits() -> str:
    """A row for each limit of Azure: its name, and what it says."""
    from netlab.results.mends import LIMITS

    return keys(
        ("Limit", "What it is, and another design"), ((f"`{kind.value}`", text) for kind, text in LIMITS.items())
    )
