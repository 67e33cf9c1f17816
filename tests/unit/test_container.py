"""What an image and a development container are made of is in the checkout, and nothing of it is named twice."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
INSTRUCTIONS = [
    line.split(None, 1)
    for line in (CHECKOUT / "Containerfile").read_text().replace("\\\n", "").splitlines()
    if line and not line.startswith("#")
]
COPIED = [
    path
    for verb, rest in INSTRUCTIONS
    if verb == "COPY" and not rest.startswith("--from")
    for path in rest.split()[:-1]
]


def ignored(path: str) -> bool:
    """Whether the last line of .dockerignore that fits a path, or a directory above it, keeps it out of an image."""
    out = False
    for line in (CHECKOUT / ".dockerignore").read_text().splitlines():
        places = [path, *map(str, list(Path(path).parents)[:-1])]
        if line and not line.startswith("#") and any(fnmatch(place, line.removeprefix("!")) for place in places):
            out = not line.startswith("!")
    return out


def test_what_an_image_takes_of_the_checkout_is_there_and_not_left_out() -> None:
    assert "scripts/bootstrap" in COPIED
    assert [path for path in COPIED if not (CHECKOUT / path).exists() or ignored(path)] == []
    assert all(map(ignored, (".git", ".venv", "tests", "scripts/test", "results", "netlab/api/__pycache__")))


def test_a_wheel_finds_all_that_it_is_built_of() -> None:
    """The directories that pyproject.toml names, and the files beside them that its metadata needs."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    only = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    assert {*only, "pyproject.toml", "README.md", "LICENSE"} <= set(COPIED)


def test_an_image_has_the_packages_of_bootstrap() -> None:
    (command,) = (rest for verb, rest in INSTRUCTIONS if verb == "RUN" and "sed -n" in rest)
    (extraction,) = re.findall(r"sed -n '[^']+' /tmp/bootstrap", command)
    shell = extraction.replace("/tmp/bootstrap", str(CHECKOUT / "scripts/bootstrap"))
    listed = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=True).stdout.split()
    assert {"charon-systemd", "frr", "bird2", "nftables", "graphviz"} <= set(listed)
    assert all(re.fullmatch(r"[a-z0-9.+-]+", name) for name in listed)


def test_a_development_container_may_make_labs_and_is_set_up_by_bootstrap() -> None:
    found = json.loads((CHECKOUT / ".devcontainer/devcontainer.json").read_text())
    assert (found["privileged"], found["init"], found["remoteUser"]) == (True, True, "root")
    assert found["postCreateCommand"] == "scripts/bootstrap --dev"
