"""The documentation says what the code says; README.md stays short.

``scripts/test docs`` builds the site, which finds dead links. Here is what a build cannot find.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from netlab.cli import app
from netlab.errors import ExitCode
from netlab.results.drops import DESCRIPTIONS, DropType
from netlab.scenario.loader import parse
from netlab.scenario.models import Scenario
from netlab.scenario.rules import rulebook

CHECKOUT = Path(__file__).resolve().parents[2]
DOCS = CHECKOUT / "docs"
sys.path.insert(0, str(CHECKOUT / "scripts"))

from pages import catalogue, code, contents, markdown, record, scenario, verbs  # noqa: E402

README = (CHECKOUT / "README.md").read_text()
SOURCES = [path for folder in ("netlab", "templates", "scenarios") for path in (CHECKOUT / folder).rglob("*.*")]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """scripts/docs as a module."""
    loader = importlib.machinery.SourceFileLoader("docs", str(CHECKOUT / "scripts/docs"))
    spec = importlib.util.spec_from_loader("docs", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


# --- README.md and its neighbours -----------------------------------------------------------------------------------


def test_the_readme_is_short_and_says_at_once_what_is_out_of_scope() -> None:
    lines = README.splitlines()
    assert len(lines) <= 250
    assert all(word in "\n".join(lines[:25]) for word in ("IPv6", "Virtual WAN", "DNS"))


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "scenarios/README.md"])
def test_links_of_a_file_outside_the_site_lead_to_files_and_headings(name: str) -> None:
    page = CHECKOUT / name
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if not target.startswith(("http:", "https:")):
            path, _, anchor = target.partition("#")
            found = page.parent / path if path else page
            assert found.exists(), target
            assert not anchor or anchor in anchors(found.read_text()), target


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings."""
    titles = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


def test_the_catalogue_is_current(script: ModuleType) -> None:
    page = (CHECKOUT / script.CATALOGUE).read_text()
    assert page == script.render(page, {"catalogue": f"\n{catalogue.catalogue_page()}\n"}), "run `make docs`"


def test_each_scenario_names_its_schema_for_editors_and_the_schema_is_current(script: ModuleType) -> None:
    line = "# yaml-language-server: $schema=netlab.schema.json"
    lacking = [
        path.name for path in (CHECKOUT / "scenarios").glob("*.yaml") if path.read_text().splitlines()[-1] != line
    ]
    assert lacking == [], f"the last line must be: {line}"
    assert (CHECKOUT / script.SCHEMA).read_text() == script.schema(), "write it by scripts/docs"


def test_a_block_is_made_anew_and_a_foreign_one_kept(script: ModuleType) -> None:
    page = "a\n<!-- made by scripts/docs: {} -->\nold\n<!-- end -->\nb\n"
    assert script.render(page.format("bench"), {"bench": "new\n"}) == page.format("bench").replace("old", "new")
    assert script.render(page.format("outages"), {"bench": "new\n"}) == page.format("outages")


def test_every_written_block_has_a_maker(script: ModuleType) -> None:
    pages = "".join(
        (CHECKOUT / name).read_text() for name in (script.CATALOGUE, script.MEASUREMENTS, script.RELIABILITY)
    )
    found = [found["name"] for found in script.BLOCK.finditer(pages)]
    assert found == ["catalogue", "bench", "model", "floor", "limits", "outages", "kills", "cycles", "soaks"]


# --- generated blocks and pages -------------------------------------------------------------------------------------


def test_every_generated_block_stands_in_a_page() -> None:
    found = [name for path in DOCS.rglob("*.md") for name in markdown.BLOCK.findall(path.read_text())]
    assert sorted(found) == sorted(contents.BLOCKS)


def test_every_verb_has_a_page() -> None:
    pages = contents.pages()
    index = contents.BLOCKS["verbs"]()
    for verb in verbs.verbs():
        page = pages[f"reference/verbs/{verb.slug}.md"]
        assert page.startswith(f"# {verb.name}\n")
        assert all(name.replace("|", r"\|") in page for name, _ in verb.options)
        assert f"({verb.slug}.md)" in index


def test_every_package_of_the_import_contract_says_what_it_does() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", contents.BLOCKS["rooms"](), re.MULTILINE)
    assert len(rows) > 8
    assert [name for name, summary in rows if not summary.endswith(".")] == []


def test_the_exit_codes_are_the_enums() -> None:
    rows = re.findall(r"^\| (\d+) \| ([A-Z]+) \| \S", contents.BLOCKS["exit-codes"](), re.MULTILINE)
    assert [(int(number), name) for number, name in rows] == [(item.value, item.name) for item in ExitCode]


def test_every_drop_type_is_documented_with_what_mends_it() -> None:
    page = contents.BLOCKS["drop-types"]()
    assert {kind.value for kind in DropType} == set(re.findall(r'<a id="([a-z-]+)">', page))
    assert all(found.mend and found.summary.endswith(".") for found in DESCRIPTIONS.values())


