"""Expressions -> values, evaluated where they are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from netlab.imports.arm import tokens
from netlab.imports.arm.budget import Budget
from netlab.imports.arm.functions import FUNCTIONS
from netlab.imports.arm.functions.function import Function, as_boolean, as_number, as_text
from netlab.imports.arm.functions.lambdas import Lambda
from netlab.imports.arm.syntax import Call, Expression, Literal, Member, is_expression, parsed, unescaped
from netlab.imports.arm.values import (
    MISSING,
    EvaluationError,
    Lazy,
    Value,
    element,
    member,
    open_parts,
    shallow,
    size,
    unknown,
)
from netlab.imports.runtime import Token, Unknown

_PARAMETER = re.compile(r"parameters\('(\w+)'\)", re.I)
ITSELF = ", which refers to itself"
"""The end of the name of a value that is asked for while it is made."""
_TURN = 5
"""What a turn of a loop costs, in parts of a value."""
MOST_COPIES = 800
"""Azure's limit: learn.microsoft.com/azure/azure-resource-manager/templates/copy-resources#limits."""


@dataclass(frozen=True, slots=True)
class UserFunction:
    """A function that a template declares."""

    parameters: tuple[str, ...]
    body: Any


class Host(Protocol):
    """Where expressions stand: a deployment."""

    @property
    def budget(self) -> Budget: ...

    def parameter(self, name: str) -> Value:
        """The value of a parameter."""

    def variable(self, name: str) -> Value:
        """The value of a variable."""

    def user_function(self, name: str) -> UserFunction | None:
        """A function that the template declares."""

    def call(self, name: str, arguments: list[Value], consumer: str) -> Value:
        """The value of a function of scopes and resources; MISSING where the name is none."""

    def instances(self, token: Token) -> int:
        """How many addresses one value holds."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A copy loop at one of its turns."""

    name: str
    index: int
    of_resource: bool = True


@dataclass(frozen=True, slots=True)
class Environment:
    """Where an expression is evaluated: deployment, copy loops, variables of lambdas, arguments of a function."""

    host: Host
    loops: tuple[Loop, ...] = ()
    local: Mapping[str, Value] = field(default_factory=dict)
    arguments: Mapping[str, Value] | None = None
    consumer: str = ""
    """The nested deployment that reads the values."""

    def inside(self, loop: Loop) -> Environment:
        return replace(self, loops=(*self.loops, loop))


# --- literals of a template -----------------------------------------------------------------------------------------


def opened(raw: Any, environment: Environment) -> Value:
    """What stands in a template: expressions are evaluated, objects and lists when they are read.

    An expression without a value is unknown: this is an error only where something reads it.
    """
    if isinstance(raw, str):
        if not is_expression(raw):
            return unescaped(raw)
        try:
            return evaluate(parsed(raw), environment)
        except EvaluationError as error:
            return _explained(error.value, raw)
    return Node(raw, environment) if isinstance(raw, (dict, list)) else raw


def _explained(value: Unknown, raw: str) -> Unknown:
    """What is wrong with an expression, with the parameters that it uses: one of them may be what is wrong."""
    names = dict.fromkeys(_PARAMETER.findall(raw))
    if not value.wrong or not names or "; it uses " in value.expression:
        return value
    return replace(value, expression=f"{value.expression}; it uses parameter {', '.join([*names][:3])}")


class Node(Lazy):
    """An object or a list of a template; property copies of an object are its properties."""

    __slots__ = ("_environment", "_is_list", "_made", "_parts")

    def __init__(self, raw: dict[str, Any] | list[Any], environment: Environment) -> None:
        self._environment, self._is_list = environment, isinstance(raw, list)
        self._parts: dict[str | int, Any] = {}
        self._parts |= dict(enumerate(raw)) if isinstance(raw, list) else self._properties(raw)
        self._made: dict[str | int, Value] = {}

    def _properties(self, raw: dict[str, Any]) -> dict[str | int, Any]:
        copies = raw.get("copy")
        loops = isinstance(copies, list) and all(isinstance(loop, dict) and "count" in loop for loop in copies)
        found: dict[str | int, Any] = {}
        for key, value in raw.items():
            if key == "copy" and loops:
                found |= {str(loop.get("name")): Copies(loop, self._environment) for loop in value}
            else:
                name = opened(key, self._environment) if is_expression(key) else key
                found[name if isinstance(name, str) else key] = value
        return found

    def member(self, key: str) -> Value:
        if key not in self._parts:
            low = key.lower()
            key = next((name for name in self._parts if isinstance(name, str) and name.lower() == low), key)
        return self._part(key)

    def element(self, index: int) -> Value:
        return self._part(index)

    def shallow(self) -> Value:
        parts = {key: self._part(key) for key in self._parts}
        return [*parts.values()] if self._is_list else parts

    def _part(self, key: str | int) -> Value:
        if key not in self._made:
            if key not in self._parts:
                return MISSING
            raw = self._parts[key]
            self._made[key] = Unknown(f"{str(key)[:40]}{ITSELF}")
            self._made[key] = raw if isinstance(raw, Lazy) else opened(raw, self._environment)
        return self._made[key]


