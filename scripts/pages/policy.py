"""The BGP policy, from the table in netlab/azure/bgp/policy.py."""

from __future__ import annotations

import importlib.util


def table_of_policies() -> str:
    """The policy of each speaker and peer; empty while the table is not there."""
    if importlib.util.find_spec("netlab.azure.bgp") is None:
        return ""
    from netlab.azure.bgp import policy

    return "".join(f"{paragraph}\n\n" for paragraph in (policy.__doc__ or "").split("\n\n")[1:])
