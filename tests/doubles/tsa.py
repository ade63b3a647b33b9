"""A time-stamp authority (RFC 3161) of our own: its own certificates, any clock, in-process or over real HTTP.

Everything follows from its arguments: keys are derived from `seed`, signatures are deterministic (RFC 6979), serial
numbers are digests. So the same calls give the same bytes, also in the worked case that is kept in version control.
Its tokens verify with `openssl ts -verify`. It must never stamp anything real: everybody can derive its keys.

Sources: RFC 3161 (protocol, TSTInfo), RFC 5652 (SignedData, signed attributes), RFC 5035 (ESSCertIDv2), X.690 (DER).
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

QUERY_TYPE: Final = "application/timestamp-query"
REPLY_TYPE: Final = "application/timestamp-reply"
TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
POLICY: Final = "1.3.6.1.4.1.32473.1.1"  # below the arc for documentation, RFC 5612
HASH_OIDS: Final = {
    "md5": "1.2.840.113549.2.5",
    "sha1": "1.3.14.3.2.26",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
_ECDSA_OIDS: Final = {
    "sha1": "1.2.840.10045.4.1",
    "sha256": "1.2.840.10045.4.3.2",
    "sha384": "1.2.840.10045.4.3.3",
    "sha512": "1.2.840.10045.4.3.4",
}
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


# DER, as much of it as a token needs.


def tlv(tag: int, *content: bytes) -> bytes:
    body = b"".join(content)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def sequence(*content: bytes) -> bytes:
    return tlv(0x30, *content)


def set_of(*content: bytes) -> bytes:
    return tlv(0x31, *sorted(content))


def integer(value: int) -> bytes:
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def octets(value: bytes) -> bytes:
    return tlv(0x04, value)


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(part) for part in dotted.split("."))
    out = bytearray()
    for number in (first * 40 + second, *rest):
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(0x80 | number & 0x7F)
        out += bytes(reversed(groups))
    return tlv(0x06, bytes(out))


def algorithm(dotted: str) -> bytes:
    return sequence(oid(dotted))


def general_time(moment: datetime) -> bytes:
    text = moment.astimezone(UTC).strftime("%Y%m%d%H%M%S")
    fraction = f"{moment.microsecond:06d}".rstrip("0")
    return tlv(0x18, (f"{text}.{fraction}Z" if fraction else f"{text}Z").encode("ascii"))


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each element of a DER string; raises ValueError where it is none."""
    at = 0
    while at < len(data):
        if len(data) - at < 2:
            raise ValueError("cut short")
        tag, size, at = data[at], data[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7F
            size, at = int.from_bytes(data[at : at + count], "big"), at + count
        if at + size > len(data):
            raise ValueError("cut short")
        yield tag, data[at : at + size]
        at += size


@dataclass(frozen=True)
class Query:
    """What a TimeStampReq asks for."""

    hash_oid: bytes
    digest: bytes
    nonce: int | None
    certificates: bool


def read_query(data: bytes) -> Query:
    """Read a TimeStampReq (RFC 3161, 2.4.1); raises ValueError where it is none."""
    outer = list(elements(data))
    if len(outer) != 1 or outer[0][0] != 0x30:
        raise ValueError("no SEQUENCE")
    fields = list(elements(outer[0][1]))
    if len(fields) < 2 or fields[0] != (0x02, b"\x01") or fields[1][0] != 0x30:
        raise ValueError("no TimeStampReq of version 1")
    (_, kind), (_, digest) = elements(fields[1][1])
    optional = dict(fields[2:])
    nonce = int.from_bytes(optional[0x02], "big", signed=True) if 0x02 in optional else None
    return Query(next(elements(kind))[1], digest, nonce, optional.get(0x01, b"\0") != b"\0")


@dataclass(frozen=True)
class Reply:
    """What the server answers to one POST; anything, so that a client can be tried with bad answers."""

    body: bytes
    status: int = 200
    content_type: str = REPLY_TYPE
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0


@dataclass
class Server:
    """A running server: where it listens, and the bodies that were posted to it."""

    url: str
    queries: list[bytes] = field(default_factory=list)


def _now() -> datetime:
    return datetime.now(UTC)


class Tsa:
    """A time-stamp authority: root, optional intermediate, signing certificate.

    Args:
        name: Stands in the subjects of its certificates.
        valid_from: Begin of the signing certificate's validity.
        valid_to: Its end.
        seed: What the keys are derived from; by default the name.
        clock: Gives the present moment where `at` is not given.
        intermediate: Whether an intermediate stands between root and signing certificate.
        usages: Extended key usages of the signing certificate; none at all if empty.
        usage_critical: Whether that extension is critical, as RFC 3161, 2.3 demands.
        root_valid: Begin and end of root and intermediate; by default ten years around the signing certificate's.
        curve: Of all keys.
    """

    def __init__(
        self,
        name: str = "Casework test TSA",
        *,
        valid_from: datetime = datetime(2020, 1, 1, tzinfo=UTC),
        valid_to: datetime = datetime(2035, 1, 1, tzinfo=UTC),
        seed: str = "",
        clock: Callable[[], datetime] = _now,
        intermediate: bool = False,
        usages: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.TIME_STAMPING,),
        usage_critical: bool = True,
        root_valid: tuple[datetime, datetime] | None = None,
        curve: ec.EllipticCurve | None = None,
    ) -> None:
        self.name, self.clock, self._seed = name, clock, seed or name
        self._curve = curve or ec.SECP256R1()
        span = root_valid or (valid_from - timedelta(days=3653), valid_to + timedelta(days=3653))
        self.root_key = root_key = self._derive("root")
        self.root = self._certificate("root", root_key, None, root_key, span, authority=True)
        issuer, issuer_key, self.issuers = self.root, root_key, [self.root]
        if intermediate:
            issuer_key = self._derive("intermediate")
            issuer = self._certificate("intermediate", issuer_key, self.root, root_key, span, authority=True)
            self.issuers = [issuer, self.root]
        self.key = self._derive("signer")
        self.certificate = self._certificate(
            "signer", self.key, issuer, issuer_key, (valid_from, valid_to), usages=usages, critical=usage_critical
        )

    @property
    def pem(self) -> str:
        """What a trust policy pins: the signing certificate, then its issuers up to the root."""
        return b"".join(one.public_bytes(Encoding.PEM) for one in (self.certificate, *self.issuers)).decode("ascii")

    def _derive(self, what: str) -> ec.EllipticCurvePrivateKey:
        secret = hashlib.sha512(f"casework test authority, never trust it: {self._seed} {what}".encode()).digest()
        return ec.derive_private_key(int.from_bytes(secret[:31], "big"), self._curve)

    def _certificate(
        self,
        what: str,
        key: ec.EllipticCurvePrivateKey,
        issuer: x509.Certificate | None,
        issuer_key: ec.EllipticCurvePrivateKey,
        span: tuple[datetime, datetime],
        *,
        authority: bool = False,
        usages: tuple[x509.ObjectIdentifier, ...] = (),
        critical: bool = True,
    ) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{self.name} {what}")])
        issuer_public = issuer_key.public_key()
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(int.from_bytes(hashlib.sha256(f"{self._seed} {what} {span}".encode()).digest()[:15], "big"))
            .not_valid_before(span[0])
            .not_valid_after(span[1])
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(_key_usage(authority=authority), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_public), critical=False)
        )
        if usages:
            builder = builder.add_extension(x509.ExtendedKeyUsage(list(usages)), critical=critical)
        return builder.sign(issuer_key, hashes.SHA256(), ecdsa_deterministic=True)

    def token(
        self,
        message: bytes | None = None,
        at: datetime | None = None,
        *,
        digest: bytes | None = None,
        nonce: int | None = None,
        imprint_hash: str = "sha256",
        signer_hash: str = "sha256",
        certificates: bool = True,
        extra_certificates: tuple[bytes, ...] = (),
        content_type: str = TST_INFO,
        ess: bool = True,
        status: int = 0,
        listed_hash: str = "",
        key: ec.EllipticCurvePrivateKey | None = None,
        named: x509.Certificate | None = None,
        cosigner: Tsa | None = None,
    ) -> bytes:
        """Return a TimeStampResp in DER, which is what `timestamps` of an envelope and Sigstore bundles hold.

        Args:
            message: What to stamp; or give its digest.
            at: The time it states; by default the clock's. Validity of the certificate is not looked at.
            digest: Digest of the message under `imprint_hash`.
            nonce: Of the query.
            imprint_hash: Hash of the message, also a weak one.
            signer_hash: Hash of the signature, also a weak one.
            certificates: Whether signing certificate and issuers are embedded.
            extra_certificates: More certificates to embed, DER.
            content_type: Type of what is signed; any other than TSTInfo's makes no token.
            ess: Whether the signing certificate is bound by ESSCertIDv2.
            status: PKIStatus; 0 is granted.
            listed_hash: Hash that the signed data lists in place of the signer's own.
            key: What signs in place of this authority's key; the certificate named stays.
            named: Certificate named as the signer's in place of this authority's.
            cosigner: A second signer, which no token may have (RFC 3161, 2.4.2).
        """
        if digest is None:
            if message is None:
                raise ValueError("give a message or its digest")
            digest = hashlib.new(imprint_hash, message).digest()
        moment = at or self.clock()
        info = self._tst_info(sequence(algorithm(HASH_OIDS[imprint_hash]), octets(digest)), moment, nonce)
        attributes = self._attributes(info, content_type, signer_hash, ess=ess)
        signers = [_signer_info(named or self.certificate, key or self.key, attributes, signer_hash)]
        if cosigner is not None:
            signers.append(_signer_info(cosigner.certificate, cosigner.key, attributes, signer_hash))
        embedded = [one.public_bytes(Encoding.DER) for one in (self.certificate, *self.issuers) if certificates]
        embedded += extra_certificates
        signed = sequence(
            integer(3),
            set_of(algorithm(HASH_OIDS[listed_hash or signer_hash])),
            sequence(oid(content_type), tlv(0xA0, octets(info))),
            *([tlv(0xA0, *sorted(embedded))] if embedded else []),
            set_of(*signers),
        )
        return sequence(sequence(integer(status)), sequence(oid(SIGNED_DATA), tlv(0xA0, signed)))

    def _tst_info(self, imprint: bytes, moment: datetime, nonce: int | None) -> bytes:
        unique = hashlib.sha256(imprint + general_time(moment) + str(nonce).encode()).digest()[:12]
        return sequence(
            integer(1),
            oid(POLICY),
            imprint,
            integer(int.from_bytes(unique, "big")),
            general_time(moment),
            sequence(integer(1)),  # accuracy: one second
            *([] if nonce is None else [integer(nonce)]),
        )

    def _attributes(self, info: bytes, content_type: str, signer_hash: str, *, ess: bool) -> list[bytes]:
        made = [
            sequence(oid("1.2.840.113549.1.9.3"), set_of(oid(content_type))),
            sequence(oid("1.2.840.113549.1.9.4"), set_of(octets(hashlib.new(signer_hash, info).digest()))),
        ]
        if ess:
            issuer = sequence(tlv(0xA4, self.certificate.issuer.public_bytes()))
            bound = sequence(
                octets(hashlib.sha256(self.certificate.public_bytes(Encoding.DER)).digest()),
                sequence(issuer, integer(self.certificate.serial_number)),
            )
            made.append(sequence(oid("1.2.840.113549.1.9.16.2.47"), set_of(sequence(sequence(bound)))))
        return made

    def answer(self, query: bytes, at: datetime | None = None, **changes: Any) -> bytes:
        """Answer a TimeStampReq as an authority does: a token, or a rejection."""
        try:
            asked = read_query(query)
        except (ValueError, StopIteration):
            return rejection("the query cannot be read", failure=5)
        by_oid = {oid(dotted)[2:]: name for name, dotted in HASH_OIDS.items()}
        name = by_oid.get(asked.hash_oid, "")
        if name in ("", "md5", "sha1"):
            return rejection("the hash algorithm is not accepted", failure=0)
        if len(asked.digest) != hashlib.new(name).digest_size:
            return rejection("the digest has the wrong length", failure=2)
        given = {"digest": asked.digest, "nonce": asked.nonce, "certificates": asked.certificates, "imprint_hash": name}
        return self.token(at=at, **given | changes)

    @contextmanager
    def serving(self, reply: Callable[[bytes], Reply] | None = None) -> Iterator[Server]:
        """Answer over HTTP on 127.0.0.1 while the context lasts; `reply` answers in its place where given."""
        server = Server("")
        answer = reply or (lambda query: Reply(self.answer(query)))

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                server.queries.append(body)
                if self.headers.get("Content-Type") != QUERY_TYPE:
                    made = Reply(b"send application/timestamp-query", 415, "text/plain")
                else:
                    made = answer(body)
                time.sleep(made.delay_s)
                try:
                    self.send_response(made.status)
                    self.send_header("Content-Type", made.content_type)
                    for name, value in ({"Content-Length": str(len(made.body))} | made.headers).items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(made.body)
                except OSError:  # the client had enough
                    self.close_connection = True

            def log_message(self, *_args: Any) -> None:
                pass

        listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        listening.daemon_threads = True
        server.url = f"http://127.0.0.1:{listening.server_address[1]}/tsa"
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            listening.server_close()
            thread.join()


def _signer_info(
    named: x509.Certificate, key: ec.EllipticCurvePrivateKey, attributes: list[bytes], hash_name: str
) -> bytes:
    signature = key.sign(set_of(*attributes), ec.ECDSA(_HASHES[hash_name], deterministic_signing=True))
    return sequence(
        integer(1),
        sequence(named.issuer.public_bytes(), integer(named.serial_number)),
        algorithm(HASH_OIDS[hash_name]),
        tlv(0xA0, *sorted(attributes)),
        algorithm(_ECDSA_OIDS[hash_name]),
        octets(signature),
    )


def rejection(text: str, *, status: int = 2, failure: int | None = None) -> bytes:
    """Return a TimeStampResp that grants nothing (RFC 3161, 2.4.2)."""
    fields = [integer(status), sequence(tlv(0x0C, text.encode()))]
    if failure is not None:
        bits = bytearray(failure // 8 + 1)
        bits[failure // 8] |= 0x80 >> failure % 8
        fields.append(tlv(0x03, bytes([7 - failure % 8]), bytes(bits)))
    return sequence(sequence(*fields))


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
