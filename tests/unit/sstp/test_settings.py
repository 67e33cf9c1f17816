"""The settings of daemons: what is written is read, and has no secret in it."""

from __future__ import annotations

from netlab.sstp import settings
from netlab.sstp.settings import ClientSettings, GatewaySettings

GATEWAY = GatewaySettings(
    "p2s-sstp", 1400, "/c.pem", "/c.key", ("/r.pem",), "/secrets.json", 4, "203.0.113.1", "10.1.255.4", "192.168.0.1",
    "192.168.0.9", ("/crl.pem",), {"alice": "p2s:VNet1:alice"},
)  # fmt: skip
CLIENT = ClientSettings("ppp0", 1400, "/c.pem", "/c.key", ("/r.pem",), "/secrets.json", 4, "203.0.113.1", "alice", "")


def test_what_is_written_is_read() -> None:
    assert settings.gateway(settings.written(GATEWAY)) == GATEWAY
    assert settings.client(settings.written(CLIENT)) == CLIENT
