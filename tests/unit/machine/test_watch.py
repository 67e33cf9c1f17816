"""Watching for changes: what wakes who waits."""

from __future__ import annotations

from netlab.machine.watch import Watch


def test_a_poke_wakes() -> None:
    watch = Watch((), ())
    assert not watch.wait(0)
    watch.poke()
    assert watch.wait(0)
    assert not watch.wait(0)
    watch.close()


def test_a_poke_while_the_watch_is_closed_is_no_error() -> None:
    """The SDN controller gets another plan while it is asked whether it is at work."""
    watch = Watch((), ())
    watch._routes.close()
    watch.poke()
