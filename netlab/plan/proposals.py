"""The IKE and ESP proposals that Azure's gateways make, as strongSwan writes them.

All of them are offered. Single DES needs OpenSSL's legacy provider (on Debian 13 a package of its own): charon leaves
out of a proposal what OpenSSL lacks.
"""

# R33: phase 1, route-based, in Azure's order; all with Diffie-Hellman group 2.
IKE = (
    "aes256-sha1-modp1024",
    "aes256-sha256-modp1024",
    "aes128-sha1-modp1024",
    "aes128-sha256-modp1024",
    "3des-sha1-modp1024",
    "3des-sha256-modp1024",
)

# R35: phase 2 as initiator, all without PFS.
ESP_INITIATOR = (
    "aes256gcm16",
    "aes256-sha1",
    "3des-sha1",
    "aes256-sha256",
    "aes128-sha1",
    "3des-sha256",
)

# R36: phase 2 as responder: the same, then these.
ESP_RESPONDER = (
    *ESP_INITIATOR,
    "des-sha1",
    *(f"aes256-sha1-{group}" for group in ("modp768", "modp1024", "modp2048")),
    *(f"aes128-sha1-{group}" for group in ("modp768", "modp1024", "modp2048")),
    "3des-sha1-modp768",
    "3des-sha1-modp1024",
    "3des-sha256-modp1024",
    *(f"aes256-sha256-{group}" for group in ("modp768", "modp1024", "modp2048")),
    "aes256-sha1-modp2048s256",
    "aes256-sha256-modp2048s256",
    "aes128-sha256",
    *(f"aes128-sha256-{group}" for group in ("modp768", "modp1024", "modp2048")),
    "3des-sha1-modp2048",
)

# R45: point-to-site.
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
