"""The commands that bring a bgpd from one configuration to another one while its sessions stay up. Pure.

A neighbor is made anew only where its own lines change, and a route map's entry where one of its lines does. The
commands hold from wherever the change before has ended: what they take away may be gone, what they add may be there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

# A line of a configuration after those that it stands under.
Line = tuple[str, ...]

_FAMILY = "address-family ipv4 unicast"
_END = ("exit", "exit-address-family")


def commands(old: str, new: str) -> tuple[str, ...]:
    """What is typed after `configure terminal`, line by line; none where nothing changes."""
    before, after = _lines(old), _lines(new)
    gone, came = [line for line in before if line not in after], [line for line in after if line not in before]
    if not gone and not came:
        return ()
    renewed = {_neighbor(line) for line in (*gone, *came) if _is_of_router(line)} - {""}
    stale = {line[0] for line in (*gone, *came) if _is_entry(line)}
    return (
        *_of_router(before, _without(gone, came, renewed), [f"no neighbor {address}" for address in sorted(renewed)]),
        *(f"no {line[0]}" for line in gone if _is_list(line)),
        *(line[0] for line in came if _is_list(line)),
        *(f"no {entry}" for entry in sorted(stale)),
        *_entries(line for line in after if line[0] in stale),
        *_of_router(after, [line for line in after if line in came or _neighbor(line) in renewed]),
    )


def _lines(text: str) -> dict[Line, None]:
    """The lines in their order."""
    found: dict[Line, None] = {}
    contexts: list[tuple[int, str]] = []
    for line in text.splitlines():
        words, depth = " ".join(line.split()), len(line) - len(line.lstrip())
        if words and not words.startswith("!") and words not in _END:
            contexts = [*(context for context in contexts if context[0] < depth), (depth, words)]
            found[tuple(word for _, word in contexts)] = None
    return found


def _is_entry(line: Line) -> bool:
    return line[0].startswith("route-map ")


def _is_list(line: Line) -> bool:
    return len(line) == 1 and not line[0].startswith(("route-map ", "router ", "hostname ", "log "))


def _is_of_router(line: Line) -> bool:
    """Whether it stands under the router itself, not under its address family."""
    return len(line) == 2 and line[0].startswith("router ")


def _neighbor(line: Line) -> str:
    """The neighbor that a line is about; empty if it is about none."""
    words = line[-1].split()
    return words[1] if line[0].startswith("router ") and words[0] == "neighbor" else ""


def _without(gone: Iterable[Line], came: Iterable[Line], renewed: set[str]) -> list[Line]:
    """What is taken away of a router line by line, negated: not what goes with its neighbor or is replaced in place."""
    replacing = {_place(line) for line in came}
    lines = (line for line in gone if line[0].startswith("router ") and len(line) > 1)
    rest = (line for line in lines if _neighbor(line) not in renewed and _place(line) not in replacing)
    return [(*line[:-1], f"no {line[-1]}") for line in rest]


def _place(line: Line) -> Line:
    """What a line sets, if it is the route map of a neighbor in one direction: another one takes its place."""
    words = line[-1].split()
    is_map = len(words) == 5 and words[0] == "neighbor" and words[2] == "route-map"
    return (*line[:-1], *((words[1], words[4]) if is_map else (line[-1],)))


def _of_router(known: dict[Line, None], lines: list[Line], first: Iterable[str] = ()) -> Iterator[str]:
    """Lines under the router and under its address family; ``first`` what stands under the router before them."""
    lines = [line for line in lines if line[0].startswith("router ")]
    own = [line[-1] for line in lines if len(line) == 2 and line[1] != _FAMILY]
    family = [line[-1] for line in lines if len(line) == 3]
    above = [*first, *own]
    if above or family:
        yield next(line[0] for line in known if line[0].startswith("router "))
        yield from above
    if family:
        yield from (_FAMILY, *family, "exit-address-family")
    if above or family:
        yield "exit"


def _entries(lines: Iterable[Line]) -> Iterator[str]:
    """Entries of route maps, whole."""
    for line in lines:
        if len(line) == 1:
            yield from (line[0], "exit")
        else:
            yield from (line[0], line[1], "exit")
