"""Numbers that depend on a name only: a scenario with one object more renumbers no other object."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from itertools import chain


def places(names: Iterable[str], size: int, taken: Collection[int] = ()) -> dict[str, int]:
    """A number below ``size`` for each name: that of its hash, or the next free one.

    Of several names with one hash the alphabetically first one has the number; the others have what all first ones
    leave. Names for which no number is left are not in the answer. The order of the names does not change a number.
    """
    names, found = tuple(names), {}
    used, late = {number for number in taken if 0 <= number < size}, []
    for name in sorted(names):
        wanted = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) % size
        if wanted in used:
            late.append((name, wanted))
        else:
            used.add(wanted)
            found[name] = wanted
    for name, wanted in late:
        if len(used) < size:
            found[name] = _next_free(wanted, size, used)
            used.add(found[name])
    return {name: found[name] for name in names if name in found}


def _next_free(wanted: int, size: int, used: Collection[int]) -> int:
    return next(number for number in chain(range(wanted, size), range(wanted)) if number not in used)
