"""Linked templates: local files in the place of URIs. Nothing is ever fetched."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import unquote, urlsplit

from netlab.imports.arm.deployments import Source


def finder(directories: Sequence[str], read: Callable[[str], Source | None]) -> Callable[[str, str], Source | None]:
    """A function that finds the template of a URI that the template of a path links; None where no file has it.

    ``read`` reads the template of a path; None where there is no such file.
    """

    def find(uri: str, path: str) -> Source | None:
        found = (read(candidate) for candidate in dict.fromkeys(_candidates(uri, path, directories)))
        return next((source for source in found if source is not None), None)

    return find


def _candidates(uri: str, path: str, directories: Sequence[str]) -> Iterator[str]:
    """Where the template may lie: at its relative path, then below the directories, the longest match first.

    By its last segments alone a template is never found to link itself: other templates bear the same name.
    """
    beside = posixpath.dirname(path)
    segments = [part for part in _path(uri).split("/") if part not in ("", ".", "..")]
    if "://" not in uri:
        for one in (posixpath.join(beside, _path(uri)), _path(uri)):
            if _below(one, beside):
                yield posixpath.normpath(one)
    for count in range(len(segments), 0, -1):
        places = (*directories, beside) if directories or count == 1 else ()
        found = (posixpath.join(place, *segments[-count:]) for place in places)
        yield from (one for one in found if posixpath.normpath(one) != posixpath.normpath(path))


def _path(uri: str) -> str:
    """The path of a URI, without what signs it."""
    try:
        return unquote(urlsplit(uri).path).replace("\\", "/")
    except ValueError:
        return ""


def _below(path: str, directory: str) -> bool:
    """Whether a path leads to something below a directory."""
    base = posixpath.normpath(directory or ".")
    found = posixpath.normpath(path)
    outside = found.startswith(("/", "..")) if base == "." else not found.startswith(base.rstrip("/") + "/")
    return not outside
