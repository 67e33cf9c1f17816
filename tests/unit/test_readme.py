"""README.md and scenarios/README.md say what the code says."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest
from pydantic import BaseModel

from netlab.errors import ExitCode
from netlab.scenario.loader import parse
from netlab.scenario.models import Reach, Scenario

CHECKOUT = Path(__file__).resolve().parents[2]
README = (CHECKOUT / "README.md").read_text()


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """scripts/readme as a module."""
    loader = importlib.machinery.SourceFileLoader("readme", str(CHECKOUT / "scripts/readme"))
    spec = importlib.util.spec_from_loader("readme", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def section(title: str) -> str:
    """What stands under a heading, to the next one of its rank; a single # begins a comment or a prompt."""
    rest = README.partition(f"\n{title}\n")[2]
    assert rest, title
    return re.split(rf"^#{{2,{title.index(' ')}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def test_the_generated_blocks_are_current() -> None:
    done = subprocess.run([CHECKOUT / "scripts/readme", "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_block_has_a_maker(script: ModuleType) -> None:
    pages = "".join((CHECKOUT / name).read_text() for name in script.PAGES)
    found = [match["name"] for match in script.BLOCK.finditer(pages)]
    assert sorted(found) == ["bench", "catalogue", "differences", "exit-codes", "outages", "scenarios", "verbs"]


def test_every_difference_from_azure_is_listed() -> None:
    for path in (CHECKOUT / "netlab").rglob("*.py"):
        name = str(path.relative_to(CHECKOUT))
        count = path.read_text().count("Differs from Azure: ")
        assert section("## What differs from Azure").count(f"(`{name}`)") == count, name


def test_a_difference_is_read_to_the_end_of_its_comment_or_paragraph(script: ModuleType) -> None:
    source = '''"""A module.

Differs from Azure: first,
in a docstring.
"""
# Differs from Azure: second,
# in a comment.
X = 1  # not of it
# Differs from Azure: third.

# Not of it.
'''
    assert list(script.remarks(source)) == ["first, in a docstring.", "second, in a comment.", "third."]


def test_a_stale_block_is_noticed_and_a_foreign_one_kept(script: ModuleType) -> None:
    page = "a\n<!-- made by scripts/readme: {} -->\nold\n<!-- end -->\nb\n"
    assert script.render(page.format("verbs"), {"verbs": "new\n"}) == page.format("verbs").replace("old", "new")
    assert script.render(page.format("bench"), {"verbs": "new\n"}) == page.format("bench")


def test_the_exit_codes_are_the_enums() -> None:
    rows = re.findall(r"^\| (\d+) \| ([A-Z]+) \| \S", section("### Exit codes"), re.MULTILINE)
    assert [(int(number), name) for number, name in rows] == [(code.value, code.name) for code in ExitCode]


def test_the_example_is_valid() -> None:
    example = re.search(r"```yaml\n(.*?)```", section("### The format"), re.DOTALL)
    assert example is not None
    assert parse(example[1], "README.md").warnings == ()


def models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A model and all that it is made of."""
    yield model
    for field in model.model_fields.values():
        parts = [field.annotation]
        for part in parts:
            parts += get_args(part)
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from models(part)


def test_every_key_is_explained() -> None:
    text = section("### The format") + section("### All keys") + section("### The story")
    # A file writes an expectation as `{unreachable: why, dropped_at: node}`.
    known = set(models(Scenario)) - {Reach}
    words = set(re.findall(r"[a-z][a-z0-9_]+", " ".join(re.findall(r"`([^`\n]+)`", text))))
    missing = {f"{model.__name__}.{key}" for model in known for key in model.model_fields if key not in words}
    assert not missing


def test_every_dependency_earns_a_line() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    names = {
        *project["project"]["dependencies"],
        *(name for group in project["dependency-groups"].values() for name in group),
    }
    packages = re.search(r"^packages=\((.*?)\)", (CHECKOUT / "scripts/bootstrap").read_text(), re.DOTALL | re.MULTILINE)
    assert packages is not None
    text = section("### Dependencies")
    assert [name for name in sorted({*names, *packages[1].split()}) if f"`{name}`" not in text] == []


def test_no_line_of_the_help_is_cut() -> None:
    from typer.main import get_command
    from typer.testing import CliRunner

    from netlab.cli import app

    verbs = get_command(app).commands.items()  # type: ignore[attr-defined]
    groups = [name for name, verb in verbs if hasattr(verb, "commands")]
    assert "p2s" in groups
    for command in ([], *([name] for name in groups)):
        shown = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "80"})
        assert shown.exit_code == 0
        assert [line for line in shown.output.splitlines() if line.endswith("...") and "Usage" not in line] == []
