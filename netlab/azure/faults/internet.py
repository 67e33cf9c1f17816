"""The Internet carries nothing. What is between two public addresses of Azure is not on it (R80).

The ends of tunnels over it notice it only after a timeout (R38).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netlab.azure.faults.kind import Faults, Impact, Kind
from netlab.scenario.models import Action
from netlab.scenario.names import INTERNET as NODE
from netlab.scenario.network import Network


def _named(network: Network, faults: Faults, action: Action) -> frozenset[str]:
    del network, faults, action
    return frozenset((NODE,))


def _subject(network: Network, node: str) -> Mapping[str, Any]:
    del network, node
    return {}


INTERNET = Kind(
    "Internet",
    "internet",
    "cut_internet",
    "mend_internet",
    _named,
    _subject,
    Impact.CUT_OFF,
    why_down=lambda _: "the Internet is cut",
)
