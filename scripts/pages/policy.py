"""The BGP policy, from the table in netlab/azure/bgp/policy.py."""

from __future__ import annotations

import importlib.util


def table_of_policies() -> str:
    """The policy of each pair of speakers; empty while the table is not there."""
    if importlib.util.find_spec("netlab.azure") is None or not importlib.util.find_spec("netlab.azure.bgp"):
        return ""
    return ""
