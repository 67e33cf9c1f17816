"""`check` of several files, of standard input, and what it counts; `graph` into files; `explain` by protocol."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from netlab.cli import app
from netlab.cli.labs import load_scenario
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


@pytest.mark.parametrize("name", ["private-endpoint-hub-spoke", "udr-own-vpn-server", "p2s-sstp-through-proxy"])
def test_findings_are_in_the_order_of_lines(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Warnings of a valid file, too, whichever rule they are of."""
    (capsys.readouterr(), load_scenario(name))
    lines = [int(line.split(":")[1]) for line in capsys.readouterr().err.splitlines()]
    assert lines == sorted(lines)


# --- graph ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "begins"),
    [
        ("x.svg", b"<?xml"),
        ("x.SVG", b"<?xml"),
        ("x.png", b"\x89PNG"),
        ("x.dot", b"digraph"),
        ("x.gv", b"digraph"),
        ("x.mmd", b"flowchart"),
        ("x.md", b"flowchart"),
        ("x", b"flowchart"),
    ],
)
def test_the_suffix_says_how_to_draw(tmp_path: Path, file: str, begins: bytes) -> None:
    done = CliRunner().invoke(app, ["graph", "s2s-static", "-o", str(tmp_path / file)])
    assert done.exit_code == 0, done.output
    assert begins in (tmp_path / file).read_bytes()[:200]


def test_the_format_goes_before_the_suffix(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["graph", "s2s-static", "-f", "dot", "-o", str(tmp_path / "x.svg")])
    assert done.exit_code == 0
    assert (tmp_path / "x.svg").read_text().startswith("digraph")


@pytest.mark.parametrize(
    ("options", "message"), [(("-o", "x.pdf"), "netlab draws no .pdf file"), (("-f", "png"), "a PNG is no text")]
)
def test_what_cannot_be_drawn_is_refused(options: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        CliRunner().invoke(app, ["graph", "s2s-static", *options], catch_exceptions=False)


# --- a file beside ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".yaml", ".yml"])
@pytest.mark.parametrize("verb", ["up", "predict", "plan"])
def test_a_name_without_its_suffix_is_that_of_a_file_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str, suffix: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"mine{suffix}").write_text(STATIC)
    with pytest.raises(UsageError) as caught:
        CliRunner().invoke(app, [verb, "mine"], catch_exceptions=False)
    assert (caught.value.message, caught.value.hint) == (
        "there is no scenario `mine`",
        f"did you mean the file `mine{suffix}`?",
    )


# --- explain by protocol ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("protocol", "code"), [("icmp", 1), ("tcp", 0), ("udp", 0)])
def test_a_private_endpoint_takes_no_ping(protocol: str, code: int) -> None:
    """E12."""
    pair = ("private-endpoint-hub-spoke", "near", "sql")
    done = CliRunner().invoke(app, ["explain", *pair[1:], "--predicted", pair[0], "-p", protocol])
    assert done.exit_code == code, done.output
