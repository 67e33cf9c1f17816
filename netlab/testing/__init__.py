"""Networks in tests of Python: `netlab_lab`, the fixture of the pytest plugin, makes a `Lab`, which asserts.

This package and what it names is the interface of tests: it changes by the rules of Semantic Versioning.
"""

from netlab.results.answers import Answer
from netlab.results.drops import DropType as Drop
from netlab.testing.lab import FaultVerb, Lab, NetlabLab, Outage

__all__ = ["Answer", "Drop", "FaultVerb", "Lab", "NetlabLab", "Outage"]
