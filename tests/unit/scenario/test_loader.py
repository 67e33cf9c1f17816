"""A scenario file's way in: names, files, YAML, shape; whatever comes, a NetlabError with a line or a scenario."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.errors import ExitCode, NetlabError, ScenarioError, UsageError
from netlab.scenario.loader import MAX_BYTES, catalogue, load, parse

# Recorded: those of version 0.1.0.
PREVIOUS = Path(__file__).resolve().parents[2] / "shared/previous/scenarios"

# The house plan's section 8, word for word.
EXAMPLE = """\
# One VNet and a branch office with BGP.        seed 002, "One VNet and a branch office (BGP)"
#   win, lin ··P2S·· VNet1 ══S2S, BGP══ Site1
name: p2s-branch-bgp
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway:
      sku: VpnGw1AZ
      bgp: {asn: 65010}
      point_to_site: {address_pool: 192.168.0.0/24, tunnel_types: [IkeV2]}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101}, hosts: {host1: 10.101.0.10}}
connections:
  VNet1-Site1: {type: IPsec, between: [VNet1, Site1], enable_bgp: true}
clients:
  win: {os: windows, gateway: VNet1}
  lin: {os: linux, gateway: VNet1}
story:
  - name: as connected
    expect:
      routes:
        win: [10.1.0.0/16, 192.168.0.0/24]
        lin: [10.1.0.0/16, 10.101.0.0/16, 192.168.0.0/24]
      reach:
        win: {VNet1: reachable, Site1: {unreachable: the profile holds no BGP route, dropped_at: win}}
        lin: {VNet1: reachable, Site1: reachable}
  - name: after adding the branch's route by hand
    do: [{add_route: {client: win, prefix: 10.101.0.0/16}}]
    expect:
      reach: {win: {Site1: reachable}}
