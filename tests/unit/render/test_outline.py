"""The files and messages that a plan gives the daemons."""

from __future__ import annotations

from plans import planned

from netlab.render import outline


def test_braces_balance() -> None:
    for plane in ("userspace", "kernel"):
        for path, content in outline.files(planned(plane=plane)):  # type: ignore[arg-type]
            assert content.count("{") == content.count("}"), path


def test_every_file_belongs_to_one_daemon() -> None:
    paths = [path for path, _ in outline.files(planned("p2s-multi-vnet-branch-bgp"))]
    assert len(paths) == len(set(paths))
    assert all(path.startswith("/run/netlab/lab/") for path in paths)
