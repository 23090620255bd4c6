"""Certificate authorities of the test's own."""

from __future__ import annotations

import datetime as dt
import functools
import ipaddress
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def _pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def _san(name: str) -> x509.GeneralName:
    if "://" in name:
        return x509.UniformResourceIdentifier(name)
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _sign(subject: x509.Name, key: Key, names: list[str], *, issuer: x509.Name, issuer_key: Key) -> x509.Certificate:
    """A certificate for `key`; one whose subject is its issuer is a root."""
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=subject == issuer, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_san(name) for name in names]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


class Authority:
    """A root that signs leaf certificates for DNS names, IP addresses and URIs (SPIFFE identities)."""

    def __init__(self, key: Key, certificate: x509.Certificate, directory: Path) -> None:
        self._key = key
        self._subject = certificate.subject
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.root = directory / "root.pem"
        self.root.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self.root.chmod(0o644)

    @classmethod
    def new(cls, name: str, directory: Path) -> Self:
        """An authority that nobody knows yet; its root stands in `directory`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        return cls(key, _sign(subject, key, [], issuer=subject, issuer_key=key), directory)

    @classmethod
    def existing(cls, certificate: bytes, key: bytes, directory: Path) -> Self:
        """An authority that somebody else made: certificate and key in PEM."""
        loaded = serialization.load_pem_private_key(key, password=None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
        return cls(loaded, x509.load_pem_x509_certificate(certificate), directory)

    @functools.cache  # noqa: B019 -- an authority lives as long as the run
    def leaf(self, *names: str) -> tuple[Path, Path]:
        """A certificate (with its key) for these names: the two files' paths."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "egress-overlays e2e")])
        certificate = _sign(subject, key, list(names), issuer=self._subject, issuer_key=self._key)
        stem = self.directory / f"leaf-{certificate.serial_number:x}"
        cert_file, key_file = stem.with_suffix(".crt"), stem.with_suffix(".key")
        cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(_pem(key))
        return cert_file, key_file


def signing_key(path: Path) -> Path:
    """Writes an RSA key, as the API server's service-account tokens need one."""
    path.write_bytes(_pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)))
    return path
