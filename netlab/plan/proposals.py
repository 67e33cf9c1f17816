"""IKE and ESP proposals as strongSwan writes them.

All that Azure offers are offered. Single DES needs OpenSSL's legacy provider (on Debian 13 a package of its own):
charon leaves out of a proposal what OpenSSL lacks.
"""

from __future__ import annotations

from functools import cache

from netlab.azure.ike import EspSuite, IkeSuite

_ENCRYPTION = {
    "None": "null",
    "DES": "des",
    "DES3": "3des",
    "AES128": "aes128",
    "AES192": "aes192",
    "AES256": "aes256",
    "GCMAES128": "aes128gcm16",
    "GCMAES192": "aes192gcm16",
    "GCMAES256": "aes256gcm16",
}
_GROUPS = {
    "DHGroup1": "modp768",
    "DHGroup2": "modp1024",
    "DHGroup14": "modp2048",
    "DHGroup24": "modp2048s256",
    "PFS1": "modp768",
    "PFS2": "modp1024",
    "PFS2048": "modp2048",
    "PFS24": "modp2048s256",
    "ECP256": "ecp256",
    "ECP384": "ecp384",
}
# GCM has no hash for the key derivation to use; Azure's point-to-site (R45) goes with these.
_GCM_HASH = {"GCMAES128": "sha256", "GCMAES256": "sha384"}


@cache
def ike(suite: IkeSuite) -> str:
    """An IKE proposal; with GCM, the integrity algorithm is what keys are derived with."""
    hashed = _GCM_HASH.get(suite.integrity, suite.integrity.lower())
    kind = "prf" if suite.encryption.startswith("GCM") else ""
    return f"{_ENCRYPTION[suite.encryption]}-{kind}{hashed}-{_GROUPS[suite.dh_group]}"


@cache
def esp(suite: EspSuite) -> str:
    """An ESP proposal."""
    integrity = "" if suite.encryption.startswith("GCM") else f"-{suite.integrity.lower()}"
    group = "" if suite.pfs_group == "None" else f"-{_GROUPS[suite.pfs_group]}"
    return f"{_ENCRYPTION[suite.encryption]}{integrity}{group}"


# R45: point-to-site; the first is what two ends choose that both have all.
P2S_FIRST = (IkeSuite("GCMAES256", "SHA384", "DHGroup24"), EspSuite("GCMAES256", "GCMAES256"))
P2S_IKE = (
    *(
        f"aes256gcm16-{prf}-{group}"
        for prf in ("prfsha384", "prfsha256")
        for group in ("modp2048s256", "modp2048", "ecp384", "ecp256")
    ),
    *(
        f"aes256-{integrity}-{group}"
        for integrity in ("sha384", "sha256")
        for group in ("modp2048s256", "modp2048", "ecp384", "ecp256")
    ),
    "aes256-sha256-modp1024",
)
P2S_ESP = (
    *(f"aes256gcm16{pfs}" for pfs in ("", "-modp2048s256", "-modp2048", "-ecp384", "-ecp256")),
    *(f"aes256-sha256{pfs}" for pfs in ("", "-modp2048s256", "-modp2048", "-ecp384", "-ecp256")),
    "aes256-sha1",
)
