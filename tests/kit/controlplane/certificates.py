"""Which keys does a control plane of one run have? Made on the fly, never kept."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority of one run; writes what it issues into *folder*."""

    def __init__(
        self, folder: Path, name: str = "quayrobot-test-ca", *, identified: bool = True
    ) -> None:
        """*identified* False leaves out all key identifiers, as some authorities do."""
        self._folder, self._identified = folder, identified
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _subject(name, None)
        self._certificate = self._sign(self._name, self._key, ca=True)
        self.file = folder / "ca.crt"
        self.file.write_bytes(_pem(self._certificate))

    def server(self, name: str, addresses: Sequence[str] = ()) -> Pair:
        """Issue a certificate for servers on this machine, at *addresses* beside loopback."""
        own = ("127.0.0.1", *addresses)
        return self._issue(name, _subject(name, None), addresses=own)

    def client(self, user: str, group: str | None) -> Pair:
        """Issue a certificate that proves to be *user* of *group*."""
        return self._issue(user.replace(":", "-"), _subject(user, group))

    def _issue(self, file: str, subject: x509.Name, *, addresses: Sequence[str] = ()) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(subject, key, addresses=addresses)
        pair = Pair(self._folder / f"{file}.crt", self._folder / f"{file}.key")
        pair.certificate.write_bytes(_pem(certificate))
        _write_key(pair.key, key)
        return pair

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        *,
        ca: bool = False,
        addresses: Sequence[str] = (),
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(_key_usage(ca=ca), critical=True)
        )
        for each in _identifiers(key, self._key) if self._identified else ():
            builder = builder.add_extension(each, critical=False)
        if not ca:
            usage = (
                ExtendedKeyUsageOID.SERVER_AUTH if addresses else ExtendedKeyUsageOID.CLIENT_AUTH
            )
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if addresses:
            own = [x509.IPAddress(ipaddress.ip_address(each)) for each in addresses]
            # The second is how a pod may be told to call the API server.
            known = (x509.DNSName(each) for each in ("localhost", "kubernetes.default.svc"))
            names = [*known, *own]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _identifiers(
    own: ec.EllipticCurvePrivateKey, issuer: ec.EllipticCurvePrivateKey
) -> tuple[x509.ExtensionType, x509.ExtensionType]:
    return (
        x509.SubjectKeyIdentifier.from_public_key(own.public_key()),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()),
    )


def service_account_key(folder: Path) -> Path:
    """Write the key that signs ServiceAccount tokens (RSA: what Quay verifies)."""
    path = folder / "service-account.key"
    _write_key(path, rsa.generate_private_key(public_exponent=65537, key_size=2048))
    return path


def _subject(name: str, group: str | None) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if group:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
    return x509.Name(parts)


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    path.chmod(0o600)
