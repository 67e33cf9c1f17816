"""Which IKE daemon a directory has: charon or pluto."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from netlab.machine import charon, pluto
from netlab.plan.model import IkeProgram


class IkeDaemon(Protocol):
    """How an IKE daemon is asked and ordered. LabError or OSError if it does not answer.

    ``CALLED`` is its name in messages, ``NAME`` that of its process, ``LOGS`` the files that have what it says.
    """

    CALLED: str
    NAME: str
    LOGS: tuple[str, str]

    def ready(self, directory: str, seconds: float = ...) -> bool: ...

    def initiate(self, directory: str, name: str, seconds: float, child: str = "") -> None: ...

    def terminate(self, directory: str, name: str, seconds: float) -> None: ...

    def sas(self, directory: str) -> list[charon.Sa]: ...

    def refusal(self, directory: str, name: str) -> str: ...

    def listen(self, directory: str, poke: Callable[[], None], closed: Callable[[], bool]) -> None: ...


def of(directory: str) -> IkeDaemon:
    """The daemon that works in a directory."""
    return by_program("libreswan" if pluto.runs_in(directory) else "strongswan")


def by_program(program: IkeProgram) -> IkeDaemon:
    """The daemon of a program, be it started or not."""
    return pluto if program == "libreswan" else charon
