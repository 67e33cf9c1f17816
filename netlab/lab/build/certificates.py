"""The certificates of a lab: roots, gateways' and clients' certificates, and what is revoked, made when it is built.

Kept in the run directory as ``certificates/<name>.pem``, a private key beside it as ``<name>.key``, readable by root
only.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING

from netlab.plan.model import Certificate
from netlab.plan.names import certificate_path, key_path
from netlab.results.lab import ListedCertificate

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

# R60: IKEv2 takes RSA certificates only.
_KEY_SIZE = 2048
_EXPONENT = 65537
_LIFETIME = timedelta(days=365)
# Clocks of machines that read the files may be behind.
_EARLIER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: RSAPrivateKey


def issue(
    lab: str,
    wanted: Iterable[Certificate],
    tls_keys: Iterable[str],
    write_secret: Callable[[Path, str], None],
    kept: Collection[str] = (),
) -> None:
    """Make certificates with keys, roots before what they issue, and keys of tls-auth; write them to the run
    directory. Those that are ``kept`` are there."""
    from cryptography.hazmat.primitives import serialization

    wanted = tuple(wanted)
    if not wanted:
        return
    Path(certificate_path(lab, "")).parent.mkdir(mode=0o700, exist_ok=True)
    for name in (name for name in tls_keys if name not in kept):
        write_secret(Path(key_path(lab, name)), _static_key())
    keys = _keys([item.name for item in wanted if item.revokes is None and item.name not in kept])
    issued = {item.name: _held(lab, item.name) for item in wanted if item.revokes is None and item.name in kept}
    for item in (item for item in wanted if item.name not in kept):
        if item.revokes is not None:
            text = _revocations(item, issued)
        else:
            issued[item.name] = Issued(_certificate(item, keys[item.name], issued), keys[item.name])
            text = issued[item.name].certificate.public_bytes(serialization.Encoding.PEM)
            key = keys[item.name].private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            )
            write_secret(Path(key_path(lab, item.name)), key.decode())
        Path(certificate_path(lab, item.name)).write_bytes(text)


def _held(lab: str, name: str) -> Issued:
    """A certificate that the lab has, with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(Path(key_path(lab, name)).read_bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    return Issued(x509.load_pem_x509_certificate(Path(certificate_path(lab, name)).read_bytes()), key)


def _static_key() -> str:
    """A key of OpenVPN's tls-auth: 2048 random bits."""
    digits = secrets.token_hex(256)
    lines = (digits[place : place + 32] for place in range(0, len(digits), 32))
    name = "OpenVPN Static key V1"
    return "\n".join((f"-----BEGIN {name}-----", *lines, f"-----END {name}-----", ""))


def listed(lab: str, wanted: Iterable[Certificate]) -> tuple[ListedCertificate, ...]:
    """The certificates of a lab, each with its thumbprint and with what revokes it."""
    wanted = tuple(wanted)
    revoked = {name: item.name for item in wanted for name in item.revokes or ()}
    return tuple(
        ListedCertificate(item.name, item.subject, item.issuer, _thumbprint(lab, item.name), revoked.get(item.name, ""))
        for item in wanted
        if item.revokes is None
    )


def _thumbprint(lab: str, name: str) -> str:
    """What Azure calls a certificate by: its SHA-1, in capital hexadecimal digits."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    found = x509.load_pem_x509_certificate(Path(certificate_path(lab, name)).read_bytes())
    return found.fingerprint(hashes.SHA1()).hex().upper()


def _keys(names: list[str]) -> dict[str, RSAPrivateKey]:
    from cryptography.hazmat.primitives.asymmetric import rsa

    def make(_: str) -> RSAPrivateKey:
        return rsa.generate_private_key(_EXPONENT, _KEY_SIZE)

    with ThreadPoolExecutor() as threads:
        return dict(zip(names, threads.map(make, names), strict=True))


def _certificate(item: Certificate, key: RSAPrivateKey, issued: Mapping[str, Issued]) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    is_root, now = not item.issuer, datetime.now(UTC)
    by = issued[item.issuer] if item.issuer else None
    issuer_key = by.key if by is not None else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(item.subject))
        .issuer_name(by.certificate.subject if by is not None else _name(item.subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(_usage(is_root), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if not is_root:
        identity = _identity(item.subject)
        builder = builder.add_extension(x509.SubjectAlternativeName([identity]), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([_purpose(identity)]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _name(text: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _identity(subject: str) -> x509.GeneralName:
    """The IKE identity of a certificate's owner: a gateway's public address, a client's name."""
    from cryptography import x509

    try:
        return x509.IPAddress(IPv4Address(subject))
    except AddressValueError:
        return x509.DNSName(subject)


def _purpose(identity: x509.GeneralName) -> x509.ObjectIdentifier:
    """What the owner of a certificate is in TLS: a gateway the server, a client the client."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    is_server = isinstance(identity, x509.IPAddress)
    return ExtendedKeyUsageOID.SERVER_AUTH if is_server else ExtendedKeyUsageOID.CLIENT_AUTH


def _usage(is_root: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not is_root,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_root,
        crl_sign=is_root,
        encipher_only=False,
        decipher_only=False,
    )


def _revocations(item: Certificate, issued: Mapping[str, Issued]) -> bytes:
    """A revocation list. Azure keeps thumbprints; strongSwan wants the issuer's list of serial numbers."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    by, now = issued[item.issuer], datetime.now(UTC)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(by.certificate.subject)
        .last_update(now - _EARLIER)
        .next_update(now + _LIFETIME)
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()), critical=False)
    )
    for name in item.revokes or ():
        serial = issued[name].certificate.serial_number
        revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - _EARLIER).build()
        builder = builder.add_revoked_certificate(revoked)
    return builder.sign(by.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
