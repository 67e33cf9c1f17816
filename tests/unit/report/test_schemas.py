"""Every verb prints what its JSON Schema says; the verbs of a running lab are held against theirs in tests/lab."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from reports import gone_wrong, of
from schemas import mistakes
from typer.testing import CliRunner

from netlab.cli import app
from netlab.errors import UsageError
from netlab.report.encoding import encoded
from netlab.report.schemas import TYPES, names, schema, schemas
from netlab.results.verification import FlowReport

CALLS = (
    ("check", "check p2s-branch-bgp"),
    ("check", "check udr-nva"),
    ("rules", "rules"),
    ("rules", "rules R57"),
    ("list", "list"),
    ("doctor", "doctor"),
    ("predict", "predict p2s-multi-vnet-s2s"),
    ("predict", "predict route-server-expressroute"),
    ("explain", "explain win host1 --predicted p2s-branch-bgp"),
    ("diff", "diff s2s-static s2s-multi-site"),
    ("show-effective-nsg", "show effective-nsg jump --predicted nsg-three-tier"),
    ("show-effective-nsg", "show effective-nsg VNet1 --predicted nsg-three-tier"),
    ("show-nat-rules", "show nat-rules VNet1 --predicted vpn-nat-overlapping-sites"),
    ("show-firewall-rules", "show firewall-rules fw-hub --predicted hub-spoke-azure-firewall"),
    ("show-member-health", "show member-health --predicted nva-load-balancer"),
    ("plan", "plan p2s-branch-bgp --data-plane userspace"),
    ("plan", "plan udr-own-vpn-server --data-plane kernel"),
)


def printed(call: str) -> Any:
    return json.loads(CliRunner().invoke(app, [*call.split(), "-f", "json"]).stdout)


@pytest.mark.parametrize(("name", "call"), CALLS)
def test_what_a_verb_prints_is_what_its_schema_says(name: str, call: str) -> None:
    assert mistakes(name, printed(call)) == []


def test_findings_are_what_the_schema_says(tmp_path: Path) -> None:
    bad = "name: bad\nvnets: {V: {address_space: [10.0.0.0/8]}}\nclients: {c: {gateway: X}}\n"
    (tmp_path / "bad.yaml").write_text(bad)
    found = printed(f"check {tmp_path}/bad.yaml")
    assert found
    assert mistakes("check", found) == []


def test_a_report_is_what_the_schema_says() -> None:
    found = gone_wrong(of("p2s-branch-bgp"))
    step = replace(found.steps[0], flow=FlowReport("a", "b", 100, 2, 0.02, 0.4))
    plain = json.loads(encoded(replace(found, steps=(step, *found.steps[1:]))))
    assert mistakes("verify", plain) == []
    assert mistakes("test", [plain]) == []
    assert mistakes("verify", {**plain, "lab": 1}) == ["$.lab: 1 is not of type 'string'"]
    del plain["summary"]
    assert mistakes("verify", plain) == ["$: 'summary' is a required property"]


def test_every_verb_that_prints_json_has_a_schema() -> None:
    from typer.main import get_command

    verbs = {}
    for name, verb in get_command(app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(verb, "commands", None)
        verbs |= {f"{name} {key}": item for key, item in inner.items()} if inner else {name: verb}
    helps = {name: CliRunner().invoke(app, [*name.split(), "--help"]).stdout for name in verbs}
    prints = {name.replace(" ", "-") for name, text in helps.items() if "table|json" in text}
    # What the verbs of these groups print is the same.
    alike = {name.partition("-")[0] if name.startswith(("fault-", "reset-")) else name for name in prints}
    assert alike == set(TYPES)


def test_the_verb_prints_schemas_and_lists_them() -> None:
    assert json.loads(CliRunner().invoke(app, ["schema"]).stdout) == schema("scenario")
    assert json.loads(CliRunner().invoke(app, ["schema", "verify"]).stdout) == schema("verify")
    assert list(schemas()) == list(names())
    with pytest.raises(UsageError, match="no schema 'verfy'") as caught:
        schema("verfy")
    assert "verify" in caught.value.hint
