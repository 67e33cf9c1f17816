"""A plan as text and as data: every node, file and message, and secrets only by name."""

from __future__ import annotations

import json
import re

import pytest
from plans import planned

from netlab.plan.model import DataPlane
from netlab.render.outline import files
from netlab.report import outline


@pytest.mark.parametrize("plane", ["userspace", "kernel"])
def test_the_outline_shows_every_node_file_and_message_and_secrets_only_by_name(plane: DataPlane) -> None:
    found = outline.outline(planned(plane=plane))
    for node in planned(plane=plane).nodes:
        assert f"\nnode {node.name} ({node.kind}), namespace {node.netns}\n" in found
    for path, content in files(planned(plane=plane)):
        assert f"\nfile {path}\n  {content.splitlines()[0]}\n" in found
    assert found.count("\nvici at ") == len(planned(plane=plane).charons)
    assert set(re.findall(r"'data': '([^']*)'", found)) == {f"<{name}>" for name in planned(plane=plane).secrets}


def test_the_structure_is_json() -> None:
    found = json.loads(json.dumps(outline.structure(planned())))
    assert found["lab"] == "lab"
    assert set(found["vici"]) == {charon.node for charon in planned().charons}
    assert set(found["files"]) == {path for path, _ in files(planned())}
