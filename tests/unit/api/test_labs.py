"""The process of the controllers is started by the name of a module that api itself imports."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from pathlib import Path

import netlab
from netlab.api.machine import LINUX

ROOM = Path(netlab.__file__).parent


def test_the_command_of_the_controllers_names_their_module_and_the_lab() -> None:
    python, option, module, lab = LINUX.controllers("lab")
    assert (python, option, lab) == (sys.executable, "-m", "lab")
    assert callable(importlib.import_module(module).main)


def test_no_module_is_started_by_a_string() -> None:
    """The import contract would not see it."""
    for path in ROOM.rglob("*.py"):
        for item in ast.walk(ast.parse(path.read_text())):
            if isinstance(item, ast.Constant) and isinstance(item.value, str):
                assert not re.fullmatch(r"netlab(\.\w+)+", item.value), (path, item.value)
