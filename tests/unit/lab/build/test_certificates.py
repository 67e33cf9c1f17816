"""The certificates of a lab: who issued what to whom, what is revoked, and that keys are nobody's but root's."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from netlab.lab.build import certificates
from netlab.machine.secrets import write_secret
from netlab.plan import names
from netlab.plan.model import Certificate
from netlab.plan.planner import plan
from netlab.scenario.loader import load
from netlab.scenario.network import resolve

LAB = "c"
SCENARIO = load("p2s-certificates").scenario
WANTED = plan(SCENARIO, LAB).certificates
GATEWAY = str(resolve(SCENARIO).public.point_to_site["VNet1"])


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the certificates of the catalogue's scenario are; keys take time to make, so once."""
    root = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(names, "RUN_ROOT", str(root))
        (root / LAB).mkdir()
        certificates.issue(LAB, WANTED, ["tls-auth-vnet1"], write_secret)
        return Path(names.certificate_path(LAB, "")).parent


def certificate(directory: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((directory / f"{name}.pem").read_bytes())


def revocations(directory: Path, root: str) -> x509.CertificateRevocationList:
    return x509.load_pem_x509_crl((directory / f"revoked-vnet1-{root}.pem").read_bytes())


@pytest.mark.parametrize(
    ("name", "issuer"),
    [
        ("server-vnet1", "server-root-vnet1"),
        ("client-alice", "root-current"),
        ("client-bob", "root-former"),
        ("client-carol", "root-current"),
        ("client-mallory", "root-stranger"),
    ],
)
def test_each_is_issued_by_its_root(directory: Path, name: str, issuer: str) -> None:
    certificate(directory, name).verify_directly_issued_by(certificate(directory, issuer))
    assert certificate(directory, issuer).extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert not certificate(directory, name).extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_keys_are_rsa_of_2048_bits_and_belong_to_their_certificates(directory: Path) -> None:
    """R60."""
    for item in (item for item in WANTED if item.revokes is None):
        key = load_pem_private_key((directory / f"{item.name}.key").read_bytes(), None)
        public = certificate(directory, item.name).public_key()
        assert isinstance(public, RSAPublicKey)
        assert public.key_size == 2048
        assert key.public_key() == public


def test_only_root_reads_private_keys(directory: Path) -> None:
    keys = list(directory.glob("*.key"))
    assert len(keys) == 1 + len([item for item in WANTED if item.revokes is None])
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}
    assert directory.stat().st_mode & 0o777 == 0o700
    assert not any("PRIVATE" in path.read_text() for path in directory.glob("*.pem"))


def test_identities_are_what_ike_says(directory: Path) -> None:
    """Without them charon takes no certificate for its peer's: a gateway's public address, a client's name."""
    server, alice = (
        certificate(directory, name).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        for name in ("server-vnet1", "client-alice")
    )
    assert [str(address) for address in server.get_values_for_type(x509.IPAddress)] == [GATEWAY]
    assert alice.get_values_for_type(x509.DNSName) == ["alice"]


def test_who_is_revoked_is_on_the_list_of_its_issuer_and_nobody_else(directory: Path) -> None:
    current, former = (revocations(directory, root) for root in ("current", "former"))
    carol = certificate(directory, "client-carol").serial_number
    assert [entry.serial_number for entry in current] == [carol]
    assert list(former) == []
    assert current.is_signature_valid(certificate(directory, "root-current").public_key())  # type: ignore[arg-type]
    assert not current.is_signature_valid(certificate(directory, "root-former").public_key())  # type: ignore[arg-type]


def test_the_list_shows_azures_thumbprints(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "RUN_ROOT", str(directory.parent.parent))
    rows = {row.name: row for row in certificates.listed(LAB, WANTED)}
    carol = rows["client-carol"]
    assert carol.thumbprint == certificate(directory, "client-carol").fingerprint(hashes.SHA1()).hex().upper()
    assert [name for name, row in rows.items() if row.revoked] == ["client-carol"]


def test_a_key_of_tls_auth_is_openvpns_and_only_roots(directory: Path) -> None:
    path = directory / "tls-auth-vnet1.key"
    begin, *lines, end = path.read_text().splitlines()
    assert (begin, end) == ("-----BEGIN OpenVPN Static key V1-----", "-----END OpenVPN Static key V1-----")
    assert [len(bytes.fromhex(line)) for line in lines] == [16] * 16
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "purpose"),
    [("server-vnet1", ExtendedKeyUsageOID.SERVER_AUTH), ("client-alice", ExtendedKeyUsageOID.CLIENT_AUTH)],
)
def test_a_certificate_says_what_its_owner_is_in_tls(
    directory: Path, name: str, purpose: x509.ObjectIdentifier
) -> None:
    """OpenVPN's remote-cert-tls asks for it."""
    usage = certificate(directory, name).extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert list(usage.value) == [purpose]


def test_without_certificates_there_is_not_even_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "RUN_ROOT", str(tmp_path))
    none: tuple[Certificate, ...] = plan(load("p2s-branch-bgp").scenario, LAB).certificates
    certificates.issue(LAB, none, (), write_secret)
    assert list(tmp_path.iterdir()) == []
