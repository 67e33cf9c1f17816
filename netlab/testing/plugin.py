"""The pytest plugin: the fixture `netlab_lab`, and `--netlab`, which says who answers.

pytest loads it wherever netlab is installed, so what costs time is imported by the fixture.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from netlab.testing.lab import Lab, NetlabLab, in_full

if TYPE_CHECKING:
    from netlab.api.scenarios import Loaded

_BY = {"predict": "predicted", "packets": "measured"}
_PROPERTY = "netlab"
# A lab's name has at most 40 characters: of the scenario's, then a process and a number.
_MOST_OF_A_NAME = 24


class Labs:
    """The networks of a session. A lab is built once, for all tests that ask for its file in this process."""

    def __init__(self, *, packets: bool) -> None:
        self.packets = packets
        self._open: dict[str, Lab] = {}
        self._built: list[str] = []

    def get(self, reference: str) -> Lab:
        """The network of a file or of the catalogue."""
        if reference not in self._open:
            with in_full():
                self._open[reference] = self._opened(reference)
        return self._open[reference]

    def close(self) -> None:
        """Remove the labs that were built."""
        from netlab.api import packets

        while self._built:
            packets.down(self._built.pop())

    def _opened(self, reference: str) -> Lab:
        from netlab.api.scenarios import load

        loaded = load(reference)
        name = Path(loaded.where).name
        if self.packets:
            return self._built_of(loaded, name)
        from netlab.api.asking import Model

        return Lab(Model(loaded.scenario), name)

    def _built_of(self, loaded: Loaded, name: str) -> Lab:
        from netlab.api import packets
        from netlab.api.host import require

        require()
        lab = lab_name(loaded.scenario.name, os.getpid(), len(self._built))
        self._built.append(lab)
        return Lab(packets.up(loaded, lab), name)


def lab_name(scenario: str, process: int, number: int) -> str:
    """The name of a test's lab: no other process, be it a worker of pytest-xdist, gives it to one of its own."""
    return f"{scenario[:_MOST_OF_A_NAME].rstrip('-')}-{process}-{number}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("netlab").addoption(
        "--netlab",
        choices=tuple(_BY),
        default="predict",
        help="who answers the tests of netlab: the model (predict, the default), or packets in labs, which need root",
    )


@pytest.fixture(scope="session")
def netlab_labs(request: pytest.FixtureRequest) -> Iterator[Labs]:
    """The networks that the tests of this session have asked for."""
    labs = Labs(packets=request.config.getoption("--netlab") == "packets")
    try:
        yield labs
    finally:
        labs.close()


@pytest.fixture
def netlab_lab(request: pytest.FixtureRequest, netlab_labs: Labs) -> Iterator[NetlabLab]:
    """A function that opens a network by its file. After the test it is again as it was built."""
    used: dict[str, Lab] = {}

    def open_lab(file: str) -> Lab:
        """The network of a file beside the test, of a path, or of a scenario that comes with netlab."""
        beside = request.path.parent / file
        reference = str(beside) if beside.is_file() else file
        request.node.user_properties.append((_PROPERTY, _BY["packets" if netlab_labs.packets else "predict"]))
        used[reference] = netlab_labs.get(reference)
        return used[reference]

    yield open_lab
    for lab in used.values():
        lab.rewind()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say of how many tests the model has answered, so that nobody takes them for packets."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    asked = [dict(report.user_properties).get(_PROPERTY) for report in reports if report.when == "call"]
    for by, what in (("predicted", "by the model, no packet was sent (--netlab=packets)"), ("measured", "by packets")):
        if by in asked:
            terminalreporter.write_line(f"netlab: {asked.count(by)} answered {what}")
