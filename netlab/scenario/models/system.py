"""The operating systems of point-to-site clients: what the documents say of each, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from netlab.scenario.models.gateway import TunnelType

Family = Literal["windows", "linux"]
Os = Literal[
    "windows", "windows-7", "windows-8", "windows-8.1", "windows-10", "windows-11",
    "windows-server-2008-r2", "windows-server-2012", "windows-server-2012-r2", "windows-server-2016",
    "windows-server-2019", "windows-server-2022", "linux", "macos", "ios", "android",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class System:
    """An operating system.

    ``family`` says where its routes come from: Windows takes those of IKEv2 and SSTP from the downloaded profile,
    others from the tunnel (1.3); OpenVPN pushes them to all (P16). ``tunnel_types`` are those that it has, in the order
    in which it tries them (P7, R59). ``selectors`` is how many traffic selectors its IKEv2 takes (R62), with the
    profile ``current`` and with ``seed``.
    """

    family: Family
    tunnel_types: tuple[TunnelType, ...]
    selectors: tuple[int, int]


_ALL: tuple[TunnelType, ...] = ("IkeV2", "SSTP", "OpenVPN")
# P2SINC21: systems before Windows 10 have no IKEv2 with certificates of a machine; SSTP and OpenVPN are theirs.
_BEFORE_10: tuple[TunnelType, ...] = ("SSTP", "OpenVPN")
# P2, P3, P7: SSTP is for Windows only. S2 names Android and iOS for IKEv2, P2SA23 for OpenVPN.
_OTHERS: tuple[TunnelType, ...] = ("IkeV2", "OpenVPN")
# R62: Windows 10 from version 2004 on, which the seeds are older than; Windows before, servers up to 2019, too; others.
_NEW, _OLD, _MANY = (255, 25), (25, 25), (256, 256)

# S1 and P2SINC21 list the systems. `windows` is the Windows of the documents' day.
SYSTEMS: Mapping[Os, System] = {
    "windows": System("windows", _ALL, _NEW),
    "windows-7": System("windows", _BEFORE_10, _OLD),
    "windows-8": System("windows", _BEFORE_10, _OLD),
    "windows-8.1": System("windows", _BEFORE_10, _OLD),
    "windows-10": System("windows", _ALL, _NEW),
    "windows-11": System("windows", _ALL, (255, 255)),
    "windows-server-2008-r2": System("windows", _BEFORE_10, _OLD),
    "windows-server-2012": System("windows", _BEFORE_10, _OLD),
    "windows-server-2012-r2": System("windows", _BEFORE_10, _OLD),
    "windows-server-2016": System("windows", _ALL, _OLD),
    "windows-server-2019": System("windows", _ALL, _OLD),
    "windows-server-2022": System("windows", _ALL, (255, 255)),
    "linux": System("linux", _OTHERS, _MANY),
    "macos": System("linux", _OTHERS, _MANY),
    "ios": System("linux", _OTHERS, _MANY),
    "android": System("linux", _OTHERS, _MANY),
}
