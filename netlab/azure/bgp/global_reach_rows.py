"""The rows of the table of BGP policy for circuits that ExpressRoute Global Reach connects."""

from __future__ import annotations

from netlab.azure.bgp import values
from netlab.azure.bgp.rows import Row

PREPENDED = 2  # U32

# Differs from Azure: Of a VNet on a circuit that Global Reach connects, a VNet on the other one learns an AS path of
# three times 12076; on Azure the path has it four times (U32). No choice depends on it.
GLOBAL_REACH_ROWS: tuple[Row, ...] = (
    Row(
        ("edge router",),
        ("edge router",),
        ("imports",),
        "med",
        "2",
        "U25",
        "Of equal AS paths an edge router uses those of its own circuit, and then those of Global Reach.",
        lambda *_: 2,
    ),
    Row(
        ("edge router",),
        ("expressroute",),
        ("exports",),
        "as_path_prepend_internal",
        f"{PREPENDED} of a circuit with Global Reach",
        "U32",
        "Microsoft prepends its ASN twice to what comes by Global Reach when it advertises that to a VNet, which so "
        "prefers its own circuit to the place.",
        lambda router, _: PREPENDED if values.circuit_of(router).across(router) else 0,
    ),
)
