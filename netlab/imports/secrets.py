"""Secrets of a description: read into nothing (section S of the specification of `import`)."""

from __future__ import annotations

KEYS = frozenset(
    name.replace("_", "")
    for name in (
        "shared_key",
        "authorization_key",
        "service_key",
        "radius_server_secret",
        "admin_password",
        "password",
        "public_cert_data",
        "raw_data",
        "custom_data",
        "user_data",
        "key_data",
        "protected_settings",
        "client_secret",
        "secret",
        "access_key",
        "primary_access_key",
        "secondary_access_key",
        "connection_string",
        "primary_connection_string",
        "private_key",
        "ssh_private_key",
    )
) | {"shared_key", "authorization_key", "service_key", "radius_server_secret", "admin_password", "public_cert_data"}


class Secret:
    """What stands in the place of every secret."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "a secret"


SECRET = Secret()


def is_secret(key: str) -> bool:
    """Whether the values of a key are secrets, in ARM's spelling or Terraform's."""
    low = key.lower()
    return low in KEYS or low.replace("_", "") in KEYS
