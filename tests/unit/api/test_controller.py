"""The process of the controllers: its orders."""

from __future__ import annotations

from netlab.api.controller import _Orders


def test_another_plan_wakes_the_controller_and_is_taken_once() -> None:
    orders, poked = _Orders(), []
    orders._poke = lambda: poked.append(1)
    assert not orders.replanned()
    orders.come()
    assert poked == [1]
    assert orders.replanned()
    assert not orders.replanned()
