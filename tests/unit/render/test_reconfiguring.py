"""Commands that change a running bgpd leave the new configuration, wherever an earlier change has ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from changes import changed

from netlab.plan.model import BgpSpeaker
from netlab.plan.planner import plan
from netlab.render.reconfiguring import commands
from netlab.render.text import speaker_conf
from netlab.scenario.loader import load

Held = set[tuple[str, ...]]

NAMES = (
    "hub-spoke-gateway-transit",
    "route-server-spokes",
    "route-server-overview",
    "route-server-multiregion",
    "s2s-active-active",
    "s2s-bgp-transit",
    "expressroute-vpn-two-sites",
)


def held(configuration: str) -> Held:
    """The lines of a configuration, each after its contexts."""
    lines = (line for line in configuration.splitlines() if not line.startswith(("hostname", "log file")))
    return after(set(), [line.strip() for line in lines if line.strip() and not line.strip().startswith("!")])


def after(found: Held, typed: Iterable[str]) -> Held:
    """What bgpd holds after commands, as vtysh takes them: a small FRR."""
    context: tuple[str, ...] = ()
    for line in typed:
        words = line.split()
        if line in ("exit", "exit-address-family"):
            context = context[:-1]
        elif words[0] == "no" and words[1] not in ("bgp",):
            gone = line.removeprefix("no ")
            if words[1] == "neighbor" and len(words) == 3:
                found = {held for held in found if held[-1].split()[:2] != words[1:]}
            elif words[1] == "route-map":
                found = {held for held in found if held[0] != gone}
            else:
                found = found - {(*context, gone)}
        else:
            place = line.split()
            if place[0] == "neighbor" and place[2:3] == ["route-map"]:
                found = {held for held in found if held[-1].split()[:3] + held[-1].split()[4:] != place[:3] + place[4:]}
            found = found | {(*context, line)}
            if place[0] in ("router", "route-map", "address-family"):
                context = (*context, line)
    return found


def pairs(name: str) -> list[tuple[BgpSpeaker, BgpSpeaker]]:
    found = []
    for seed in range(4):
        old, new = (plan(each.scenario, "lab") for each in changed(name, seed))
        before = {speaker.node: speaker for speaker in old.speakers}
        found += [(before[s.node], s) for s in new.speakers if s.node in before and s != before[s.node]]
    return [pair for pair in found if pair[0].program == "frr"]


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_speaker_holds_the_new_configuration(name: str) -> None:
    for old, new in pairs(name):
        one, other = speaker_conf(old, "bgpd"), speaker_conf(new, "bgpd")
        typed = commands(one, other)
        assert after(held(one), typed) == held(other)
        for number in range(0, len(typed), 3):
            ended = after(held(one), typed[:number])
            assert after(ended, commands(other, one)) == held(one)


def speaker(name: str, node: str) -> BgpSpeaker:
    return next(found for found in plan(load(name).scenario, "lab").speakers if found.node == node)


def typed(old: BgpSpeaker, new: BgpSpeaker) -> tuple[str, ...]:
    return commands(speaker_conf(old, "bgpd"), speaker_conf(new, "bgpd"))


SERVER = speaker("route-server-overview", "vnet1-rs-0")


def test_the_same_configuration_takes_no_command() -> None:
    assert typed(SERVER, SERVER) == ()


def test_another_prefix_touches_no_neighbor() -> None:
    found = typed(SERVER, replace(SERVER, networks=(*SERVER.networks, "10.9.0.0/16")))
    assert "network 10.9.0.0/16" in found
    assert not [line for line in found if "neighbor" in line]


def test_a_neighbor_that_goes_or_comes_touches_no_other() -> None:
    first, *rest = SERVER.neighbors
    assert len(rest) == 2
    gone, came = (
        typed(*pair)
        for pair in ((SERVER, replace(SERVER, neighbors=tuple(rest))), (replace(SERVER, neighbors=tuple(rest)), SERVER))
    )
    assert f"no neighbor {first.address}" in gone
    others = {line.split()[-1] for line in (*gone, *came) if line.startswith("no neighbor")}
    assert others == {first.address}
    for neighbor in rest:
        assert not [line for line in (*gone, *came) if neighbor.address in line and " route-map " not in line]


def test_a_neighbor_with_other_settings_is_made_anew() -> None:
    first, *rest = SERVER.neighbors
    found = typed(SERVER, replace(SERVER, neighbors=(replace(first, passive=not first.passive), *rest)))
    assert f"no neighbor {first.address}" in found
    assert f"neighbor {first.address} remote-as {first.asn}" in found
    assert not [line for line in found for neighbor in rest if neighbor.address in line]
