"""The JSON Schema of everything that netlab prints as JSON, made from the types of the results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from netlab.errors import Finding, UsageError
from netlab.plan.model import Plan
from netlab.results.campaign import Campaign
from netlab.results.catalogue import ListedRule, ListedScenario, Need, Written
from netlab.results.devices import DeviceFile
from netlab.results.difference import Difference, RedundancyDifference
from netlab.results.importing import ImportReport
from netlab.results.lab import (
    Followed,
    Incident,
    LabNode,
    ListedCertificate,
    MeasuredLink,
    NodeRoute,
    Overview,
    PlanChange,
    Removed,
)
from netlab.results.prediction import Explanation, Prediction
from netlab.results.recorded import Comparison
from netlab.results.shown import (
    CircuitRoute,
    ClientSession,
    ConnectionStatus,
    EffectiveGroup,
    FirewallRuleRow,
    GatewayNatRule,
    GatewayRoute,
    IkeSa,
    Listing,
    MemberHealth,
    NicRoute,
    PeerStatus,
)
from netlab.results.sweep import Sweep
from netlab.results.verification import Report
from netlab.scenario import loader
from netlab.scenario.names import suggest

SCENARIO = "scenario"

# By verb; that of a group after the group's name.
TYPES: Mapping[str, Any] = {
    "check": list[Finding],
    "rules": list[ListedRule] | ListedRule,
    "list": list[ListedScenario],
    "doctor": list[Need],
    "predict": Prediction,
    "expect": Written,
    "explain": Explanation,
    "diff": Difference | RedundancyDifference,
    "compare": Comparison,
    "plan": Plan,
    "continue": Report,
    "verify": Report,
    "test": list[Report],
    "sweep": Sweep,
    "campaign": Campaign,
    "trace": Followed,
    "impair": list[MeasuredLink],
    "status": list[Overview],
    "nodes": list[LabNode],
    "routes": list[NodeRoute],
    "show-learned-routes": Listing[GatewayRoute] | dict[str, list[GatewayRoute]],
    "show-advertised-routes": Listing[GatewayRoute] | dict[str, list[GatewayRoute]],
    "show-bgp-peers": Listing[PeerStatus],
    "show-circuit-routes": Listing[CircuitRoute],
    "show-connections": list[ConnectionStatus],
    "show-ike-sas": list[IkeSa],
    "show-p2s-sessions": Listing[ClientSession],
    "show-effective-routes": Listing[NicRoute] | dict[str, Listing[NicRoute]],
    "show-effective-nsg": Listing[EffectiveGroup] | dict[str, Listing[EffectiveGroup]],
    "show-nat-rules": list[GatewayNatRule],
    "show-firewall-rules": list[FirewallRuleRow],
    "show-member-health": list[MemberHealth],
    "p2s-certificates": list[ListedCertificate],
    "fault": Incident,
    "reset": Incident,
    "gc": list[Removed],
    "import": ImportReport,
    "apply": list[PlanChange],
    "device-config": list[DeviceFile],
}


def names() -> tuple[str, ...]:
    """What there is a schema of: a scenario file, and what each verb prints."""
    return (SCENARIO, *TYPES)


def schemas() -> dict[str, dict[str, Any]]:
    """All schemas, by name."""
    return {name: schema(name) for name in names()}


def schema(name: str) -> dict[str, Any]:
    """The schema of a scenario file, or of what a verb prints."""
    if name == SCENARIO:
        return loader.schema()
    if name not in TYPES:
        raise UsageError(
            f"there is no schema {name[:60]!r}", f"{suggest(name, names())}; there are {', '.join(names())}"
        )
    generator = _Sparse if name.startswith("show-") else _Generator
    found = TypeAdapter(TYPES[name]).json_schema(mode="serialization", schema_generator=generator)
    if name == "plan":
        _add_rendered(found)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"netlab {name}", **found}


class _Generator(GenerateJsonSchema):
    """Without titles that only repeat a name; every key is there, whether or not it has its default value."""

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        total: bool,
    ) -> bool:
        return True

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


class _Sparse(_Generator):
    """A key without a value may be left out, as `az` does it."""

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        total: bool,
    ) -> bool:
        inner = field["schema"]
        return not (inner["type"] == "default" and inner.get("default", "") is None)


def _add_rendered(plan: dict[str, Any]) -> None:
    """What `plan` prints beside the plan: the files and messages, and a node's nftables as their text."""
    texts = {"type": "object", "additionalProperties": {"type": "string"}}
    messages = {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": {"type": "array"}}}
    plan["properties"] |= {
        "files": {**texts, "description": "Every configuration file, by its path."},
        "vici": {**messages, "description": "The messages to each charon, by the name of its directory and by verb."},
    }
    plan["required"] += ["files", "vici"]
    plan["$defs"]["Node"]["properties"]["nftables"] = {"type": "string"}
