"""What is left of labs: collected, and read; damaged state says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from machine import LAB, NAMESPACES, Fake, gone, up

from netlab.errors import LabError, UsageError
from netlab.lab.build import engine, records
from netlab.lab.build import journal as journals
from netlab.lab.measure.overview import overview


@pytest.mark.parametrize("by", ["down", "gc"])
@pytest.mark.parametrize("done", ["stop", "remove namespaces", "remove"])
def test_gc_or_down_takes_the_rest_of_a_down_that_was_killed(
    done: str, by: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Fake()
    up(machine)
    where = {"stop": (machine.daemons, "stop_all"), "remove namespaces": (machine.labs, "remove")}
    with monkeypatch.context() as patch:
        patch.setattr(*where.get(done, (records, "remove")), killed)
        with pytest.raises(Killed):
            engine.down(LAB, machine.ports)
    assert not journals.is_up(LAB)
    if by == "down":
        assert engine.down(LAB, machine.ports)
    else:
        assert engine.collect(machine.ports) == (LAB,)
    gone(machine, root)


class Killed(BaseException):
    """Nothing handles it."""


def killed(lab: str) -> None:
    raise Killed


def test_a_lab_that_is_being_removed_says_so_to_others(root: Path) -> None:
    machine = Fake()
    up(machine)
    with records.locked(LAB):
        journals.removing(LAB)
        with pytest.raises(LabError, match=f"the lab {LAB} is being removed"), records.locked(LAB):
            pass
        (root / LAB / "lab.json").unlink()
        with pytest.raises(LabError, match=f"the lab {LAB} is being removed"):
            records.read(LAB)
        assert overview(LAB, machine.ports).state == "removing"
        records.remove(LAB)
        with pytest.raises(LabError, match=f"the lab {LAB} has been removed"), records.locked(LAB):
            pass


def test_gc_removes_what_was_never_finished_and_nothing_else(root: Path) -> None:
    machine = Fake()
    up(machine)
    for lab in ("broken", "busy"):
        with records.claimed(lab):
            pass
        journals.write(lab, NAMESPACES)
        machine.labs.namespaces.add(f"nl.{lab}.vnet1")
    machine.labs.namespaces.add("nl.orphan.vnet1")
    with records.locked("busy"):
        assert engine.collect(machine.ports) == ("broken", "orphan")
    assert sorted(path.name for path in root.iterdir()) == ["busy", LAB]
    assert {name.split(".")[1] for name in machine.labs.namespaces} == {"busy", LAB}
    assert journals.is_up(LAB)


# --- reading the state ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        *(("lab.json", damage) for damage in ("{", '{"lab": "lab"}', "[1]", "5", "[" * 100_000, None)),
        *(("secrets.json", damage) for damage in ("", "{}", "[1]", '{"x": 1}', "[" * 100_000, None)),
        *(("story.json", damage) for damage in ("{", "[1]", "5", '[{"cut": 1}]', "[" * 100_000)),
        ("scenario.yaml", None),
    ],
)
def test_damaged_state_says_so_and_what_to_do(name: str, damage: str | None, root: Path) -> None:
    up(Fake())
    (root / LAB / name).unlink(missing_ok=True)
    if damage is not None:
        (root / LAB / name).write_text(damage)
    with pytest.raises(LabError, match="is damaged") as raised:
        records.read(LAB)
    assert raised.value.hint == "remove it with `netlab down lab`"


def test_a_damaged_scenario_says_so_too(root: Path) -> None:
    up(Fake())
    (root / LAB / "scenario.yaml").write_text("name: [")
    with pytest.raises(LabError, match="is damaged"):
        records.read(LAB)


def test_a_lab_that_is_not_there_says_which_are(root: Path) -> None:
    with pytest.raises(UsageError) as nothing:
        records.read("nobody")
    up(Fake())
    with pytest.raises(UsageError) as something:
        records.read("nobody")
    assert (nothing.value.hint, something.value.hint) == ("build one: `netlab up`", "there is: lab")
