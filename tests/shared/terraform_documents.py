"""States and plans of our own, as `terraform show -json` prints them, and what an import makes of them."""

from __future__ import annotations

import json
from typing import Any

from imported import imported

from netlab.api.importing import Outcome

RG = "/subscriptions/s/resourceGroups/net/providers/Microsoft.Network"
AZURERM = "registry.terraform.io/hashicorp/azurerm"


def item(address: str, **values: Any) -> dict[str, Any]:
    """A resource of a shown state."""
    type_, name = address.split("[")[0].split(".")[-2:]
    mode = "data" if address.startswith("data.") else "managed"
    return {"address": address, "mode": mode, "type": type_, "name": name, "provider_name": AZURERM, "values": values}


def state(*resources: Any, modules: Any = ()) -> dict[str, Any]:
    root = {"resources": list(resources), "child_modules": list(modules)}
    return {"format_version": "1.0", "terraform_version": "1.9", "values": {"root_module": root}}


def run(document: Any, **options: Any) -> Outcome:
    return imported("-", stdin=json.dumps(document).encode(), **options)


def change(address: str, after: Any, unknown: Any = None, actions: Any = ("create",)) -> dict[str, Any]:
    each = item(address)
    return {**each, "change": {"actions": list(actions), "after": after, "after_unknown": unknown or {}}}


def plan(*changes: Any, expressions: Any = None, **more: Any) -> dict[str, Any]:
    configured = [{"address": address, "expressions": value} for address, value in (expressions or {}).items()]
    return {
        "format_version": "1.2", "terraform_version": "1.9", "planned_values": {"root_module": {}},
        "resource_changes": list(changes), "configuration": {"root_module": {"resources": configured, **more}},
    }  # fmt: skip
