"""Why a gateway refuses a client, whatever the protocol of its tunnel. Pure."""

from __future__ import annotations

from netlab.azure.p2s.routes import pool_addresses
from netlab.scenario.network import ClientTunnel

# The reasons of a gateway; the lab translates what its daemons log into the same words.
REVOKED = "its certificate is revoked"
UNTRUSTED = "the gateway does not trust the root that issued its certificate"
WRONG_PASSWORD = "its password is wrong"
NO_ADDRESS = "the gateway has no address left for it"
NO_RADIUS = "the RADIUS server does not answer its gateway"
WRONG_SECRET = "its gateway and the RADIUS server have different secrets"
REFUSALS = (REVOKED, UNTRUSTED, WRONG_PASSWORD, NO_ADDRESS, NO_RADIUS, WRONG_SECRET)


def refusal(tunnel: ClientTunnel, taken: int, silence: str = "") -> str:
    """Why a gateway refuses a client while others hold ``taken`` addresses of its pool; empty if it accepts it.

    ``silence``: why none of its RADIUS servers answers it, if it has any.
    """
    first, last = pool_addresses(tunnel.gateway, tunnel.tunnel_type)
    full = taken > int(last) - int(first)
    return _by_credentials(tunnel, silence) or (NO_ADDRESS if full else "")


def _by_credentials(tunnel: ClientTunnel, silence: str) -> str:
    """Why a client is not authenticated; empty if it is."""
    client, settings = tunnel.client, tunnel.gateway.client_settings
    if settings.authentication == "Certificate":
        if client.issuer not in settings.root_certificates:
            return UNTRUSTED
        if client.name.lower() in map(str.lower, settings.revoked_certificates):
            return REVOKED
    if settings.authentication == "Radius" and silence:
        return silence
    if settings.has_passwords and client.spec.password == "wrong":
        return WRONG_PASSWORD
    return ""
