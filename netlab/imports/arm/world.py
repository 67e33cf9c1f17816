"""All templates of an import: their resources by id, and what refers to what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from netlab.errors import Finding
from netlab.imports.arm.budget import Budget
from netlab.imports.arm.deployments import DEPLOYMENTS, Deployment, Resource, Source, split
from netlab.imports.arm.interpreter import Environment, Node, opened
from netlab.imports.arm.layers import layered
from netlab.imports.arm.scopes import SUBSCRIPTION, Scope
from netlab.imports.arm.values import MISSING, EvaluationError, Value, member, shallow
from netlab.imports.arm.views import Subject, View
from netlab.imports.runtime import Token, Unknown

DEEPEST_DEPLOYMENT = 20


@dataclass(frozen=True, slots=True)
class Context:
    """What templates are evaluated with.

    ``parameters`` count before those of files. ``linked`` finds the template of a URI that the template of a path
    links; ``answers`` are runtime values by `NAME.PATH`; ``known`` are the bodies of other descriptions by id in small
    letters.
    """

    location: str = "westeurope"
    resource_group: str = "rg"
    subscription: str = SUBSCRIPTION
    parameters: Mapping[str, Any] = field(default_factory=dict)
    linked: Callable[[str, str], Source | None] = lambda uri, path: None
    answers: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Open:
    """Resources of a type whose number nothing decides: a condition, a loop's count or a link is unknown."""

    type: str
    what: str
    value: Unknown
    types: frozenset[str] = frozenset()
    """The types of the resources, in small letters: of a deployment, those of its template where that is there."""


