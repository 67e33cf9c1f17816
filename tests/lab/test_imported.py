"""Real deployments of the set that NETLAB_IMPORT_CASES names, in packets, without a hand on the file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from labs import netlab, up

SET = Path(os.environ.get("NETLAB_IMPORT_CASES", "none"))
# Of a dump by az, templates with nested and with linked deployments, and a plan of Terraform: what `import` is given.
CASES = {
    "az-03-active-active-flat": ("dump.json",),
    "bicep-04-two-hubs-copy-loops": ("main.json",),
    "arm-15-linked-templates": ("azuredeploy.json", "--parameters", "Environment=lab1", "--linked", "linked"),
    "tf-02-plan-hub-spoke-appliance": ("",),
}


@pytest.mark.skipif(not SET.is_dir(), reason="NETLAB_IMPORT_CASES names no set of cases")
@pytest.mark.parametrize("case", CASES)
def test_a_real_deployment_is_imported_built_and_verified(case: str, tmp_path: Path) -> None:
    words = [str(SET / case / word) if (SET / case / word).exists() else word for word in CASES[case]]
    scenario = tmp_path / "imported.yaml"
    netlab("import", *words, "-o", scenario)
    with up(scenario, "t-imported") as lab:
        report = lab.verify()
        assert report["summary"]["passed"] > 0
        assert json.loads(netlab("status", lab.name, "-f", "json").stdout)[0]["healthy"]
