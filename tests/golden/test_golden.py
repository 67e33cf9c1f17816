"""The configuration of two labs, whole, as the daemons get it; ``expected/`` holds it to be read and reviewed.

After a change that is meant, write the files anew and look at the difference in git::

    make golden
"""

from __future__ import annotations

import difflib
import json
import os
import shutil
from pathlib import Path

import pytest

from netlab.plan.model import DataPlane
from netlab.plan.names import RUN_ROOT
from netlab.plan.planner import plan
from netlab.render import outline
from netlab.scenario.loader import load

EXPECTED = Path(__file__).parent / "expected"
LABS: tuple[tuple[str, DataPlane], ...] = (
    ("p2s-branch-bgp", "userspace"),
    ("p2s-multi-vnet-s2s-bgp", "kernel"),
)


def rendered(scenario: str, plane: DataPlane) -> dict[str, str]:
    """Every file of a lab, by its name under the run directory; vici messages as a file beside them."""
    found = plan(load(scenario).scenario, "golden", plane)
    files = {path.removeprefix(f"{RUN_ROOT}/golden/"): content for path, content in outline.files(found)}
    for node, messages in outline.messages(found):
        files[f"{node}/vici.json"] = json.dumps(messages, indent=2) + "\n"
    return files


def difference(expected: dict[str, str], actual: dict[str, str]) -> str:
    """What changed, as a patch of the expected files."""
    patch: list[str] = []
    for name in sorted(expected.keys() | actual.keys()):
        old, new = expected.get(name), actual.get(name)
        patch += difflib.unified_diff(
            (old or "").splitlines(),
            (new or "").splitlines(),
            f"expected/{name}" if old is not None else "/dev/null",
            f"rendered/{name}" if new is not None else "/dev/null",
            lineterm="",
        )
    return "\n".join(patch)


@pytest.mark.parametrize(("scenario", "plane"), LABS)
def test_the_daemons_get_what_was_reviewed(scenario: str, plane: DataPlane) -> None:
    folder = EXPECTED / f"{scenario}.{plane}"
    actual = rendered(scenario, plane)
    if os.environ.get("NETLAB_UPDATE_GOLDEN"):
        shutil.rmtree(folder, ignore_errors=True)
        for name, content in actual.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
    expected = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    if patch := difference(expected, actual):
        pytest.fail(f"not as in {folder}; if it is meant, see the top of this file\n{patch}", pytrace=False)