class World:
    """The deployments of an import."""

    def __init__(self, sources: tuple[Source, ...], context: Context) -> None:
        self.context, self.budget = context, Budget()
        self.errors: list[Finding] = []
        self.open: list[Open] = []
        self.linked: dict[str, Source] = {}
        self.secrets: set[str] = set()
        self.uses: dict[str, dict[str, None]] = {}
        self._circle = False
        self._stated = {name.lower(): value for name, value in context.parameters.items()}
        self._answers = {_bare(path): value for path, value in context.answers.items()}
        self.roots = [Deployment(self, _stem(one.path), one, self._scope(one), dict(one.parameters)) for one in sources]
        self._found: dict[str, list[Resource]] = {}
        self._indexed: set[tuple[int, str]] = set()

    def _scope(self, source: Source) -> Scope:
        schema = str(source.template.get("$schema", "")).lower()
        if "subscriptiondeploymenttemplate" in schema:
            return Scope(self.context.subscription)
        above = "managementgroupdeploymenttemplate" in schema or "tenantdeploymenttemplate" in schema
        return Scope() if above else Scope(self.context.subscription, self.context.resource_group)

    @property
    def location(self) -> str:
        return self.context.location

    def stated(self, deployment: Deployment, name: str) -> Value:
        """The value that the command line gives a parameter of a template; None where it gives none."""
        return None if deployment.itself else self._stated.get(name.lower())

    def leave_open(self, body: Mapping[str, Any], what: str, value: Unknown) -> None:
        self.open.append(Open(str(body.get("type", "")), what, value, frozenset(_types(body))))

    # --- resources by id --------------------------------------------------------------------------------------------

    def deployments(self, idle: bool = False) -> Iterator[Deployment]:
        """Every deployment that takes place, parents before their nested ones.

        ``idle`` ones are those whose parameters are not evaluated now: no parameter depends on what its own deployment
        makes.
        """
        left = [*self.roots]
        while left:
            deployment = left.pop(0)
            yield deployment
            inner = [one for one in deployment.resources if one.type.lower() == DEPLOYMENTS]
            made = [one.nested for one in inner if one.condition is True and one.nested]
            left = [one for one in made if not (idle and one.busy)] + left

    def find(self, key: str) -> Resource | None:
        """The resource of an id in small letters, of any deployment."""
        type_ = _type_of(key)
        for deployment in self.deployments(idle=True):
            if key in self._found:
                break
            self._index(deployment, type_)
        found = self._found.get(key, [])
        return next((one for one in reversed(found) if one.condition is True), found[-1] if found else None)

    def _index(self, deployment: Deployment, type_: str) -> None:
        """Note the resources of a type by their ids: names of other types may depend on what is looked for."""
        if (id(deployment), type_) in self._indexed:
            return
        self._indexed.add((id(deployment), type_))
        for one in deployment.resources:
            if not one.existing and one.type.lower() == type_ and one.key:
                self._found.setdefault(one.key, []).append(one)

    # --- reference() ------------------------------------------------------------------------------------------------

    def reference(self, deployment: Deployment, name: str, arguments: list[Value], consumer: str) -> Value:
        """The value of `reference()` or `references()`."""
        if not arguments or not isinstance(arguments[0], str):
            found = arguments[0] if arguments else None
            return found if isinstance(found, Unknown) else Unknown(f"{name}() of something that is no name")
        asked = arguments[0]
        full = len(arguments) > 2 and str(arguments[2]).lower() == "full"
        if name == "references":
            loop = [one for one in deployment.resources if one.symbol.lower() == asked.lower()]
            return [self._viewed(one, one.key, full, consumer) for one in loop]
        found = self._asked(deployment, asked)
        if found is None or found.existing:
            key = found.key if found else self._key(deployment, asked)
            return self._viewed(self.find(key), key, full, consumer)
        return self._viewed(found, found.key, full, consumer)

    def _asked(self, deployment: Deployment, asked: str) -> Resource | None:
        """The resource of a symbolic name, of a name, or of an id."""
        low = asked.lower()
        for one in deployment.resources:
            turn = "" if one.number is None else f"[{one.number}]"
            if one.symbol and f"{one.symbol}{turn}".lower() == low:
                return one
        if "/" not in asked:
            named = [one for one in deployment.resources if isinstance(one.name, str) and one.name.lower() == low]
            return next((one for one in named if one.condition is True), named[0] if named else None)
        return self.find(self._key(deployment, asked))

    def _key(self, deployment: Deployment, asked: str) -> str:
        if asked.startswith("/") or "/" not in asked:
            return asked.lower()
        try:
            return deployment.scope.id(*split(asked)).lower()
        except EvaluationError:
            return asked.lower()

    def _viewed(self, found: Resource | None, key: str, full: bool, consumer: str) -> Value:
        name = key.rpartition("/")[2]
        if found is None:
            bodies = [*self._elsewhere(key)]
            id_, type_ = (member(bodies[0], part) if bodies else MISSING for part in ("id", "type"))
            known = Subject(_text(id_) or key, name, _text(type_), _childless, self._answer)
            return View(known, _full(layered(bodies), full))
        if found.condition is not True:
            return Unknown(f"reference({name}), which its condition turns off")
        if found.type.lower() == DEPLOYMENTS:
            return self._deployed(found, full, consumer)
        others = [*self._elsewhere(key, found)] if "/" in key.partition("/providers/")[2] else []
        return View(self.subject(found), _full(layered([found.body, *others]), full))

    def _elsewhere(self, key: str, besides: Resource | None = None) -> Iterator[Value]:
        """What else describes the resource of an id: other deployments, other descriptions, a part of its parent."""
        yield from (one.body for one in self._found.get(key, ()) if one is not besides and one.condition is True)
        if key in self.context.known:
            yield self.context.known[key]
        above, _, name = key.rpartition("/")
        parent, _, part = above.rpartition("/")
        if "/providers/" not in parent or parent.endswith("/providers"):
            return
        holder = self.find(parent)
        body = holder.body if holder is not None and holder.condition is True else self.context.known.get(parent)
        for place in (member(body, "properties"), body):
            listed = shallow(member(place, part))
            parts = listed if isinstance(listed, list) else []
            yield from (one for one in parts if _text(shallow(member(one, "name"))).lower() == name)

    def _deployed(self, found: Resource, full: bool, consumer: str) -> Value:
        if consumer and found.key:
            self.uses.setdefault(consumer, {})[found.key] = None
        if found.nested is None:
            return Unknown(f"reference({found.shown}), whose template is not there")
        properties = {"provisioningState": "Succeeded", "outputs": found.nested.outputs}
        return {"id": found.id, "name": found.name, "properties": properties} if full else properties

    def subject(self, found: Resource) -> Subject:
        """A resource as `reference()` sees it."""

        def children(part: str) -> list[dict[str, Value]]:
            kind = f"{found.type}/{part}".lower()
            inside = [one for one in found.deployment.resources if one.type.lower() == kind and not one.existing]
            return [
                {"id": one.id, "name": str(one.name).rpartition("/")[2], "properties": one.body.member("properties")}
                for one in inside
                if one.key.startswith(f"{found.key}/") and one.condition is True
            ]

        return Subject(str(found.id), str(found.name), found.type, children, self._answer)

    def _answer(self, path: str) -> Value:
        return self._answers.get(_bare(path))

    def instances(self, token: Token) -> int:
        """How many addresses a gateway's BGP address stands for."""
        found = self.find(token.id)
        if token.kind != "bgp address" or found is None:
            return 1
        properties = member(found.body, "properties")
        configurations = shallow(member(properties, "ipConfigurations"))
        both = shallow(member(properties, "activeActive")) in (True, "true", "True")
        return len(configurations) if both and isinstance(configurations, list) else 1

    # --- nested templates -------------------------------------------------------------------------------------------

    def template_of(self, resource: Resource, properties: Mapping[str, Any], environment: Environment) -> Source | None:
        """The template of a nested deployment; None, and an error, where it is not there."""
        chain = [*_chain(resource)]
        if self._circle:  # Every deployment of a circle may make several: its first end is told, and is the last.
            return None
        if len(chain) > DEEPEST_DEPLOYMENT:
            self._circle = True
            self.error("E14", resource, f"deployments refer to each other in a circle: {' -> '.join(chain[-3:])}")
            return None
        own = resource.deployment.source
        template = properties.get("template")
        if template is not None:
            found = template if isinstance(template, Mapping) else shallow(opened(template, environment))
            inner = replace(own, template=found, parameters={}, whole=False) if isinstance(found, Mapping) else None
            return inner
        link = Node(dict(properties), environment).member("templateLink")
        uri = next((value for value in (shallow(member(link, key)) for key in ("uri", "relativePath")) if value), None)
        if isinstance(uri, Unknown):
            self.leave_open(resource.raw, "templateLink", uri)
            return None
        linked = self.context.linked(uri, own.path) if isinstance(uri, str) else None
        if linked is None:
            self.error("E13", resource, f"linked template {_shown(uri)} is never fetched and not below --linked DIR")
            return None
        self.linked[linked.path] = linked
        return linked

    def error(self, code: str, resource: Resource, message: str) -> None:
        self.errors.append(Finding(message, code, resource.deployment.source.path))


