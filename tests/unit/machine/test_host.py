"""What only some labs need is asked for by their plans."""

from __future__ import annotations

from pathlib import Path

import pytest
from plans import planned

from netlab.errors import HostError
from netlab.machine import bird, host


@pytest.mark.parametrize("name", ["p2s-branch-bgp", "s2s-static", "s2s-bgp-transit"])
def test_a_lab_without_bird_does_not_need_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bird, "PROGRAM", str(tmp_path / "bird"))
    host.require_for(planned(name))


def test_a_lab_with_bird_names_the_package_that_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bird, "PROGRAM", str(tmp_path / "bird"))
    with pytest.raises(HostError, match=r"package bird2: there is no .*/bird") as raised:
        host.require_for(planned("s2s-bird"))
    assert raised.value.hint == "run scripts/bootstrap"
    Path(bird.PROGRAM).touch()
    host.require_for(planned("s2s-bird"))


def test_where_there_is_no_bootstrap_the_debian_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a wheel-only install."""
    monkeypatch.setattr(host, "_BOOTSTRAP", tmp_path / "scripts/bootstrap")
    monkeypatch.setattr(bird, "PROGRAM", str(tmp_path / "bird"))
    with pytest.raises(HostError) as raised:
        host.require_for(planned("s2s-bird"))
    assert raised.value.hint == "apt install bird2"
    mends = {finding.mend for finding in host.examine() if finding.name.startswith("package ")}
    assert {"apt install frr", "apt install charon-systemd", "apt install graphviz"} <= mends


def test_the_doctor_names_bird_and_does_not_call_it_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bird, "PROGRAM", str(tmp_path / "bird"))
    (found,) = (finding for finding in host.examine() if finding.name == "package bird2")
    assert (found.present, found.needed) == (False, False)
