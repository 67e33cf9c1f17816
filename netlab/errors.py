"""Everything that netlab raises on purpose.

::

    NetlabError            what, where, why, next step; carries the exit code
    ├── UsageError         2  a name or option that does not fit
    ├── ScenarioError      2  the scenario file breaks rules; holds every finding
    ├── HostError          3  root, a package or a kernel feature is missing
    └── LabError           4  could not be built, converged or measured
        ├── BuildError     4  a step of `up` failed
        ├── ConvergeError  4  a deadline passed; says what was seen last
        └── MeasureError   4  a probe could not be sent or judged
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every verb; the README's table is made of these lines."""

    OK = 0  # all as expected
    FAILED = 1  # an expectation failed, or something in the lab is dead
    USAGE = 2  # wrong usage, or an invalid scenario
    HOST = 3  # the host lacks something: root, a package, a kernel feature
    LAB = 4  # the lab could not be built, converged or measured
    INTERRUPTED = 130  # interrupted by Ctrl-C, SIGTERM or SIGHUP


class NetlabError(Exception):
    """A failure that a user can act on: a message and the next step."""

    exit_code = ExitCode.LAB

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(NetlabError):
    """A name or an option that does not fit."""

    exit_code = ExitCode.USAGE


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a scenario file breaks: rule, place (file and 1-based line) and a message to act on."""

    message: str
    rule: str = ""
    where: str = ""
    line: int = 0
    severity: str = "error"

    def __str__(self) -> str:
        place = ":".join(part for part in (self.where, str(self.line) if self.line else "") if part)
        rule = f" [{self.rule}]" if self.rule else ""
        return f"{place}: {self.severity}: {self.message}{rule}" if place else f"{self.message}{rule}"


class ScenarioError(NetlabError):
    """A scenario that cannot be used; ``findings`` holds everything that is wrong with it."""

    exit_code = ExitCode.USAGE

    def __init__(self, message: str, findings: tuple[Finding, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint)
        self.findings = findings


class HostError(NetlabError):
    """The host lacks something: root, a package, a kernel feature."""

    exit_code = ExitCode.HOST


class LabError(NetlabError):
    """The lab could not be built, converged or measured."""


class BuildError(LabError):
    """A step of ``up`` failed."""


class ConvergeError(LabError):
    """A deadline passed; the message says what was seen last."""


class MeasureError(LabError):
    """A probe could not be sent or judged."""
