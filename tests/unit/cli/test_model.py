"""`check` of several files, of standard input, and what it counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from netlab.cli import app
from netlab.errors import UsageError
from netlab.scenario.loader import MAX_BYTES, catalogue

CHECKOUT = Path(__file__).resolve().parents[3]
STATIC = catalogue()["s2s-static"].read_text()
# A SKU that no new gateway has is a warning, a subnet that is outside of its VNet an error.
OLD = STATIC.replace("VpnGw1AZ", "VpnGw1")
OUTSIDE = STATIC.replace("default: 10.1.0.0/24", "default: 10.9.0.0/24")


def check(*given: str, text: str = "") -> Result:
    return CliRunner().invoke(app, ["check", *given], input=text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("good", STATIC), ("old", OLD), ("outside", OUTSIDE)):
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def test_several_files_are_checked_each(folder: Path) -> None:
    done = check(*(str(folder / f"{name}.yaml") for name in ("outside", "good", "old")))
    assert done.exit_code == 2
    lines = [line.removeprefix(f"{folder}/") for line in done.output.splitlines()]
    assert "good.yaml is valid: 0 findings" in lines
    assert "old.yaml is valid: 1 finding (1 warning)" in lines
    assert any(line.startswith("outside.yaml is not valid: ") and "error" in line for line in lines)
    assert check(str(folder / "good.yaml"), str(folder / "old.yaml")).exit_code == 0


@pytest.mark.parametrize(("text", "code", "count"), [(STATIC, 0, 0), (OLD, 0, 1), (OUTSIDE, 2, 1), ("", 2, 1)])
def test_standard_input(text: str, code: int, count: int) -> None:
    done = check("-", "-f", "json", text=text)
    found = json.loads(done.stdout)
    assert done.exit_code == code
    assert len(found) >= count
    assert {finding["where"] for finding in found} <= {"-"}


def test_a_file_that_is_not_there_hides_no_other(folder: Path) -> None:
    done = check(str(folder / "none.yaml"), str(folder / "old.yaml"))
    assert done.exit_code == 2
    assert "there is no file" in done.output
    assert "old.yaml is valid: 1 finding (1 warning)" in done.output
    with pytest.raises(UsageError, match="there is no file"):
        CliRunner().invoke(app, ["check", str(folder / "none.yaml")], catch_exceptions=False)


def test_the_pre_commit_hook_calls_it() -> None:
    (hook,) = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text())
    assert (hook["id"], hook["entry"]) == ("netlab-check", "netlab check")


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"#" * (MAX_BYTES + 1), "larger than 1048576 bytes"), (b"name: \xff\n", "byte 0xff is not UTF-8 text")],
)
def test_standard_input_is_bounded_and_text_as_a_file_is(data: bytes, message: str) -> None:
    done = CliRunner().invoke(app, ["check", "-"], input=data)
    assert done.exit_code == 2
    assert message in done.output
