"""The verbs of `netlab fault`: a row for each kind of faults, whose keys are those of its action."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import signature
from typing import Any, get_args

import pytest
import typer
from typer.testing import CliRunner

from netlab.azure.faults import KINDS
from netlab.cli.fault import VERBS, Typed, Verb, add_verbs, app
from netlab.cli.options import Format
from netlab.errors import UsageError
from netlab.scenario.models import Action
from netlab.scenario.values import Model


def names(verb: Verb) -> Iterator[str]:
    yield from filter(None, (verb.key,))
    yield from (part.key for part in verb.parts)


def value_of(action: str) -> type[Model]:
    """The model of an action's value."""
    (found,) = (each for each in get_args(Action.model_fields[action].annotation) if each is not type(None))
    assert issubclass(found, Model)
    return found


def test_every_kind_has_a_verb_and_every_verb_a_kind() -> None:
    assert {verb.name for verb in VERBS} == {kind.verb for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_row_has_the_keys_of_the_actions(kind: Any) -> None:
    (row,) = (verb for verb in VERBS if verb.name == kind.verb)
    for action in (kind.begins, kind.ends):
        assert set(names(row)) == set(value_of(action).model_fields)


def typing(text: str) -> tuple[Any, list[Typed]]:
    """What comes of a line that is typed, and what a lab would have to do."""
    taken: list[Typed] = []
    room = typer.Typer()
    add_verbs(room, taken.append)
    return CliRunner().invoke(room, text.split()), taken


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("gateway V", Typed("gateway", False, {"vnet": "V"})),
        ("internet", Typed("internet", False, {})),
        ("internet --mend -l lab", Typed("internet", True, {}, "lab")),
        (
            "gateway V --instance 0 --planned -l lab",
            Typed("gateway", False, {"vnet": "V", "planned": True, "instance": 0}, "lab"),
        ),
        ("gateway V --mend -f json", Typed("gateway", True, {"vnet": "V"}, "", Format.json)),
        ("tunnel C --instance 1", Typed("tunnel", False, {"connection": "C", "instance": 1})),
        ("link S --device fw1 --mend", Typed("link", True, {"name": "S", "device": "fw1"})),
        ("device S", Typed("device", False, {"site": "S"})),
        ("vm m --mend", Typed("vm", True, {"vm": "m"})),
        ("circuit c --link secondary", Typed("circuit", False, {"circuit": "c", "link": "secondary"})),
        ("bgp-session S", Typed("bgp-session", False, {"speaker": "S"})),
        (
            "bgp-session S --peer V --instance 1 --mend",
            Typed("bgp-session", True, {"speaker": "S", "peer": "V", "instance": 1}),
        ),
        ("bgp-daemon S --device fw1", Typed("bgp-daemon", False, {"speaker": "S", "device": "fw1"})),
    ],
)
def test_only_what_is_typed_is_given(text: str, typed: Typed) -> None:
    result, taken = typing(text)
    assert (result.exit_code, taken) == (0, [typed]), result.output


@pytest.mark.parametrize("text", ["gateway", "gateway V --instance 2", "vm a b", "vm a --device d", "internet x"])
def test_what_a_verb_has_not_is_a_wrong_usage(text: str) -> None:
    result, taken = typing(text)
    assert (result.exit_code, taken) == (2, [])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("gateway V --planned --mend", "--planned and --mend exclude each other"),
        ("circuit c --link third", "a circuit has no link 'third'"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, why: str) -> None:
    result, taken = typing(text)
    assert isinstance(result.exception, UsageError)
    assert (str(result.exception), taken) == (why, [])


def test_a_verb_has_its_argument_first_and_the_shared_options_last() -> None:
    for command in app.registered_commands:
        assert command.callback is not None
        parameters = list(signature(command.callback).parameters)
        assert parameters[-3:] == ["mend", "lab", "output"]
        key = next(verb.key for verb in VERBS if verb.name == command.name)
        assert parameters[0] == key or not key
