"""ARM templates of our own, evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netlab.imports.arm.evaluate import Context, Evaluation, Source, evaluate

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
NETWORK = "Microsoft.Network"
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg"
STRING = {"type": "string"}


def template(resources: Any, **sections: Any) -> dict[str, Any]:
    """A template with these resources."""
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", **sections, "resources": resources}


def resource(kind: str, name: str, properties: Any = None, **more: Any) -> dict[str, Any]:
    """A resource of Microsoft.Network."""
    return {
        "type": f"{NETWORK}/{kind}",
        "apiVersion": "2024-05-01",
        "name": name,
        **more,
        "properties": properties or {},
    }


def nested(name: str, inner: Mapping[str, Any], parameters: Any = None, *, scope: str = "inner", **more: Any) -> Any:
    """A nested deployment."""
    options = {"expressionEvaluationOptions": {"scope": scope}}
    properties = {"mode": "Incremental", **options, "template": inner, "parameters": parameters or {}}
    return {"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": name, **more,
            "properties": properties}  # fmt: skip


def evaluated(*templates: Mapping[str, Any], files: Mapping[str, Any] | None = None, **context: Any) -> Evaluation:
    """What templates deploy; ``files`` are the parameters of a file."""
    sources = [Source(f"t{number or ''}.json", one, files or {}) for number, one in enumerate(templates)]
    return evaluate(sources, Context(**context))


def by_name(evaluation: Evaluation) -> dict[str, Mapping[str, Any]]:
    """The bodies by their names."""
    return {str(one.body["name"]): one.body for one in evaluation.bodies}


def names(evaluation: Evaluation) -> list[str]:
    """The names of its resources, in order."""
    return [str(one.body["name"]) for one in evaluation.bodies]


def value_of(expression: Any, **sections: Any) -> Any:
    """What an expression becomes as the property of a resource."""
    made = evaluated(template([resource("routeTables", "t", {"value": expression})], **sections))
    assert not made.errors
    return by_name(made)["t"]["properties"]["value"]
