"""Authorities and certificates for the tests, made anew for each run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SHORT_NAMES = {
    "C": NameOID.COUNTRY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "emailAddress": NameOID.EMAIL_ADDRESS,
}
_LONG_NAMES = {oid: name for name, oid in SHORT_NAMES.items()}
_NAMES = ("localhost", "127.0.0.1", "::1")

Parts = Sequence[Sequence[tuple[str, str]]]
"""A subject: its parts in the order of the certificate, each one or several (name, value)."""


def subject(*parts: tuple[str, str]) -> Parts:
    """A subject whose parts have one value each."""
    return [[part] for part in parts]


@dataclass(frozen=True)
class Pem:
    """Files of a certificate and its key."""

    certificate: Path
    key: Path

    def read(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.certificate.read_bytes())

    @property
    def subject(self) -> str:
        """The subject as a library that is not ours writes it (RFC 4514)."""
        return self.read().subject.rfc4514_string(_LONG_NAMES)

    @property
    def fingerprint(self) -> str:
        """SHA-256 with colons, as operators copy it."""
        return self.read().fingerprint(hashes.SHA256()).hex(":").upper()


class CertificateAuthority:
    """Issues certificates into a folder; ``certificate`` is its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(subject(("CN", "Test")))
        own = _builder(self._name, self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self.certificate = folder / "authority.pem"
        self.certificate.write_bytes(_pem(own.sign(self._key, hashes.SHA256())))

    def issue(self, name: str, parts: Parts, password: str | None = None) -> Pem:
        """A certificate for loopback as ``name``.pem, its key, encrypted where there is a password, as ``name``.key."""
        key = ec.generate_private_key(ec.SECP256R1())
        built = _builder(_name(parts), self._name, key)
        for extension, critical in (
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_loopback(), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), False),
        ):
            built = built.add_extension(extension, critical=critical)
        files = Pem(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        files.certificate.write_bytes(_pem(built.sign(self._key, hashes.SHA256())))
        files.key.write_bytes(_key_pem(key, password))
        return files


def own_certificate(folder: Path, password: str | None = None) -> Pem:
    """A certificate for loopback that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(subject(("CN", "localhost")))
    built = _builder(name, name, key).add_extension(_loopback(), critical=False)
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    files = Pem(folder / "own.pem", folder / "own.key")
    files.certificate.write_bytes(_pem(built.sign(key, hashes.SHA256())))
    files.key.write_bytes(_key_pem(key, password))
    return files


def _builder(name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _loopback() -> x509.SubjectAlternativeName:
    addresses = [x509.IPAddress(ip_address(name)) for name in _NAMES[1:]]
    return x509.SubjectAlternativeName([x509.DNSName(_NAMES[0]), *addresses])


def _name(parts: Parts) -> x509.Name:
    return x509.Name(
        x509.RelativeDistinguishedName([x509.NameAttribute(SHORT_NAMES[name], value) for name, value in part])
        for part in parts
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey, password: str | None) -> bytes:
    encryption = (
        serialization.NoEncryption() if password is None else serialization.BestAvailableEncryption(password.encode())
    )
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
