"""The text of a scenario file: order, short forms, comments; it reads back as what was written."""

from __future__ import annotations

import pytest

from netlab.imports.draft import Draft
from netlab.imports.writing import written
from netlab.scenario.document import read


def drafted(data: dict[str, object], comments: dict[tuple[str, ...], str] | None = None) -> str:
    return written(Draft("net", "", data, comments or {}), ["imported"])


def test_keys_have_the_order_of_the_format_and_comments_stand_in_a_column() -> None:
    made = drafted(
        {
            "connections": {"c": {"enable_bgp": True, "between": ["v", "s"], "type": "IPsec"}},
            "vnets": {
                "v": {"vms": {"m": {"subnet": "d"}}, "subnets": {"d": "10.0.0.0/24"}, "address_space": ["10.0.0.0/16"]}
            },
        },
        {("vnets", "v", "vms", "m"): "invented"},
    )
    assert made == (
        "# imported\n"
        "name: net\n"
        "description: Imported from a description of an Azure deployment.\n"
        "vnets:\n"
        "  v:\n"
        "    address_space: [10.0.0.0/16]\n"
        "    subnets:\n"
        "      d: 10.0.0.0/24\n"
        "    vms:\n"
        "      m: {subnet: d}                          # invented\n"
        "connections:\n"
        "  c: {type: IPsec, between: [v, s], enable_bgp: true}\n"
    )


@pytest.mark.parametrize(
    "value", ["true", "null", "~", "12", "1e3", "0x1f", "a: b", "a #b", "it's", '"', "é", "- a", "*", "", "West US"]
)
def test_texts_read_back_as_texts(value: str) -> None:
    made = drafted({"vnets": {"v": {"region": value}}})
    assert read(made, "f").data["vnets"]["v"]["region"] == value


@pytest.mark.parametrize("value", [True, False, 65010, {}, [], ["*", 80]])
def test_other_values_read_back(value: object) -> None:
    assert read(drafted({"vnets": {"v": {"region": value}}}), "f").data["vnets"]["v"]["region"] == value


def test_a_long_object_has_a_line_for_each_key() -> None:
    values = {f"key{number}": "x" * 20 for number in range(6)}
    made = drafted({"connections": {"c": values}})
    assert "    key0: xxxxxxxxxxxxxxxxxxxx\n" in made
