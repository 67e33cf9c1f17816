"""The BGP policy, from the rows of the table in netlab/azure/bgp/table.py."""

from __future__ import annotations

from pages.markdown import keys


def policies() -> str:
    """A row for each row of the table: the routers, what is set, and why."""
    from netlab.azure.bgp.policy import documented

    return keys(
        ("Router → peer", "Sets", "Why"),
        (
            (roles, f"*{what}*: {shown}", f"{sentence} ({rule})" if rule else sentence)
            for roles, what, shown, rule, sentence in documented()
        ),
    )
