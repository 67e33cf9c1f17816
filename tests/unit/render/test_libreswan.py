"""What Libreswan reads: the same connections in its words, or the reason why it has none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from plans import planned

from netlab.errors import UsageError
from netlab.plan.model import Charon, Child, PeerSecret, Selector
from netlab.plan.timers import timers
from netlab.render import libreswan

MODERN = ("aes256-sha256-modp2048", "aes256gcm16-prfsha384-ecp384", "aes128-sha1-modp1024", "des-sha1-modp2048")


@pytest.fixture
def device() -> Charon:
    """The charon of a site, whose connection has a policy that Libreswan can speak."""
    found = next(each for each in planned("s2s-static", "kernel").charons if each.node == "site1-edge")
    (one,) = found.connections
    modern = replace(one, ike_proposals=MODERN, esp_proposals=("aes256gcm16", "aes256-sha1-modp1024"))
    return replace(found, connections=(modern,))


def conf(device: Charon, scale: float = 1) -> dict[str, str]:
    """The settings of the first connection."""
    return dict(settings(libreswan.ipsec_conf(device, timers(scale))))


def settings(text: str) -> Iterator[tuple[str, str]]:
    for line in text.partition("\nconn ")[2].partition("\nconn ")[0].splitlines():
        key, equals, value = line.strip().partition("=")
        if equals:
            yield key, value


def changed(device: Charon, **changes: object) -> Charon:
    (one,) = device.connections
    return replace(device, connections=(replace(one, **changes),))  # type: ignore[arg-type]


def test_algorithms_that_libreswan_lacks_are_left_out(device: Charon) -> None:
    found = conf(device)
    assert found["ike"] == "aes256-sha2_256;dh14,aes_gcm256-sha2_384;dh20"
    assert (found["esp"], found["pfs"]) == ("aes_gcm256", "no")


@pytest.mark.parametrize(
    ("esp", "words", "pfs"),
    [
        (("aes256-sha256-ecp256",), "aes256-sha2_256;dh19", "yes"),
        (("aes256-sha256-ecp256", "aes128-sha1"), "aes128-sha1", "no"),
        (("null-sha1", "3des-md5"), "null-sha1,3des-md5", "no"),
        (("aes192gcm16-modp2048", "aes192gcm16-modp768"), "aes_gcm192;dh14", "yes"),
    ],
)
def test_perfect_forward_secrecy_is_of_all_proposals(
    device: Charon, esp: tuple[str, ...], words: str, pfs: str
) -> None:
    found = conf(changed(device, esp_proposals=esp))
    assert (found["esp"], found["pfs"]) == (words, pfs)


@pytest.mark.parametrize(
    ("part", "proposals"),
    [
        ("ike_proposals", ("aes256-sha1-modp1024", "3des-sha1-modp1024")),  # R34: Azure's own without a policy
        ("ike_proposals", ("aes256-sha384-modp2048s256",)),
        ("esp_proposals", ("des-sha1", "aes256-sha1-modp768")),
    ],
)
def test_a_connection_without_any_algorithm_of_libreswan_is_refused(
    device: Charon, part: str, proposals: tuple[str, ...]
) -> None:
    with pytest.raises(UsageError, match=f"none of the {part[:3].upper()} algorithms of VNet1-Site1: {proposals[0]}"):
        libreswan.ipsec_conf(changed(device, **{part: proposals}), timers(1))


@pytest.mark.parametrize(
    ("changes", "auto", "tries"),
    [
        ({"initiator": True}, "start", "%forever"),
        ({"initiator": False}, "add", "1"),
        ({"initiator": True, "on_demand": True}, "ondemand", "1"),
    ],
)
def test_the_end_that_initiates_starts(device: Charon, changes: dict[str, bool], auto: str, tries: str) -> None:
    found = conf(changed(device, **changes))
    assert (found["auto"], found["keyingtries"]) == (auto, tries)


@pytest.mark.parametrize(("version", "words"), [(1, "no"), (2, "insist")])
def test_one_version_of_ike_and_azures_timers(device: Charon, version: int, words: str) -> None:
    found = conf(changed(device, version=version))
    assert found["ikev2"] == words
    times = ("ikelifetime", "salifetime", "dpddelay", "retransmit-timeout", "rekeymargin")
    assert [found[key] for key in times] == ["28800s", "27000s", "10s", "35s", "540s"]  # R33, R35, R38
    # IKEv2 waits for retransmissions instead.
    assert found.get("dpdtimeout") == ("45s" if version == 1 else None)


def test_a_labs_times_are_scaled(device: Charon) -> None:
    found = conf(device, 10)
    times = ("ikelifetime", "salifetime", "dpddelay", "retransmit-timeout", "rekeymargin")
    assert [found[key] for key in times] == ["2880s", "2700s", "1s", "3500ms", "135s"]


def test_without_dead_peer_detection_nothing_asks(device: Charon) -> None:
    assert not {key for key in conf(changed(device, dpd_timeout=0)) if key.startswith("dpd")}


def test_several_selectors_are_several_connections_on_one_interface(device: Charon) -> None:
    two = Child("VNet1-Site1-2", Selector(("10.9.0.0/16",)), Selector(("10.1.0.0/16", "10.2.0.0/16")))
    text = libreswan.ipsec_conf(changed(device, further=(two,), if_id=7), timers(1))
    assert [line for line in text.splitlines() if line.startswith("conn ")] == [
        "conn VNet1-Site1",
        "conn VNet1-Site1-2",
    ]
    assert text.count("ipsec-interface=7\n") == 2
    assert "  rightsubnets={10.1.0.0/16,10.2.0.0/16}\n" in text
    assert "  leftsubnet=10.9.0.0/16\n" in text


@pytest.mark.parametrize(("key", "written"), [("a b", '"a b"'), ("it's", '"it\'s"'), ('say "x"', "'say \"x\"'")])
def test_a_key_is_quoted(device: Charon, key: str, written: str) -> None:
    secret = PeerSecret("ipsec:VNet1-Site1:Site1", ("198.51.100.1", "203.0.113.1"))
    found = libreswan.ipsec_secrets(replace(device, secrets=(secret,)), {secret.name: key})
    assert found == f"198.51.100.1 203.0.113.1 : PSK {written}\n"


def test_only_keys_that_are_given_are_written(device: Charon) -> None:
    assert libreswan.ipsec_secrets(device, {"ipsec:another:Site1": "key"}) == ""


def test_a_key_with_both_quotation_marks_is_refused(device: Charon) -> None:
    (secret,) = device.secrets
    with pytest.raises(UsageError, match="both kinds of quotation marks"):
        libreswan.ipsec_secrets(device, {secret.name: "'\""})
