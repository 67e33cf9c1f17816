"""The descriptions of a model's fields, read from its source: the text below each field.

Differs from pydantic's ``use_attribute_docstrings``, which reads the source whenever the models are imported and takes
more time than all other work of a small `check`. Here only the JSON Schema and the documentation read it.
"""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise


def of_fields(model: type) -> dict[str, str]:
    """The description of each field, by its name; those of its base classes included."""
    found: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if kind.__module__.startswith("netlab."):
            found |= _written(kind)
    return found


def _written(kind: type) -> dict[str, str]:
    (definition,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(definition, ast.ClassDef)
    found: dict[str, str] = {}
    for field, text in pairwise(definition.body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(description))):
                found[name] = " ".join(description.split())
    return found
