"""The checks of `netlab verify`: names from the code of the modules that make them, meaning from their docstrings."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from pages.markdown import CHECKOUT, keys

HOME = CHECKOUT / "netlab/lab/measure/checks"


def checks() -> str:
    """A row for each module of checks: names, what is compared, success, failure."""
    rows = (_row(path) for path in sorted(HOME.glob("*.py")) if path.stem != "__init__")
    return keys(("Check", "Passes if", "Fails if"), rows)


def _row(path: Path) -> tuple[str, ...]:
    module = ast.parse(path.read_text())
    text = ast.get_docstring(module) or ""
    found = re.fullmatch(r"(?P<what>.+?)\n\nSuccess: (?P<success>.+?)\nFailure: (?P<failure>.+)", text, re.DOTALL)
    assert found, f"{path}: the docstring says what is checked, then `Success:` and `Failure:`"
    what, success, failure = (" ".join(part.split()) for part in found.group("what", "success", "failure"))
    names = ", ".join(dict.fromkeys(_names(module))) or path.stem.replace("_", " ")
    return f"*{names}*<br>{what}", _sentence(success), _sentence(failure)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _names(module: ast.Module) -> list[str]:
    """The names of the checks that a module makes; what a name is made of stands in capitals."""
    calls = (node for node in ast.walk(module) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Check")
    return [name for call in calls if (name := _name(module, call.args[0]))]


def _name(module: ast.Module, argument: ast.expr) -> str:
    if isinstance(argument, ast.Name):
        given = (node for node in ast.walk(module) if isinstance(node, ast.Assign) and len(node.targets) == 1)
        named = (node.value for node in given if ast.unparse(node.targets[0]) == argument.id)
        return next((_name(module, value) for value in named), "")
    if isinstance(argument, ast.Constant):
        return str(argument.value)
    if isinstance(argument, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "NAME" for part in argument.values)
    return ""
