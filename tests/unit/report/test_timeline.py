"""A flow over time: where its losses and what happened meanwhile are drawn, and all of it in words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from reports import as_predicted, of

from netlab.machine.drawing import svg
from netlab.probe.flow import measured
from netlab.report.dot import dot
from netlab.report.page import page
from netlab.report.timeline import timeline
from netlab.results.verification import FlowReport, Gap, Milestone, Report

GAPS = (Gap(1.5, 2.0), Gap(8.0, 0.001))
MILESTONES = (Milestone("BGP has converged", 4.0), Milestone("action: fail_gateway", -0.01), Milestone("the SDN", 4.1))
FLOW = FlowReport("h1", "vm1", 1000, 201, 2.0, 10.0, (), 10.0, GAPS, MILESTONES)


def with_flow(flow: FlowReport | None) -> Report:
    """A report whose second step has a flow."""
    found = as_predicted(of("p2s-branch-bgp"))
    first, second, *rest = found.steps
    return replace(found, time_scale=5, steps=(first, replace(second, flow=flow), *rest))


def test_losses_are_where_they_were_and_none_is_too_small_to_be_seen() -> None:
    found = timeline(FLOW, 5)
    assert found is not None
    assert [(part.x, part.width) for part in found.lost] == [(108.0, 144.0), (576.0, 2.0)]
    assert [tick.words for tick in found.ticks] == [f"{second} s" for second in range(11)]


def test_what_happened_is_numbered_in_its_order_and_no_sign_covers_another() -> None:
    found = timeline(FLOW, 5)
    assert found is not None
    assert [(sign.number, sign.x, sign.level) for sign in found.signs] == [(1, 0.0, 0), (2, 288.0, 0), (3, 295.2, 1)]
    assert found.levels == 2
    assert found.signs[1].words == "4.00 s (20.0 s in Azure's time): BGP has converged"


def test_words_say_all_that_is_drawn() -> None:
    found = timeline(FLOW, 1)
    assert found is not None
    assert found.words == "h1 to vm1: 799 of 1000 packets got through in 10 s; 2 gaps"
    assert found.gaps == ("lost from 1.50 s for 2.00 s", "lost from 8.00 s for 0.00 s")
    many = timeline(replace(FLOW, gaps=tuple(Gap(float(n), 0.1) for n in range(9))), 1)
    assert many is not None
    assert many.gaps[-1] == "and 3 shorter gaps"


def test_the_page_draws_it_where_a_step_has_a_flow() -> None:
    found = with_flow(FLOW)
    drawing = svg(dot(found.topology))
    assert page(found, drawing).count('<figure class="flow">') == 1
    assert '<figure class="flow">' not in page(with_flow(None), drawing)
    assert '<figure class="flow">' not in page(with_flow(replace(FLOW, seconds=0.0)), drawing)


# --- what a flow measures of its gaps -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answered", "gaps"),
    [
        ({0, 1, 2, 3}, ()),
        ({0, 3}, ((0.01, 0.02),)),
        ({1, 3}, ((0.0, 0.01), (0.02, 0.01))),
        # The last ones may still be under way.
        ({0, 1}, ()),
        (set(), ((0.0, 0.04),)),
    ],
)
def test_gaps_begin_with_the_first_loss_and_end_with_the_next_answer(
    answered: set[int], gaps: tuple[tuple[float, float], ...]
) -> None:
    sent = [7.0, 7.01, 7.02, 7.03]
    found = measured(sent, answered)
    assert [*found.gaps] == [pytest.approx(gap) for gap in gaps]
    assert found.outage == max((seconds for _, seconds in found.gaps), default=0.0)
    assert found.begun == 7.0


def test_a_flow_that_does_not_come_back_is_lost_to_its_last_second() -> None:
    sent = [7.0 + number / 100 for number in range(400)]
    found = measured(sent, {0, 1})
    assert (found.sent, found.lost) == (300, 298)
    assert [*found.gaps] == [pytest.approx((0.02, 2.98))]
    assert found.outage == pytest.approx(2.98)
