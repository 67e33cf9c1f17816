"""From charon's log to Wireshark's tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netlab.machine.keylog import LOG, parse
from netlab.plan.planner import plan
from netlab.render.text import strongswan_conf
from netlab.render.wireshark import EspKeys, IkeKeys, Keys, configuration, unknown
from netlab.scenario.loader import load

# --- charon's log ---------------------------------------------------------------------------------------------------
# As charon 5.9.8 writes it, keys and dumps shortened; the ASCII column of a dump may look like hex.


def dump(data: str) -> str:
    return f"   0: {bytes.fromhex(data).hex(' ').upper()}  AB CD.."


def log(*lines: str, thread: str = "12", sa: str = "<VNet1-Site1|1> ") -> list[str]:
    return [f"{thread}[IKE] {sa}{line}" for line in lines]


IKE_SECRETS = (
    "shared Diffie Hellman secret => 4 bytes @ 0x7f77",
    dump("00112233"),
    "Sk_d secret => 4 bytes @ 0x7f77",
    dump("d0d0d0d0"),
    "Sk_ai secret => 20 bytes @ 0x7f77",
    dump("a1" * 16),
    "  16: A1 A1 A1 A1                                      ....",
    "Sk_ar secret => 4 bytes @ 0x7f77",
    dump("a2a2a2a2"),
    "Sk_ei secret => 4 bytes @ 0x7f77",
    dump("e1e1e1e1"),
    "Sk_er secret => 4 bytes @ 0x7f77",
    dump("e2e2e2e2"),
    "Sk_pi secret => 4 bytes @ 0x7f77",
    dump("f1f1f1f1"),
)
IKE = IkeKeys(
    "68528f893d94aaa8",
    "87314aee112fbfb4",
    *("e1e1e1e1", "e2e2e2e2", "a1" * 20, "a2a2a2a2"),
    encryption="AES_CBC_256",
    integrity="HMAC_SHA1_96",
)
CHECKOUT = "checkout IKEv2 SA by message with SPIs 6d410331609f1248_i d24faacc27c5fffc_r"
NEW_SA = "checkin IKEv2 SA VNet1-Site1[2] with SPIs 68528f893d94aaa8_i 87314aee112fbfb4_r"
OLD_SA = "checkin IKEv2 SA VNet1-Site1[1] with SPIs 6d410331609f1248_i d24faacc27c5fffc_r"
PROPOSAL = "selected proposal: IKE:AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024"


def test_the_keys_of_a_rekeyed_ike_sa_are_those_of_the_new_one() -> None:
    found = parse("\n".join(log(CHECKOUT, PROPOSAL, *IKE_SECRETS, NEW_SA, OLD_SA)))
    assert found == Keys(ike=(IKE,))


def test_a_responder_learns_the_proposal_in_one_thread_and_makes_the_keys_in_another() -> None:
    first = log(CHECKOUT, PROPOSAL, thread="09", sa="<4> ")
    other = log(CHECKOUT, "selected proposal: IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/MODP_2048", thread="11", sa="<5> ")
    second = log(CHECKOUT, *IKE_SECRETS, NEW_SA, thread="10", sa="<4> ")
    assert parse("\n".join([*first, *other, *second])) == Keys(ike=(IKE,))


def test_aes_gcm_has_no_integrity_algorithm() -> None:
    proposal = "selected proposal: IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/MODP_2048_256"
    secrets = [line for line in IKE_SECRETS if "Sk_a" not in line and not line.startswith(("   0: A", "  16: A"))]
    (found,) = parse("\n".join(log(CHECKOUT, proposal, *secrets, NEW_SA))).ike
    assert (found.encryption, found.integrity, found.sk_ai, found.sk_ar) == ("AES_GCM_16_256", "", "", "")


def test_keys_without_an_sa_are_not_told() -> None:
    """The handshake failed, or its end is not written yet."""
    assert parse("\n".join(log(CHECKOUT, PROPOSAL, *IKE_SECRETS))) == Keys()
    again = log(CHECKOUT, PROPOSAL, *IKE_SECRETS, CHECKOUT, NEW_SA)
    assert parse("\n".join(again)) == Keys()


CHILD = (
    "  using AES_GCM_16 for encryption",
    "encryption initiator key => 4 bytes @ 0x7f77",
    dump("11111111"),
    "encryption responder key => 4 bytes @ 0x7f77",
    dump("22222222"),
    "adding inbound ESP SA",
    "  SPI 0x2fd37c35, src 198.51.100.1 dst 203.0.113.1",
    "registering outbound ESP SA",
    "  SPI 0xc5524545, src 203.0.113.1 dst 198.51.100.1",
    "adding outbound ESP SA",
    "  SPI 0xc5524545, src 203.0.113.1 dst 198.51.100.1",
)


@pytest.mark.parametrize(
    ("message", "inbound", "outbound"),
    [
        ("parsed CREATE_CHILD_SA response 2 [ SA No TSi TSr ]", "22222222", "11111111"),
        ("parsed IKE_AUTH response 1 [ IDr AUTH SA TSi TSr ]", "22222222", "11111111"),
        ("parsed CREATE_CHILD_SA request 36 [ N(REKEY_SA) SA No TSi TSr ]", "11111111", "22222222"),
    ],
)
def test_who_asked_for_a_child_sa_sends_with_the_initiators_key(message: str, inbound: str, outbound: str) -> None:
    found = parse("\n".join(log(CHECKOUT, message, *CHILD))).esp
    keys = {item.spi: item.encryption_key for item in found}
    assert keys == {"2fd37c35": inbound, "c5524545": outbound}
    assert {(item.encryption, item.integrity, item.integrity_key) for item in found} == {("AES_GCM_16", "", "")}


def test_two_threads_at_work_at_once() -> None:
    one = log(CHECKOUT, "parsed IKE_AUTH response 1 [ SA ]", *CHILD, thread="01", sa="<a|1> ")
    text = (line.replace("11111111", "33333333").replace("2fd37c35", "0000002f") for line in CHILD)
    two = log(CHECKOUT, "parsed IKE_AUTH request 1 [ SA ]", *text, thread="02", sa="<b|2> ")
    mixed = [line for pair in zip(one, two, strict=True) for line in pair]
    assert set(parse("\n".join(mixed)).esp) == {*parse("\n".join(one)).esp, *parse("\n".join(two)).esp}


def test_aes_cbc_has_integrity_keys_too() -> None:
    child = (
        "  using AES_CBC for encryption",
        "  using HMAC_SHA2_256_128 for integrity",
        *CHILD[1:3],
        "integrity initiator key => 4 bytes @ 0x7f77",
        dump("a1a1a1a1"),
        *CHILD[3:5],
        "integrity responder key => 4 bytes @ 0x7f77",
        dump("a2a2a2a2"),
        *CHILD[5:7],
    )
    (found,) = parse("\n".join(log(CHECKOUT, "parsed IKE_AUTH response 1 [ SA ]", *child))).esp
    assert (found.encryption, found.encryption_key) == ("AES_CBC", "22222222")
    assert (found.integrity, found.integrity_key) == ("HMAC_SHA2_256_128", "a2a2a2a2")


def test_a_line_cut_in_the_middle_is_no_error() -> None:
    text = "\n".join(log(CHECKOUT, "parsed IKE_AUTH response 1 [ SA ]", *CHILD))
    whole = parse(text).esp
    for length in range(0, len(text), 7):
        assert {item.spi for item in parse(text[:length]).esp} <= {item.spi for item in whole}


# --- Wireshark's tables ---------------------------------------------------------------------------------------------

ESP = EspKeys("c5524545", "1" * 72, "", "AES_GCM_16", "")
CBC = EspKeys("c5524545", "1" * 64, "2" * 40, "AES_CBC", "HMAC_SHA1_96")


def test_the_tables_of_wireshark() -> None:
    files = dict(configuration(Keys((IKE,), (ESP, CBC))))
    assert files["ikev2_decryption_table"] == (
        "68528f893d94aaa8,87314aee112fbfb4,e1e1e1e1,e2e2e2e2,"
        f'"AES-CBC-256 [RFC3602]",{"a1" * 20},a2a2a2a2,"HMAC_SHA1_96 [RFC2404]"\n'
    )
    assert files["esp_sa"].splitlines() == [
        f'"IPv4","*","*","0xc5524545","AES-GCM with 16 octet ICV [RFC4106]","0x{"1" * 72}","NULL",""',
        f'"IPv4","*","*","0xc5524545","AES-CBC [RFC3602]","0x{"1" * 64}","HMAC-SHA-1-96 [RFC2404]","0x{"2" * 40}"',
    ]


def test_what_wireshark_does_not_know_is_told() -> None:
    keys = Keys((replace(IKE, encryption="CHACHA20_POLY1305_256"),), (replace(ESP, encryption="CHACHA20_POLY1305"),))
    assert unknown(keys) == ("ESP CHACHA20_POLY1305", "IKE CHACHA20_POLY1305_256")
    assert [text for name, text in configuration(keys) if name != "preferences"] == ["", ""]


def test_charon_logs_keys_only_when_asked() -> None:
    lab = plan(load("p2s-branch-bgp").scenario, "lab", "userspace")
    for charon in lab.charons:
        quiet, loud = (strongswan_conf(charon, lab.timers, lab.data_plane, name) for name in ("", LOG))
        assert "    ike = " not in quiet
        assert f"path = {LOG}" in loud
        assert "ike = 4\n" in loud


def test_wireshark_finds_a_key_log_of_tls_by_its_path() -> None:
    files = dict(configuration(Keys((), ()), "CLIENT_RANDOM 01 02\n", "/tmp/lab.keys"))
    assert files["tls.keys"] == "CLIENT_RANDOM 01 02\n"
    assert files["preferences"].endswith("\ntls.keylog_file: /tmp/lab.keys/tls.keys\n")
    without = dict(configuration(Keys((), ())))
    assert "tls.keys" not in without
    assert "tls.keylog_file" not in without["preferences"]