class Copies(Lazy):
    """The list that a copy loop of a property, a variable or an output makes."""

    __slots__ = ("_environment", "_loop", "_of_resource")

    def __init__(self, loop: Mapping[str, Any], environment: Environment, of_resource: bool = False) -> None:
        self._loop, self._environment, self._of_resource = loop, environment, of_resource

    def element(self, index: int) -> Value:
        count = copies(self._loop.get("count"), self._environment)
        if isinstance(count, Unknown):
            return count
        return self._turn(index) if 0 <= index < count else MISSING

    def shallow(self) -> Value:
        count = copies(self._loop.get("count"), self._environment)
        return count if isinstance(count, Unknown) else [self._turn(index) for index in range(count)]

    def _turn(self, index: int) -> Value:
        loop = Loop(str(self._loop.get("name", "")), index, self._of_resource)
        return opened(self._loop.get("input"), self._environment.inside(loop))


def copies(raw: Any, environment: Environment) -> int | Unknown:
    """How many copies a loop makes."""
    count = shallow(opened(raw, environment))
    if isinstance(count, str) and count.isascii() and count.isdigit() and len(count) < 10:
        count = int(count)
    if isinstance(count, Unknown):
        return count
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MOST_COPIES:
        return Unknown(f"a copy loop whose count is no number from 0 to Azure's limit of {MOST_COPIES}")
    environment.host.budget.charge(count * _TURN)
    return count


# --- expressions ----------------------------------------------------------------------------------------------------


def evaluate(tree: Expression, environment: Environment) -> Value:
    """The value of an expression; EvaluationError where it has none."""
    budget = environment.host.budget
    budget.enter()
    try:
        if isinstance(tree, Literal):
            return tree.value
        if isinstance(tree, Member):
            return _accessed(tree, environment)
        special = _SPECIAL.get(tree.name)
        return special(tree, environment) if special else _called(tree, environment)
    finally:
        budget.leave()


def _accessed(tree: Member, environment: Environment) -> Value:
    path: list[Member] = []
    at: Expression = tree
    while isinstance(at, Member):
        path.append(at)
        at = at.of
    value = evaluate(at, environment)
    for step in reversed(path):
        value = _stepped(value, shallow(evaluate(step.key, environment)), step.safe)
    return value


def _stepped(value: Value, key: Value, safe: bool) -> Value:
    if isinstance(key, Unknown):
        return key
    if isinstance(key, bool) or not isinstance(key, (str, int)):
        raise EvaluationError("an index is no name and no number")
    found = member(value, key) if isinstance(key, str) else element(value, key)
    if found is not MISSING:
        return found
    of = shallow(value)
    if isinstance(of, (Unknown, Token)):
        return unknown([of])
    if safe:
        return None
    raise EvaluationError(f"there is no {f'property {key[:40]}' if isinstance(key, str) else f'element {key}'}")


def _called(tree: Call, environment: Environment) -> Value:
    function = FUNCTIONS.get(tree.name)
    arguments = [evaluate(argument, environment) for argument in tree.arguments]
    if function is not None:
        return _computed(tree.name, function, arguments, environment)
    declared = environment.host.user_function(tree.name)
    if declared is not None:
        if len(arguments) != len(declared.parameters):
            raise EvaluationError(f"the function {tree.name[:40]}() takes {len(declared.parameters)} arguments")
        values = dict(zip(declared.parameters, arguments, strict=True))
        return opened(declared.body, Environment(environment.host, arguments=values))
    found = environment.host.call(tree.name, arguments, environment.consumer)
    if found is MISSING:
        message = f"the function {tree.name[:40]}() is not known"
        raise EvaluationError(message, Unknown(message))
    return found