"""

BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"


def refused(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        parse(text, "x.yaml")
    assert caught.value.exit_code == ExitCode.USAGE
    assert all(item.where == "x.yaml" and item.line >= 1 for item in caught.value.findings)
    return [str(item) for item in caught.value.findings]


def edited(old: str, new: str) -> str:
    assert EXAMPLE.count(old) == 1, old
    return EXAMPLE.replace(old, new)


def test_the_example_of_the_house_plan_loads() -> None:
    loaded = parse(EXAMPLE, "x.yaml")
    assert loaded.warnings == ()
    assert loaded.text == EXAMPLE
    assert loaded.scenario.name == "p2s-branch-bgp"
    cell = loaded.scenario.story[0].expect.reach["win"]["Site1"]
    assert (cell.expected, cell.reason, cell.dropped_at) == ("unreachable", "the profile holds no BGP route", "win")


# Which show what Azure warns of.
WARNED = {
    "p2s-ikev2-then-sstp": ["P6"],
    "p2s-behind-site-nat": ["R69"],
    "p2s-sstp-through-proxy": ["P6", "P6", "P8", "P8"],
    "expressroute-limits": ["A37"],
    "expressroute-fastpath": ["U24"],
    "route-server-active-passive": ["A4"],
    "route-server-instance-lost": ["A4"],
    "udr-nva": ["R89", "R89"],
    "udr-own-vpn-server": ["R90", "R90", "R90", "R90", "A20"],
    "s2s-bgp-apipa": ["B37"],
    "s2s-static-overlaps": ["R73"],
    "private-endpoint-hub-spoke": ["E6", "E6", "E8", "E8", "E8"],
    "private-subnet-outbound": ["E25", "E25"],
    "load-balancer-outbound": ["E25"],
    "nsg-three-tier": ["N3"],
    "hub-spoke-azure-firewall": ["F19"],
    "s2s-local-network-gateway-mistakes": ["B7", "B7"],
}


@pytest.mark.parametrize("path", sorted(PREVIOUS.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_scenario_file_of_the_version_before_loads(path: Path) -> None:
    """It may be warned of: Azure retires what it had."""
    assert load(str(path)).scenario.name == path.stem


def test_there_are_such_files() -> None:
    assert len(list(PREVIOUS.glob("*.yaml"))) == 44


@pytest.mark.parametrize("name", catalogue())
def test_every_scenario_of_the_catalogue_loads_by_its_name_without_a_warning(name: str) -> None:
    loaded = load(name)
    assert (loaded.scenario.name, [found.rule for found in loaded.warnings]) == (name, WARNED.get(name, []))


SYNTAX = (
    ("", 1, "empty"),
    ("# only a comment\n", 1, "empty"),
    ("- a\n- b\n", 1, "a list"),
    ("just text", 1, "`just text`"),
    ("42", 1, "holds 42"),
    ("name: a\n\tvnets: {}\n", 2, "a tab character"),
    ("name: a\nname: b\n", 2, "twice, first in line 1"),
    ("name: a\nvnets: {V: {}, V: {}}\n", 2, "twice"),
    (BOMB, 1, "anchors"),
    ("name: x\nvnets: *a\n", 2, "aliases"),
    ("name: !!python/object:os.system x\n", 1, "tags"),
    ("name: x\n? [a]\n: b\n", 2, "a key is a word"),
    ("name: x\nnotes: " + "[" * 30 + "]" * 30, 2, "nested deeper"),
    ("name: " + "[" * 100_000, 1, "maximum nesting depth"),
    ("name: x\n---\nname: y\n", 2, "second document"),
    ("name: [x\nvnets: {}\n", 1, "the `[` is not closed"),
    ("name: x\n  y: z\n", 2, "line 2 is indented by 2, line 1 by 0; the key of line 1 has a value already"),
    ("name: x\nnotes: [\x00]\n", 2, "U+0000"),
    ("name: ü\nnotes: [ü\x07]\n", 2, "U+0007"),
    ("name: x\nnotes: [\ud800]\n", 2, "U+D800"),
    ('name: x\nnotes: "\\UFFFFFFFF"\n', 2, "invalid Unicode character"),
    ("%YAML 1.3\n---\nname: x\n", 1, "incompatible YAML document"),
)


@pytest.mark.parametrize(("text", "line", "message"), SYNTAX)
def test_text_that_is_no_scenario_file_is_refused_in_its_line(text: str, line: int, message: str) -> None:
    (found,) = refused(text)
    assert found.startswith(f"x.yaml:{line}: error: ")
    assert message in found


SHAPE = (
    (
        "name: p2s-branch-bgp",
        "nam: p2s-branch-bgp",
        "x.yaml:3: error: nam: unknown key; did you mean `name`?",
    ),
    ("sku: VpnGw1AZ", "sku: VpnGw9", "x.yaml:10: error: vnets.VNet1.vpn_gateway.sku: `VpnGw9` is not one of 'Basic'"),
    ("      sku:", "      skus:", "did you mean `sku`? allowed here: sku, vpn_type, active_active, bgp, point_to_site"),
    (
        "{default: 10.1.0.0/24,",
        "{default: 10.1.0.7/24,",
        "x.yaml:7: error: vnets.VNet1.subnets.default: `10.1.0.7/24`: has host bits set; did you mean 10.1.0.0/24?",
    ),
    (
        "address_space: [10.1.0.0/16]",
        "address_space: [10.1.0.0]",
        "vnets.VNet1.address_space[0]: `10.1.0.0`: not an IPv4 prefix; write it as 10.1.0.0/16",
    ),
    (
        "address_space: [10.1.0.0/16]",
        "address_space: 10.1.0.0/16",
        "vnets.VNet1.address_space: `10.1.0.0/16` is not a list; write [one, another]",
    ),
    ("address_space: [10.1.0.0/16]", "address_space: []", "needs at least 1 items and has 0"),
    ("    address_space: [10.1.0.0/16]\n", "", "x.yaml:5: error: vnets.VNet1: `address_space` is missing"),
    ("hosts: {host1: 10.101.0.10}", "hosts: {host1: 10.101}", "sites.Site1.hosts.host1: 10.101: not an IPv4 address"),
    ("between: [VNet1, Site1]", "between: [VNet1]", "connections.VNet1-Site1.between: needs at least 2 items"),
    ("between: [VNet1, Site1]", "between: [VNet1, Site1, S]", "connections.VNet1-Site1.between: has room for 2 items"),
    (
        "enable_bgp: true",
        "enable_bgp: perhaps",
        "connections.VNet1-Site1.enable_bgp: `perhaps`: input should be a valid boolean",
    ),
    ("{asn: 65010}", "{asn: 0}", "x.yaml:11: error: vnets.VNet1.vpn_gateway.bgp.asn: 0: input should be greater"),
    (
        "Site1: {unreachable: the profile holds no BGP route, dropped_at: win}",
        "Site1: maybe",
        "story[0].expect.reach.win.Site1: `maybe`: write reachable, {via: [node]}, unreachable or",
    ),
    (
        "[{add_route: {client: win, prefix: 10.101.0.0/16}}]",
        "[{}]",
        "story[1].do[0]: an action has exactly one of the keys add_route, ",
    ),
    (
        "[{add_route: {client: win, prefix: 10.101.0.0/16}}]",
        "[{add_route: }]",
        "story[1].do[0]: an action has exactly one of",
    ),
    ("{subnet: default}", "{subnet: 1}", "vnets.VNet1.vms.vm1.subnet: 1 is not text; text that looks like"),
    (
        "  lin: {os: linux, gateway: VNet1}",
        "  lin: linux",
        "lin: `linux` is not a mapping; write `lin: {os: …, gateway: …}`",
    ),
    ("[{add_route: {client: win, prefix: 10.101.0.0/16}}]", "[add_route]", "is not a mapping; write `{add_route: …}`"),
    ("[{add_route: {client: win, prefix: 10.101.0.0/16}}]", "[{connect: lin}]", "write `connect: {client: …}`"),
)


@pytest.mark.parametrize(("old", "new", "message"), SHAPE)
def test_a_wrong_value_is_named_with_its_line_and_what_would_be_right(old: str, new: str, message: str) -> None:
    assert any(message in found for found in refused(edited(old, new)))


HOSTILE = ("../x", "a;b", "a\nb", "$(id)", "a b", "-x", "1", "é", "", "a" * 300, "\x1b[31m", "a.b", "a/b")


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("place", ["name: p2s-branch-bgp", "  VNet1:", "  Site1:", "  VNet1-Site1:", "  lin:", "vm1:"])
def test_a_hostile_name_is_refused_and_not_repeated_raw(place: str, name: str) -> None:
    key = json.dumps(name)
    new = f"name: {key}" if place.startswith("name") else f"{place[: len(place) - len(place.lstrip())]}{key}:"
    text = EXAMPLE.replace(place, new, 1)
    found = refused(text)
    said = ("a name has", "a lab's name has", "longer than", "the character U+001B cannot be")
    assert any(words in item for item in found for words in said)
    assert all(item.isprintable() and len(item) < 400 for item in found)


def test_a_shared_key_is_in_no_message() -> None:
    for key in ("[hunter2]", "{hunter2: x}", "1234567", "hunter2 with space"):
        text = edited("enable_bgp: true", f"enable_bgp: true, shared_key: {key}")
        assert not any("hunter2" in found or "1234567" in found for found in refused(text))
    text = edited("enable_bgp: true", "enable_bgp: true, sharedkey: hunter2")
    (found,) = refused(text)
    assert "hunter2" not in found
    assert "did you mean `shared_key`?" in found


def test_all_errors_of_the_shape_are_reported_at_once_in_the_order_of_lines() -> None:
    text = EXAMPLE.replace("os: linux", "os: plan9").replace("sku: VpnGw1AZ", "sku: x").replace("subnet:", "sub:")
    found = refused(text)
    assert [item.split(":")[1] for item in found] == ["8", "10", "19"]


def test_an_unknown_name_is_met_with_the_nearest_one() -> None:
    name = next(iter(catalogue()))
    with pytest.raises(UsageError) as caught:
        load(f"{name}x")
    assert f"did you mean `{name}`?" in caught.value.message
    assert "netlab list" in caught.value.hint


REFERENCES = (
    "../x",
    "a;b",
    "a\nb",
    "x" * 300,
    "x" * 5000,
    "a\x00b",
    "",
    "/",
    "/dev",
    "nothing.yaml",
    "/nothing/x.yaml",
    "\ud800",
)


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_hostile_reference_is_refused_in_one_short_line(reference: str) -> None:
    with pytest.raises(NetlabError) as caught:
        load(reference)
    assert caught.value.exit_code == ExitCode.USAGE
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 400


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a directory"):
        load(str(tmp_path))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", ":1: error: the file is empty"),
        (b"name: x\n\xff\xfe", ":2: error: byte 0xff is not UTF-8 text"),
        (bytes(range(256)), ":2: error: byte 0x80 is not UTF-8 text"),
        (b"#" * (MAX_BYTES + 1), ":1: error: larger than 1048576 bytes"),
    ],
)
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(data)
    with pytest.raises(ScenarioError) as caught:
        load(str(path))
    assert message in str(caught.value.findings[0])


def test_a_file_is_loaded_by_its_path_and_by_a_bare_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.yaml").write_text("\ufeff" + EXAMPLE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load("mine.yaml").scenario == parse(EXAMPLE, "").scenario
    assert load("./mine.yaml").where == "mine.yaml"


def test_a_number_that_no_computer_likes_is_refused() -> None:
    refused(edited("{asn: 65010}", "{asn: " + "9" * 5000 + "}"))
    refused(EXAMPLE + "time_scale: .nan\n")
    refused(EXAMPLE + "time_scale: 1e999\n")


def loads_or_is_refused(text: str) -> None:
    with suppress(ScenarioError):
        parse(text, "x.yaml")


YAMLISH = st.text(st.sampled_from("ab: -[]{}\"'|>&*!%#,?\\\n\t0.~/xuU\ufeff\x85"), max_size=40)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | YAMLISH)
def test_any_text_loads_or_is_refused(text: str) -> None:
    loads_or_is_refused(text)


LINES = EXAMPLE.splitlines(keepends=True)
WORDS = st.sampled_from(
    (
        "VNet1",
        "Site1",
        "win",
        "10.1.0.0/16",
        "0.0.0.0/0",
        "255.255.255.255/32",
        "null",
        "[]",
        "{}",
        "-1",
        "65515",
        "GatewaySubnet",
    )
)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_mutated_example_loads_or_is_refused(data: st.DataObject) -> None:
    text = EXAMPLE
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = start + data.draw(st.integers(0, 12))
        text = text[:start] + data.draw(YAMLISH | WORDS | st.sampled_from(LINES)) + text[end:]
    loads_or_is_refused(text)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_an_example_with_other_words_loads_or_is_refused(data: st.DataObject) -> None:
    text = EXAMPLE
    for _ in range(data.draw(st.integers(1, 4))):
        text = text.replace(data.draw(WORDS), data.draw(WORDS), data.draw(st.integers(1, 3)))
    loads_or_is_refused(text)


def test_a_broken_shape_hides_no_broken_rule() -> None:
    text = edited("asn: 65101", "asn: 64500").replace("sku: VpnGw1AZ", "skus: x").replace("{os: linux", "{os: plan9")
    found = refused(text)
    assert [item.split(": ")[2] for item in found] == [
        "vnets.VNet1.vpn_gateway.skus",
        "sites.Site1.bgp.asn",
        "clients.lin.os",
    ]
