"""Deployments and their resources: conditions, copy loops, children, inner and outer scope."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

from netlab.imports.arm.budget import Budget
from netlab.imports.arm.interpreter import ITSELF, Copies, Environment, Loop, Node, UserFunction, copies, opened
from netlab.imports.arm.scopes import IDS, Scope, described, made_id
from netlab.imports.arm.values import MISSING, EvaluationError, Lazy, Value, member, shallow
from netlab.imports.runtime import Token, Unknown

DEPLOYMENTS = "microsoft.resources/deployments"
_SECURE = ("securestring", "secureobject")


@dataclass(frozen=True, slots=True)
class Source:
    """A template with the file that it stands in, whole or nested there, and the parameters that files give it."""

    path: str
    template: Mapping[str, Any]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    whole: bool = True


class Surroundings(Protocol):
    """What a deployment needs of the others: all templates of an import."""

    budget: Budget
    secrets: set[str]

    @property
    def location(self) -> str:
        """The region of resource groups."""

    def stated(self, deployment: Deployment, name: str) -> Value:
        """The value that the command line gives a parameter; None where it gives none."""

    def leave_open(self, body: Mapping[str, Any], what: str, value: Unknown) -> None:
        """Note resources of which it is not known whether, how often or where they are deployed."""

    def reference(self, deployment: Deployment, name: str, arguments: list[Value], consumer: str) -> Value:
        """The value of `reference()` or `references()`."""

    def instances(self, token: Token) -> int:
        """How many addresses a token stands for."""

    def template_of(self, resource: Resource, properties: Mapping[str, Any], environment: Environment) -> Source | None:
        """The template of a nested deployment; None where it is not there."""


class Deployment:
    """A template that is deployed: it answers what its expressions ask for."""

    def __init__(
        self,
        world: Surroundings,
        name: Value,
        source: Source,
        scope: Scope,
        given: Value,
        itself: Resource | None = None,
    ) -> None:
        self.world, self.name, self.source, self.scope, self.itself = world, name, source, scope, itself
        key = itself.key if itself else ""
        self.environment = Environment(self, consumer=key)
        self.outer: Environment | None = None
        self._given = given
        self.busy = 0
        """How many of its parameters are evaluated at this moment."""
        self._values: dict[str, Value] = {}
        self._variables = Node(dict(_mapping(source.template.get("variables"))), self.environment)
        self._resources: list[Resource] | None = None

    @property
    def budget(self) -> Budget:
        return self.world.budget

    @property
    def template(self) -> Mapping[str, Any]:
        return self.source.template

    @property
    def where(self) -> Environment:
        """Where its resources and outputs are evaluated: in outer scope in the parent."""
        return self.outer or self.environment

    # --- what expressions ask for -----------------------------------------------------------------------------------

    def parameter(self, name: str) -> Value:
        low = name.lower()
        if low not in self._values:
            self._values[low] = Unknown(f"parameter {name[:40]}{ITSELF}")
            self.busy += 1
            try:
                self._values[low] = self._parameter(name)
            finally:
                self.busy -= 1
        return self._values[low]

    def _parameter(self, name: str) -> Value:
        declared = member(self.template.get("parameters"), name)
        if not isinstance(declared, Mapping):
            return Unknown(f"parameter {name[:40]}, which is not declared")
        declared = self._typed(declared)
        value = self.world.stated(self, name)
        value = self._stated(name) if value is None else value
        if shallow(value) is None:
            value = opened(declared.get("defaultValue"), self.environment)
        kind = str(declared.get("type", "")).lower()
        if shallow(value) is None:
            nullable = declared.get("nullable") is True or "defaultValue" in declared
            return None if nullable else Unknown(f"parameter {name[:40]}", (name,))
        if kind in _SECURE and not isinstance(shallow(value), Unknown) and shallow(value) not in ("", {}):
            self.world.secrets.add(f"parameters.{name}")
            return Unknown(f"the secure parameter {name[:40]}", secret=True)
        return converted(value, kind)

    def _typed(self, declared: Mapping[str, Any]) -> Mapping[str, Any]:
        """A declaration together with those of the types that it refers to."""
        found = dict(declared)
        for _ in range(20):
            reference = found.pop("$ref", None)
            if not isinstance(reference, str):
                break
            name = reference.removeprefix("#/definitions/")
            found = {**_mapping(member(self.template.get("definitions"), name)), **found}
        return found

    def _stated(self, name: str) -> Value:
        given = shallow(self._given)
        if isinstance(given, Unknown):
            return given
        entry = member(self._given, name)
        value = member(entry, "value")
        if value is not MISSING:
            return value
        if isinstance(shallow(entry), Unknown):
            return shallow(entry)
        return None if member(entry, "reference") is MISSING else Unknown(f"parameter {name[:40]}", (name,))

    def variable(self, name: str) -> Value:
        found = self._variables.member(name)
        return Unknown(f"variable {name[:40]}, which is not declared") if found is MISSING else found

    def user_function(self, name: str) -> UserFunction | None:
        space, _, called = name.rpartition(".")
        for group in _list(self.template.get("functions")):
            if str(group.get("namespace", "")).lower() == space:
                found = member(group.get("members"), called)
                if isinstance(found, Mapping):
                    names = tuple(str(one.get("name")) for one in _list(found.get("parameters")))
                    return UserFunction(names, _mapping(found.get("output")).get("value"))
        return None

    def call(self, name: str, arguments: list[Value], consumer: str) -> Value:
        if name in IDS:
            return made_id(name, self.scope, arguments)
        if name in ("reference", "references"):
            return self.world.reference(self, name, [shallow(argument) for argument in arguments], consumer)
        if name == "deployment":
            link = {"templateLink": {"uri": self.source.path}} if self.source.whole else {}
            properties = {**link, "template": {"contentVersion": self.template.get("contentVersion")}, "parameters": {}}
            return {"name": self.name, "location": self.world.location, "properties": properties}
        if name.startswith("list") or name in ("providers", "getsecret"):
            return Unknown(f"{name}()")
        found = described(name, self.scope, self.world.location)
        return MISSING if found is None else found

    def instances(self, token: Token) -> int:
        return self.world.instances(token)

    # --- what it holds ----------------------------------------------------------------------------------------------

    @property
    def resources(self) -> list[Resource]:
        """Its resources, children behind their parents."""
        if self._resources is None:
            self._resources = []
            self._resources = [*self._made(self.template.get("resources"), None, self.where)]
        return self._resources

    def _made(self, raw: Any, parent: Resource | None, environment: Environment) -> Iterator[Resource]:
        named = raw.items() if isinstance(raw, Mapping) else (("", body) for body in _list(raw))
        for symbol, body in named:
            if not isinstance(body, Mapping):
                continue
            for number, inside in self._turns(body, environment):
                made = Resource(self, body, inside, parent, symbol, number)
                yield made
                yield from self._made(body.get("resources"), made, inside)

    def _turns(self, body: Mapping[str, Any], environment: Environment) -> Iterator[tuple[int | None, Environment]]:
        loop = body.get("copy")
        if not isinstance(loop, Mapping):
            yield None, environment
            return
        count = copies(loop.get("count"), environment)
        if isinstance(count, Unknown):
            self.world.leave_open(body, "copy", count)
            return
        for index in range(count):
            yield index, environment.inside(Loop(str(loop.get("name", "")), index))

    @property
    def outputs(self) -> Lazy:
        return _Outputs(self)


class _Outputs(Lazy):
    """The outputs of a deployment by their names."""

    __slots__ = ("_deployment",)

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def member(self, key: str) -> Value:
        raw = member(self._deployment.template.get("outputs"), key)
        if not isinstance(raw, Mapping):
            return MISSING
        loop = raw.get("copy")
        if isinstance(loop, Mapping):
            return {"type": "Array", "value": Copies(loop, self._deployment.where, of_resource=True)}
        return Node(dict(raw), self._deployment.where)

    def shallow(self) -> Value:
        return {name: self.member(name) for name in _mapping(self._deployment.template.get("outputs"))}


class Resource:
    """A resource of a template at one turn of its loops."""

    def __init__(
        self,
        deployment: Deployment,
        raw: Mapping[str, Any],
        environment: Environment,
        parent: Resource | None,
        symbol: str,
        number: int | None,
    ) -> None:
        self.deployment, self.raw, self.parent, self.symbol, self.number = deployment, raw, parent, symbol, number
        self.environment = environment
        self._identity: tuple[Value, Value] | None = None
        self._tried = False
        self._nested: Deployment | None = None

    @property
    def type(self) -> str:
        """Its type; that of a child with its parent's."""
        own = str(self.raw.get("type", "")).strip("/")
        parent = self.parent.type if self.parent else ""
        within = parent and "." not in own.partition("/")[0]
        return f"{parent}/{own}" if within else own

    @property
    def existing(self) -> bool:
        """Whether the template only refers to it."""
        return self.raw.get("existing") is True

    @cached_property
    def condition(self) -> bool | Unknown:
        """Whether it is deployed."""
        value = shallow(opened(self.raw.get("condition", True), self.environment))
        if isinstance(value, str) and value.lower() in ("true", "false"):
            value = value.lower() == "true"
        return value if isinstance(value, (bool, Unknown)) else Unknown("a condition that is no boolean")

    @property
    def name(self) -> Value:
        return self._named()[0]

    @property
    def shown(self) -> str:
        """The name for messages."""
        return self.name if isinstance(self.name, str) else "(a name that is not known)"

    @property
    def id(self) -> Value:
        return self._named()[1]

    @property
    def key(self) -> str:
        """The id as ids are compared; empty where it is not known."""
        return self.id.lower() if isinstance(self.id, str) else ""

    def _named(self) -> tuple[Value, Value]:
        if self._identity is None:
            itself = Unknown("a name that refers to itself")
            self._identity = (itself, itself)
            self._identity = self._named_anew()
        return self._identity

    def _named_anew(self) -> tuple[Value, Value]:
        own = shallow(opened(self.raw.get("name"), self.environment))
        if not isinstance(own, str):
            value = own if isinstance(own, Unknown) else Unknown("a name that is no string")
            return value, value
        try:
            if self.parent is None or "." in str(self.raw.get("type", "")).partition("/")[0]:
                return own, self._own_id(own)
            above = self.parent.name
            name = f"{above}/{own}" if isinstance(above, str) else above
            return name, self.parent.deployment.scope.id(self.type, [name]) if isinstance(name, str) else name
        except EvaluationError as error:
            return own, error.value

    def _own_id(self, name: str) -> Value:
        base = self.parent.id if self.parent else shallow(opened(self.raw.get("scope"), self.environment))
        if isinstance(base, Unknown):
            return base
        scope = self.scope()
        if not isinstance(base, str) or self.type.lower() == DEPLOYMENTS or base == "/":
            return scope.id(self.type, [name]) if isinstance(scope, Scope) else scope
        if not base.startswith("/"):
            kind, names = split(base)
            base = self.deployment.scope.id(kind, names)
        return made_id("extensionresourceid", self.deployment.scope, [base, self.type, name])

    def scope(self) -> Scope | Unknown:
        """Where it lands: a nested deployment may name another resource group or subscription."""
        own = self.deployment.scope
        group, subscription = (
            shallow(opened(self.raw.get(key), self.environment)) for key in ("resourceGroup", "subscriptionId")
        )
        for value in (group, subscription):
            if isinstance(value, Unknown):
                return value
        if isinstance(group, str) and group:
            return Scope(subscription if isinstance(subscription, str) else own.subscription, group)
        if isinstance(subscription, str) and subscription:
            return Scope(subscription)
        if self.type.lower() == DEPLOYMENTS and "location" in self.raw:
            return Scope(own.subscription)
        return own

    @cached_property
    def body(self) -> Node:
        """All that the template says of it, evaluated where it is read."""
        return Node(dict(self.raw), self.environment)

    @property
    def nested(self) -> Deployment | None:
        """The deployment that it is; None where its template is not there, or where its place is not known."""
        if not self._tried and self.type.lower() == DEPLOYMENTS:
            scope = self.scope()
            # Asked for while its place is evaluated: the next one that asks gets it.
            self._tried = not (isinstance(scope, Unknown) and scope.expression.endswith(ITSELF))
            self._nested = self._made_deployment(scope) if isinstance(scope, Scope) else None
        return self._nested

    def _made_deployment(self, scope: Scope) -> Deployment | None:
        properties = _mapping(self.raw.get("properties"))
        environment = replace(self.environment, consumer=self.key)
        source = self.deployment.world.template_of(self, properties, environment)
        if source is None:
            return None
        given = opened(properties.get("parameters", {}), environment)
        made = Deployment(self.deployment.world, self.name, source, scope, given, self)
        options = _mapping(properties.get("expressionEvaluationOptions"))
        if "template" in properties and str(options.get("scope", "outer")).lower() != "inner":
            made.outer = environment
        return made


def converted(value: Value, kind: str) -> Value:
    """A parameter's value in the type that is declared, where it says the same."""
    if kind in ("int", "bool", "array", "object") and isinstance(value, str):
        try:
            found = json.loads(value.lower() if kind == "bool" else value)
        except (ValueError, RecursionError):
            return value
        wanted = {"int": int, "bool": bool, "array": list, "object": dict}[kind]
        return found if isinstance(found, wanted) and (kind == "bool" or not isinstance(found, bool)) else value
    if kind == "string" and isinstance(value, (bool, int)):
        return str(value)
    return value


def split(path: str) -> tuple[str, list[str]]:
    """The type and the names of a path such as `Microsoft.Network/virtualNetworks/hub`."""
    provider, *rest = path.strip("/").split("/")
    return "/".join((provider, *rest[::2])), rest[1::2]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