def _computed(name: str, function: Function, arguments: list[Value], environment: Environment) -> Value:
    if not function.takes(len(arguments)):
        raise EvaluationError(f"the function {name}() has too few or too many arguments")
    budget = environment.host.budget
    if function.reads in ("all", "carried"):
        arguments = [budget.forced(argument) for argument in arguments]
    elif function.reads == "outer":
        arguments = [shallow(argument) for argument in arguments]
    direct = [argument for argument in arguments if isinstance(argument, (Unknown, Token))]
    if direct and function.reads != "nothing":
        if name == "empty" and isinstance(direct[0], Unknown) and direct[0].secret:
            return False
        tokens_only = all(isinstance(part, Token) for part in direct)
        found = tokens.answered(name, arguments, environment.host.instances) if tokens_only else MISSING
        return unknown(direct) if found is MISSING else found
    parts = open_parts(arguments) if function.reads == "all" else []
    if parts:
        return unknown(parts)
    found = function.compute(*arguments)
    budget.charge(size(found))
    return found


# --- functions that do not evaluate all of their arguments, or that know their place --------------------------------


def _parameters(tree: Call, environment: Environment) -> Value:
    name = as_text(_only(tree, environment))
    if environment.arguments is None:
        return environment.host.parameter(name)
    found = member(environment.arguments, name)
    if found is MISSING:
        raise EvaluationError(f"parameter {name[:40]} is not declared")
    return found


def _variables(tree: Call, environment: Environment) -> Value:
    name = as_text(_only(tree, environment))
    if environment.arguments is not None:
        raise EvaluationError("a function of the template reads a variable")
    return environment.host.variable(name)


def _lambda_variables(tree: Call, environment: Environment) -> Value:
    found = member(environment.local, as_text(_only(tree, environment)))
    if found is MISSING:
        raise EvaluationError("a variable of a lambda is not declared")
    return found


def _only(tree: Call, environment: Environment) -> Value:
    if len(tree.arguments) != 1:
        raise EvaluationError(f"the function {tree.name}() takes one argument")
    return shallow(evaluate(tree.arguments[0], environment))


def _if(tree: Call, environment: Environment) -> Value:
    if len(tree.arguments) != 3:
        raise EvaluationError("the function if() takes three arguments")
    condition, then, otherwise = tree.arguments
    return evaluate(then if as_boolean(shallow(evaluate(condition, environment))) else otherwise, environment)


def _and(tree: Call, environment: Environment) -> Value:
    return _decided(tree, environment, by=False)


def _or(tree: Call, environment: Environment) -> Value:
    return _decided(tree, environment, by=True)


def _decided(tree: Call, environment: Environment, by: bool) -> Value:
    """`and` is decided by a false argument, `or` by a true one, whatever the others are."""
    open_: list[Unknown | Token] = []
    for argument in tree.arguments:
        value = shallow(evaluate(argument, environment))
        if isinstance(value, Unknown):
            open_.append(value)
        elif as_boolean(value) is by:
            return by
    return unknown(open_) if open_ else not by


def _coalesce(tree: Call, environment: Environment) -> Value:
    for argument in tree.arguments:
        value = evaluate(argument, environment)
        if shallow(value) is not None:
            return value
    return None


def _copy_index(tree: Call, environment: Environment) -> Value:
    arguments = [shallow(evaluate(argument, environment)) for argument in tree.arguments]
    name = str(arguments.pop(0)).lower() if arguments and isinstance(arguments[0], str) else ""
    offset = as_number(arguments[0]) if arguments else 0
    inner = environment.loops[::-1]
    named = [loop for loop in inner if loop.name.lower() == name] if name else [one for one in inner if one.of_resource]
    if not named:
        raise EvaluationError(f"copyIndex() outside of the loop {name[:40]}".rstrip())
    return named[0].index + offset


def _lambda(tree: Call, environment: Environment) -> Value:
    names = [part.value for part in tree.arguments[:-1] if isinstance(part, Literal) and isinstance(part.value, str)]
    if not tree.arguments or len(names) != len(tree.arguments) - 1:
        raise EvaluationError("a lambda whose variables have no names")
    body = tree.arguments[-1]

    def apply(*values: Value) -> Value:
        local = {**environment.local, **dict(zip(names, values, strict=True))}
        return evaluate(body, replace(environment, local=local))

    return Lambda(len(names), apply)


_SPECIAL = {
    "parameters": _parameters,
    "variables": _variables,
    "lambdavariables": _lambda_variables,
    "if": _if,
    "and": _and,
    "or": _or,
    "coalesce": _coalesce,
    "copyindex": _copy_index,
    "lambda": _lambda,
}
