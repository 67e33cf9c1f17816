"""The texts of OpenVPN: a gateway's configuration, what it pushes, Azure's profile."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.plan.model import Client, OpenVpnServer, Plan
from netlab.plan.planner import plan
from netlab.render.openvpn import filled, prefixes_in, pushed, server_conf, vpnconfig
from netlab.scenario.loader import load

NETWORKS = st.builds(
    lambda number, length: str(IPv4Network((number, length), strict=False)),
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)


# What Azure's vpnconfig.ovpn has.
PROFILE = """\
client
remote 203.0.113.1 443
verify-x509-name '203.0.113.1' name
remote-cert-tls server
dev tun
proto tcp
auth SHA256
cipher AES-256-GCM
tls-version-min 1.2
key-direction 1
$CLIENTCERTIFICATE
$PRIVATEKEY
""".splitlines()


@cache
def lab(scale: float = 20) -> Plan:
    return plan(load("p2s-openvpn").scenario, "lab", time_scale=scale)


def server(scale: float = 20) -> OpenVpnServer:
    (found,) = (each for each in lab(scale).servers if isinstance(each, OpenVpnServer))
    return found


def client() -> Client:
    return replace(next(each for each in lab().clients if each.tunnel_type == "OpenVPN"), server="203.0.113.1")


@pytest.mark.parametrize(
    "line",
    [
        "proto tcp-server",
        "lport 443",
        "tls-version-min 1.2",
        "tls-auth /run/netlab/lab/certificates/tls-auth-vnet1.key 0",
        "data-ciphers AES-256-GCM",
        "remote-cert-tls client",
        "crl-verify revoked.pem",
        "ca roots.pem",
        "cert /run/netlab/lab/certificates/server-vnet1.pem",
        "key /run/netlab/lab/certificates/server-vnet1.key",
        "ifconfig-noexec",
        'push "route-gateway 192.168.0.247"',
        "ifconfig-pool 192.168.0.248 192.168.0.251 255.255.255.0",
    ],
)
def test_a_gateway_has_azures_tls_and_its_part_of_the_pool(line: str) -> None:
    assert line in server_conf("lab", server(), lab().timers).splitlines()


def test_no_secret_is_in_a_gateways_configuration() -> None:
    text = server_conf("lab", server(), lab().timers)
    assert "-----BEGIN" not in text
    assert "password" not in text


@pytest.mark.parametrize(("scale", "dead"), [(1, 45), (5, 9), (20, 8), (100, 8)])
def test_a_silent_peer_is_dead_after_azures_time_at_least_eight_seconds(scale: float, dead: int) -> None:
    """R38, by the time scale."""
    lines = server_conf("lab", server(scale), lab(scale).timers).splitlines()
    assert f"ping-restart {dead}" in lines
    assert f'push "ping-restart {dead}"' in lines


@given(st.lists(NETWORKS, unique=True))
def test_what_is_pushed_is_read_again(prefixes: list[str]) -> None:
    wanted = [prefix for prefix in prefixes if prefix != server().subnet]
    assert list(prefixes_in(pushed(server(), prefixes))) == wanted


def test_the_pool_comes_with_the_subnet_of_the_address() -> None:
    assert pushed(server(), ["10.1.0.0/16", "192.168.0.0/24"]) == 'push "route 10.1.0.0 255.255.0.0"\n'


def test_the_profile_is_azures_and_a_user_fills_it_in() -> None:
    profile = vpnconfig(client(), "ROOT\n", "TLSKEY\n")
    lines = profile.splitlines()
    for line in PROFILE:
        assert line in lines
    assert not any(line.startswith("route") for line in lines)
    own = filled(profile, "CERTIFICATE\n", "KEY\n")
    assert "$" not in own
    assert "<cert>\nCERTIFICATE\n</cert>" in own
    assert "<key>\nKEY\n</key>" in own


def test_a_profile_for_passwords_has_no_place_for_a_certificate() -> None:
    profile = vpnconfig(replace(client(), password="a name", authentication="Radius"), "ROOT\n", "TLSKEY\n")
    assert "\nauth-user-pass\n" in profile
    assert not [word for word in ("$", "<cert>", "a name") if word in profile]