def objects(part: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key of every object in the schema of a scenario, as `object.key`."""
    for name, model in {"Scenario": part, **part["$defs"]}.items():
        for key, value in model.get("properties", {}).items():
            yield f"{name}.{key}", value


def test_every_key_is_explained() -> None:
    missing = {name for name, value in objects(Scenario.model_json_schema()) if not value.get("description")}
    assert not missing


def test_every_key_is_listed_once() -> None:
    text = scenario.keys() + scenario.steps() + scenario.actions()
    sections = re.findall(r"\{ #(\w+) \}", text)
    assert len(sections) == len(set(sections))
    expected = {"Scenario", *scenario.schema()["$defs"]} - {"Action"}
    assert expected <= set(sections)


def test_the_example_is_valid() -> None:
    example = re.search(r"```yaml\n(.*?)```", (DOCS / "how-to/write-a-scenario.md").read_text(), re.DOTALL)
    assert example is not None
    assert parse(example[1], "write-a-scenario.md").warnings == ()


def test_every_path_that_the_pages_name_is_there() -> None:
    pages = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", CHECKOUT / "SECURITY.md", *DOCS.rglob("*.md")]
    named = {
        found: page.name
        for page in pages
        for found in re.findall(r"(?<=`)(?:netlab|tests|scripts|templates|docs|scenarios)/[\w./-]*", page.read_text())
    }
    assert len(named) > 40
    example = "r900_pools_are_not_huge"
    assert {name: page for name, page in named.items() if example not in name and not (CHECKOUT / name).exists()} == {}


# --- differences from Azure -----------------------------------------------------------------------------------------


def test_every_difference_from_azure_is_a_whole_sentence() -> None:
    found = [text for path in code.sources() for text in code.remarks(path.read_text())]
    assert found
    riddles = re.compile(r"(what|who|that|those|not|whether)\b", re.IGNORECASE)
    assert [text for text in found if not text.endswith(".") or riddles.match(text)] == []


def test_a_difference_is_read_to_the_end_of_its_comment_or_paragraph() -> None:
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
    assert list(code.remarks(source)) == ["first, in a docstring.", "second, in a comment.", "third."]


# --- Azure's rules --------------------------------------------------------------------------------------------------


def test_every_rule_of_the_rulebook_is_defined_once_in_the_pages() -> None:
    pages = sorted((DOCS / markdown.RULES).glob("*.md"))
    defined = [number for path in pages for number in markdown.defined(path.read_text())]
    assert len(defined) == len(set(defined))
    assert set(rulebook.entries()) <= set(defined)


def test_every_rule_that_the_code_cites_has_an_anchor() -> None:
    cited: dict[str, Path] = {}
    for path in SOURCES:
        if path.suffix in {".py", ".yaml", ".j2", ".md"}:
            cited |= dict.fromkeys(re.findall(r"(?<![\w#.-])[RBAPI]\d{1,3}(?![\w-])", path.read_text()), path)
    assert len(cited) > 100
    assert {number: path.name for number, path in cited.items() if number not in markdown.homes()} == {}


def test_numbers_of_rules_become_links_outside_of_code() -> None:
    page = "R57, `R57`, [R57](x) and B17 to B24 (R999).\n```\nR57\n```\n# About R57\n"
    linked = markdown.link_rules(page, "reference/x.md")
    rule = "../explanation/azure-rules"
    assert linked == (
        f"[R57]({rule}/vpn-gateway.md#R57), `R57`, [R57](x) and [B17]({rule}/bgp.md#B17) to [B24]({rule}/bgp.md#B24) "
        "(R999).\n```\nR57\n```\n# About R57\n"
    )


# --- dependencies, help, transcripts --------------------------------------------------------------------------------


def test_every_dependency_earns_a_line() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    names = {
        *project["project"]["dependencies"],
        *(name for group in project["project"]["optional-dependencies"].values() for name in group),
        *(name for group in project["dependency-groups"].values() for name in group),
    }
    packages = re.search(r"^packages=\((.*?)\)", (CHECKOUT / "scripts/bootstrap").read_text(), re.DOTALL | re.MULTILINE)
    assert packages is not None
    text = (DOCS / "reference/dependencies.md").read_text()
    assert [name for name in sorted({*names, *packages[1].split()}) if f"`{name}`" not in text] == []


def test_no_line_of_the_help_is_cut() -> None:
    commands = get_command(app).commands.items()  # type: ignore[attr-defined]
    groups = [name for name, verb in commands if hasattr(verb, "commands")]
    assert "p2s" in groups
    for command in ([], *([name] for name in groups)):
        shown = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "80"})
        assert shown.exit_code == 0
        assert [line for line in shown.output.splitlines() if line.endswith("...") and "Usage" not in line] == []


PAGE = """Text.

<!-- recorded -->
```console
# first | second
old
$ third
```
"""


def test_a_transcript_is_recorded_anew_command_by_command() -> None:
    asked = []

    def run(command: str) -> str:
        asked.append(command)
        return f"{len(asked)}\n"

    assert record.recorded(PAGE, run) == PAGE.replace("old\n", "1\n").replace("$ third\n", "$ third\n2\n")
    assert asked == ["first | second", "third"]


def test_a_transcript_may_differ_in_times_and_identifiers_only() -> None:
    one = "lab is up after 1.57 s\nSPI 5b6c2683,  sequence 1 to 10.1.0.4\n"
    assert record.outline(one) == record.outline("lab is up after 12.3 s\nSPI 01234567, sequence 22 to 10.1.0.4\n")
    assert record.outline(one) != record.outline(one.replace("10.1.0.4", "10.1.0.5"))
    assert record.outline(one) != record.outline(one.replace("up", "down"))


def test_a_command_of_a_transcript_prints_its_exit_code_if_it_fails() -> None:
    assert record.run("echo out; echo problem >&2; exit 3") == "out\nproblem\n[exit code 3]\n"
    assert record.run("printf x") == "x\n"
