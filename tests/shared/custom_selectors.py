"""Custom traffic selectors and what they need, as a scenario file writes them."""

from __future__ import annotations

from typing import Any

V1 = {"connection_protocol": "IKEv1"}
# Policy-based selectors need a policy of the connection's own.
POLICY = {
    "ike_encryption": "AES256",
    "ike_integrity": "SHA256",
    "dh_group": "DHGroup14",
    "ipsec_encryption": "AES256",
    "ipsec_integrity": "SHA256",
    "pfs_group": "None",
}


def line(local: str, remote: str) -> dict[str, Any]:
    """One custom selector; several ranges of a side are separated by blanks."""
    return {"local_address_ranges": local.split(), "remote_address_ranges": remote.split()}


def lines(*written: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The settings of a connection, or of its other end, with custom selectors."""
    return {"traffic_selector_policies": list(written), **more}
