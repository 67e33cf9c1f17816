"""The functions of templates that need arguments only, by their names in small letters."""

from __future__ import annotations

from collections.abc import Mapping

from netlab.imports.arm.functions import addresses, collections, lambdas, logic, numbers, objects, texts
from netlab.imports.arm.functions.function import Function

FUNCTIONS: Mapping[str, Function] = {
    **addresses.FUNCTIONS,
    **collections.FUNCTIONS,
    **lambdas.FUNCTIONS,
    **logic.FUNCTIONS,
    **numbers.FUNCTIONS,
    **objects.FUNCTIONS,
    **texts.FUNCTIONS,
}
