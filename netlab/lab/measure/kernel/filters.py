"""The filters and translations that every node should have: those of the plan, and those of faults."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.lab.measure.kernel.moment import Moment
from netlab.machine.ports import Inventory
from netlab.plan import security
from netlab.plan.model import Node, SecurityRules
from netlab.plan.model.held import Wanted, wanted
from netlab.render import nftables


def of(moment: Moment, node: Node, inventory: Inventory) -> Iterator[Wanted]:
    """What a node should have of nftables."""
    for ruleset in node.nftables:
        now = security.at(moment.state, node.owner, ruleset) if isinstance(ruleset, SecurityRules) else ruleset
        yield from wanted(inventory.canonical_filters(nftables.text((now,))))
    for name, text, devices in moment.left.rulesets:
        if name == node.name:
            yield from wanted(inventory.canonical_filters(text, devices))
