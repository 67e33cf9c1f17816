"""What was seen, in the model's words: only where a packet went on as the model foresees."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from netlab.azure.dataplane.tables import Route
from netlab.azure.dataplane.walk import Walk
from netlab.azure.moments import initial
from netlab.azure.prediction import Forecast, Predicted, endpoint_addresses
from netlab.azure.wording import worded
from netlab.scenario.loader import load
from netlab.scenario.names import by_node

KERNEL = "the kernel's table main"


def foreseen() -> Predicted:
    state = initial(load("p2s-branch-bgp").scenario)
    ends = by_node(state.scenario)
    return Forecast(state, endpoint_addresses(state)).pair(ends["lin"], ends["site1-host1"])


def as_seen(walk: Walk) -> Walk:
    chosen = ((node, Route(route.prefix, KERNEL, "eth0", ())) for node, route in walk.chosen)
    return replace(walk, chosen=tuple(chosen))


def said(found: Predicted) -> list[str]:
    return [used.sentence for walk in (*found.forward, *found.reverse) for used in walk.used]


def seen(model: Predicted) -> Predicted:
    return replace(model, forward=tuple(map(as_seen, model.forward)), reverse=tuple(map(as_seen, model.reverse)))


def test_what_went_as_foreseen_is_told_as_the_model_tells_it() -> None:
    model = foreseen()
    assert KERNEL not in "".join(said(worded(seen(model), model)))
    assert said(worded(seen(model), model)) == said(model)


@pytest.mark.parametrize(("prefix", "told"), [("192.168.0.0/24", True), ("0.0.0.0/0", False), ("172.16.0.0/12", False)])
def test_a_client_is_in_the_route_to_the_pool_and_no_route_is_told_for_another(prefix: str, told: bool) -> None:
    model = foreseen()
    (back,) = seen(model).reverse
    *others, (node, route) = back.chosen
    pool = replace(back, chosen=(*others, (node, replace(route, prefix=IPv4Network(prefix)))))
    *_, last = said(worded(replace(seen(model), reverse=(pool,)), model))
    assert last.startswith(f"vnet1-gw-0: {prefix}, from ")
    assert ("from the P2S address pool" in last) == told


def test_a_packet_that_went_elsewhere_is_told_by_the_kernel() -> None:
    model = foreseen()
    (forth,) = seen(model).forward
    elsewhere = replace(forth, nodes=(*forth.nodes[:2], "internet"), chosen=forth.chosen[:2])
    first, second = said(worded(replace(seen(model), forward=(elsewhere,), reverse=()), model))
    assert KERNEL not in first
    assert f"from {KERNEL}" in second