def _type_of(key: str) -> str:
    """The type of the resource of an id."""
    provider, *rest = key.rpartition("/providers/")[2].split("/")
    inside = "/providers/" in key
    return "/".join((provider, *rest[::2])) if inside else "microsoft.resources/resourcegroups"


def _types(body: Mapping[str, Any]) -> Iterator[str]:
    """The types of a resource and of all that its template deploys."""
    left: list[Any] = [body]
    while left:
        item = left.pop()
        if not isinstance(item, Mapping):
            left += item if isinstance(item, list) else []
            continue
        properties = item.get("properties")
        inner = properties.get("template") if isinstance(properties, Mapping) else None
        yield str(item.get("type", "")).lower()
        for resources in (item.get("resources"), inner.get("resources") if isinstance(inner, Mapping) else None):
            left += resources.values() if isinstance(resources, Mapping) else resources or ()


def _chain(resource: Resource) -> list[str]:
    """The names of a nested deployment and of those that it stands in, from the outside."""
    names = [resource.shown]
    at = resource.deployment.itself
    while at is not None:
        names.append(at.shown)
        at = at.deployment.itself
    return names[::-1]


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _childless(part: str) -> list[dict[str, Value]]:
    return []


def _full(body: Value, full: bool) -> Value:
    """What `reference()` gives of a body: its properties, or all of it."""
    if full:
        return body
    properties = member(body, "properties")
    return body if properties is MISSING else properties


def _bare(path: str) -> str:
    return path.lower().replace(".properties", "")


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0] or "main"


def _shown(uri: Value) -> str:
    """A URI without what signs it."""
    return uri.partition("?")[0] if isinstance(uri, str) else "without a URI"
