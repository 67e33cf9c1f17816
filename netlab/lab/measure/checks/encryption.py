"""Check that nothing private passes the underlay in clear.

Success: no probe was seen in clear on the underlay, but for those whose way leads to the Internet.
Failure: one was seen; the message says at which nodes.
"""

from __future__ import annotations

from netlab.lab.measure.evidence import Evidence
from netlab.results.verification import Check


def check(evidence: Evidence) -> Check:
    """Whether any probe was seen in clear on the underlay, whatever its way, that is not sent to the Internet."""
    leaks = evidence.leaks
    words = f"probes in clear at {', '.join(leaks)}" if leaks else f"{evidence.words}, no probe in clear"
    return Check("encryption", "failed" if leaks else "passed", words)
