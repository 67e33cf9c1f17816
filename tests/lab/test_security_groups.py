"""Network security groups in packets: verify turns red where nftables lacks a rule, and names the chain of the NIC."""

from __future__ import annotations

import json
from typing import Any

import pytest
from labs import Lab, cells, failed_checks, up


def rules(lab: Lab, chain: str) -> list[dict[str, Any]]:
    listed = json.loads(lab.run("vnet1", "nft", "-j", "list", "chain", "ip", "security", chain))
    return [item["rule"] for item in listed["nftables"] if "rule" in item]


@pytest.mark.parametrize(
    ("chain", "rule", "pairs"),
    [
        ("v-logic.in.nsg-app", "110 DenyWeb", {("vnet1-web1", "vnet1-logic"), ("vnet1-web2", "vnet1-logic")}),
        ("v-logic.out.nsg-app", "300 DenyInternet", {("vnet1-logic", "internet")}),
    ],
)
def test_a_rule_that_is_gone_turns_verify_red(chain: str, rule: str, pairs: set[tuple[str, str]]) -> None:
    with up("nsg-three-tier", "t-nsg") as lab:
        lab.verify()
        handle = next(item["handle"] for item in rules(lab, chain) if item.get("comment") == rule)
        lab.run("vnet1", "nft", "delete", "rule", "ip", "security", chain, "handle", str(handle))
        report = lab.verify(code=1)
        assert f"vnet1: filter-changed table ip security chain {chain}" in failed_checks(report)["kernel"]
        wrong = {(cell["source"], cell["target"]) for cell in cells(report["steps"][0], "failed")}
        assert wrong == pairs
