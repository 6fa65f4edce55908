"""A certificate authority for tests: root, intermediate, leaves, and the revocation lists of both levels."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOUR = timedelta(hours=1)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"), x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


class Authority:
    """Signs certificates and its own list of those it revoked."""

    def __init__(self, common: str, issuer: Authority | None = None) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.issuer = issuer or self
        self.subject = _name(common)
        self.revoked: list[int] = []
        self.certificate = self.issuer._sign(self.subject, self.key.public_key(), authority=True, names=(), usages=())

    def _sign(self, subject, public, authority, names, usages) -> x509.Certificate:
        now = datetime.now(timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - HOUR)
            .not_valid_after(now + HOUR)
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
            .add_extension(_usage(authority), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        if usages:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, common: str, names: tuple[str, ...] = (), usages: str = "both") -> tuple[bytes, bytes, x509.Certificate]:
        """Chain, key, certificate. `usages` is client, server or both."""
        key = ec.generate_private_key(ec.SECP256R1())
        chosen = {
            "client": [ExtendedKeyUsageOID.CLIENT_AUTH],
            "server": [ExtendedKeyUsageOID.SERVER_AUTH],
            "both": [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH],
        }[usages]
        leaf = self._sign(_name(common), key.public_key(), authority=False, names=names or (common,), usages=chosen)
        chain = pem(leaf) + pem(self.certificate)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return chain, private, leaf

    def crl(self) -> bytes:
        """The list as it is now."""
        now = datetime.now(timezone.utc)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.subject)
            .last_update(now - HOUR)
            .next_update(now + HOUR)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .add_extension(x509.CRLNumber(len(self.revoked) + 1), critical=False)
        )
        for serial in self.revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - HOUR).build()
            )
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def pem(certificate: x509.Certificate) -> bytes:
    """A certificate as text."""
    return certificate.public_bytes(serialization.Encoding.PEM)


class Pki:
    """A root and an intermediate in a folder that is laid out as hosts have it: trust/, and a folder per holder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = Authority("Test Root")
        self.services = Authority("Test Services", self.root)
        (folder / "trust").mkdir()
        (folder / "trust/roots.pem").write_bytes(pem(self.root.certificate))
        self.publish()

    def publish(self) -> None:
        """Write the lists of both levels, in one step."""
        fresh = self.folder / "trust/lists.new"
        fresh.write_bytes(self.root.crl() + self.services.crl())
        fresh.rename(self.folder / "trust/lists.crl")

    def hold(self, holder: str, common: str, names: tuple[str, ...] = (), usages: str = "both", by: Authority | None = None):
        """A new certificate for a holder: its release is made, then `current` is turned to it. Gives certificate and folder."""
        chain, key, leaf = (by or self.services).issue(common, names, usages)
        home = self.folder / holder
        release = home / "releases" / f"{leaf.serial_number:x}"
        release.mkdir(parents=True)
        (release / "fullchain.pem").write_bytes(chain)
        (release / "key.pem").write_bytes(key)
        (release / "key.pem").chmod(0o600)
        link = home / "link.new"
        os.symlink(release.relative_to(home), link)
        link.rename(home / "current")
        return leaf, home / "current"
