"""Check that nothing private passes the underlay in clear.

Success: no probe was seen in clear on the underlay, but for those whose way leads to the Internet.
Failure: one was seen; the message says at which nodes.
"""

from __future__ import annotations

from collections.abc import Collection

from netlab.lab.measure.evidence import Evidence
from netlab.results.verification import Check


def check(evidence: Collection[Evidence]) -> Check:
    """Whether any probe was seen in clear on the underlay, whatever its way, that is not sent to the Internet."""
    leaks = sorted({node for found in evidence for node in found.leaks})
    crossings = sum(found.crossings for found in evidence)
    esp, tls = (sum(found.sealed[kind] for found in evidence) for kind in (0, 1))
    in_tls = f", {tls} bytes of TLS" if tls else ""
    good = f"{crossings} tunnel crossings, {esp} ESP packets{in_tls} on the underlay, no probe in clear"
    words = f"probes in clear at {', '.join(leaks)}" if leaks else good
    return Check("encryption", "failed" if leaks else "passed", words)
