"""Reports as JSON, there and back; what is not a report is refused and the reason is told."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest
from reports import as_predicted, gone_wrong, hub, of
from typer.testing import CliRunner
from typos import typos

from netlab.cli import app
from netlab.errors import NetlabError, UsageError
from netlab.machine.drawing import svg
from netlab.report import story
from netlab.report.dot import dot
from netlab.report.encoding import encoded, read
from netlab.report.page import page
from netlab.results.shown import GatewayRoute, Listing
from netlab.results.verification import Report
from netlab.scenario.loader import catalogue

SCENARIOS = tuple(catalogue())
# The mends of all of them are looked for, and tried, in tests/unit/azure/mends.
WITH_MENDS = ("p2s-branch-bgp", "p2s-certificates", "udr-nva")


def drawn(found: Report) -> str:
    return page(found, svg(dot(found.topology)))


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_json_holds_is_the_report(name: str) -> None:
    found = gone_wrong(of(name), mended=name in WITH_MENDS)
    assert read(encoded(found), "verify.json") == found


def test_a_report_holds_no_key() -> None:
    found = as_predicted(hub())
    assert "do_not_tell" not in encoded(found)
    assert "do_not_tell" not in drawn(found)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"steps": 1}, "steps"),
        ({"definition": None}, "definition"),
        ({"steps": []}, "it has no steps"),
        ({"machines": []}, "is none of its machines"),
        ({"topology": {"name": "hub"}}, "topology.clusters"),
        ({"time_scale": "fast"}, "time_scale"),
    ],
)
def test_what_is_not_a_report_is_refused_and_says_why(change: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        read(json.dumps({**json.loads(encoded(as_predicted(hub()))), **change}), "verify.json")
    assert caught.value.message.startswith("verify.json is not a report of `netlab verify -f json`: ")


@pytest.mark.parametrize(
    "parameters", [{}, {"destinationx": "10.1.0.4"}, {"destination": "10.1.0.4", "node": "vm1"}, {"x": ""}]
)
def test_a_drop_that_lacks_what_its_sentence_says_is_refused(parameters: dict[str, str]) -> None:
    report = json.loads(encoded(gone_wrong(of("p2s-branch-bgp"), mended=False)))
    drops = [
        c["dropped_at"] for s in report["steps"] for c in s["cells"] if c["dropped_at"] and c["dropped_at"]["type"]
    ]
    next(drop for drop in drops if "destination" in drop["parameters"])["parameters"] = parameters
    with pytest.raises(UsageError, match=r"a drop of type [a-z-]+ lacks a parameter"):
        read(json.dumps(report), "verify.json")


def test_no_typo_in_a_report_is_an_internal_error() -> None:
    report = json.loads(encoded(gone_wrong(of("p2s-branch-bgp"), mended=False)))
    chance = random.Random(13)
    some = chance.sample(list(typos(report, chance)), 2000 if os.environ.get("NETLAB_TYPOS") else 40)
    for typo in some:
        try:
            found = read(json.dumps(typo.made(report)), "verify.json")
            page(found, "<svg></svg>")
            list(story.verification(found, 80, everything=True))
        except NetlabError:
            continue
        except Exception as error:
            pytest.fail(f"{typo}: {type(error).__name__}: {error}")


@pytest.mark.parametrize("text", ["", "[", "[]", "null", '"x"', "{}"])
def test_what_is_not_even_an_object_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"verify\.json is not a report"):
        read(text, "verify.json")


def test_report_makes_a_page_of_a_file_without_root(tmp_path: Path) -> None:
    (tmp_path / "verify.json").write_text(encoded(as_predicted(hub())))
    arguments = ["report", "--from", str(tmp_path / "verify.json"), "-o", str(tmp_path / "report.html")]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert (tmp_path / "report.html").read_text() == drawn(as_predicted(hub()))
    assert isinstance(CliRunner().invoke(app, ["report", "lab", *arguments[1:]]).exception, UsageError)


def test_a_sparse_result_has_no_key_without_a_value() -> None:
    route = GatewayRoute(network="10.1.0.0/16", origin="Network", asPath="", weight=32768, localAddress="10.1.0.4")
    assert json.loads(encoded(Listing((route,)), sparse=True)) == {
        "value": [
            {
                "network": "10.1.0.0/16",
                "origin": "Network",
                "asPath": "",
                "weight": 32768,
                "localAddress": "10.1.0.4",
            }
        ]
    }
    assert json.loads(encoded(route))["nextHop"] is None
