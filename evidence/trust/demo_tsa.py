"""The demo time-stamp authority: answers RFC 3161 queries on this machine, with a private key that is published.

**Its stamps prove nothing: everybody can make them, with any time.** It lets this repository's case be time-stamped without
an account or a network.

Run: `python evidence/trust/demo_tsa.py [--port N] [--at 2026-11-22T12:00:00Z]`. It prints its address and serves until it is
stopped. With `--at` it states that moment in every stamp, and equal queries get equal stamps. With `--own FOLDER` it makes a new
key and certificates there (`tsa.pem`, `tsa-chain.pem`), to rehearse with a policy that is not a demo; it is worth no more for that.

Sources: RFC 3161 (queries, answers, TSTInfo; 3.4 for HTTP), RFC 5652 (SignedData), RFC 5035 (ESSCertIDv2), X.690 (DER).
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HERE: Final = Path(__file__).parent
SHA256: Final = "2.16.840.1.101.3.4.2.1"
POLICY: Final = "1.3.6.1.4.1.32473.1.1"  # below the arc for documentation (RFC 5612)
TST_INFO, SIGNED_DATA = "1.2.840.113549.1.9.16.1.4", "1.2.840.113549.1.7.2"
MAX_QUERY: Final = 4096


def _tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def _seq(*parts: bytes) -> bytes:
    return _tlv(0x30, *parts)


def _int(value: int) -> bytes:
    return _tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def _oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    body = b""
    for number in (40 * first + second, *rest):
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.append(0x80 | number & 0x7F)
        body += bytes(reversed(digits))
    return _tlv(0x06, body)


def _attribute(dotted: str, value: bytes) -> bytes:
    return _seq(_oid(dotted), _tlv(0x31, value))


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        tag, size, at = data[at], data[at + 1], at + 2
        if size & 0x80:
            size, at = int.from_bytes(data[at : at + (size & 0x7F)], "big"), at + (size & 0x7F)
        if at + size > len(data):
            raise ValueError("cut short")
        yield tag, data[at : at + size]
        at += size


class Authority(NamedTuple):
    """The files of an authority: its certificates, its own first, and its private key; PEM."""

    chain: Path = HERE / "demo-tsa-chain.pem"
    key: Path = HERE / "demo-keys" / "demo-tsa.pem"


DEMO: Final = Authority()


def new_authority(folder: Path, moment: datetime) -> Authority:
    """Make an authority in a folder, valid for a year from a moment on, unless one lies there."""
    made = Authority(folder / "tsa-chain.pem", folder / "tsa.pem")
    if made.chain.exists():
        return made
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    chain: list[x509.Certificate] = []
    for number, what in enumerate(("root", "signer")):
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Rehearsal time-stamp {what}")])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(chain[0].subject if chain else subject)
            .public_key(keys[number].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(moment - timedelta(days=1))
            .not_valid_after(moment + timedelta(days=365))
            .add_extension(x509.BasicConstraints(ca=not chain, path_length=None), critical=True)
        )
        if chain:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        chain.append(builder.sign(keys[0], hashes.SHA256()))
    folder.mkdir(parents=True, exist_ok=True)
    made.key.write_bytes(keys[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    made.chain.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in reversed(chain)))
    return made


def answer(query: bytes, moment: datetime, authority: Authority = DEMO) -> bytes:
    """Answer a query for a stamp over a SHA-256 digest; anything else is rejected (RFC 3161, 2.4.2).

    Args:
        query: TimeStampReq, DER.
        moment: Time to state, with a time zone; whole seconds count.
        authority: Whose stamp.
    """
    try:
        ((_, body),) = _parts(query)
        (_, version), (_, imprint), *rest = _parts(body)
        (_, kind), (_, digest) = _parts(imprint)
        known = version == b"\x01" and next(_parts(kind))[1] == _oid(SHA256)[2:] and len(digest) == 32
    except (ValueError, IndexError, StopIteration):
        known, rest, digest = False, [], b""
    if not known:
        return _seq(_seq(_int(2), _seq(_tlv(0x0C, b"only version 1 queries over SHA-256 are answered"))))
    nonce = next((value for tag, value in rest if tag == 0x02), None)
    return _seq(_seq(_int(0)), _token(digest, nonce, moment, authority))


def _token(digest: bytes, nonce: bytes | None, moment: datetime, authority: Authority) -> bytes:
    certificates = x509.load_pem_x509_certificates(authority.chain.read_bytes())
    signer, der = certificates[0], certificates[0].public_bytes(Encoding.DER)
    key = load_pem_private_key(authority.key.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the demo key is on P-256")
    when = _tlv(0x18, moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode())
    serial = int.from_bytes(hashlib.sha256(digest + when + (nonce or b"")).digest()[:12], "big")
    info = _seq(
        _int(1), _oid(POLICY), _seq(_seq(_oid(SHA256)), _tlv(0x04, digest)), _int(serial), when, _seq(_int(1)),
        b"" if nonce is None else _tlv(0x02, nonce),
    )  # fmt: skip
    attributes = sorted(
        (
            _attribute("1.2.840.113549.1.9.3", _oid(TST_INFO)),
            _attribute("1.2.840.113549.1.9.4", _tlv(0x04, hashlib.sha256(info).digest())),
            _attribute("1.2.840.113549.1.9.16.2.47", _seq(_seq(_seq(_tlv(0x04, hashlib.sha256(der).digest()))))),
        )
    )
    signature = key.sign(_tlv(0x31, *attributes), ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    signer_info = _seq(
        _int(1), _seq(signer.issuer.public_bytes(), _int(signer.serial_number)), _seq(_oid(SHA256)),
        _tlv(0xA0, *attributes), _seq(_oid("1.2.840.10045.4.3.2")), _tlv(0x04, signature),
    )  # fmt: skip
    embedded = sorted(one.public_bytes(Encoding.DER) for one in certificates)
    signed = _seq(
        _int(3), _tlv(0x31, _seq(_oid(SHA256))), _seq(_oid(TST_INFO), _tlv(0xA0, _tlv(0x04, info))),
        _tlv(0xA0, *embedded), _tlv(0x31, signer_info),
    )  # fmt: skip
    return _seq(_oid(SIGNED_DATA), _tlv(0xA0, signed))


def serve(port: int, at: datetime | None = None, authority: Authority = DEMO) -> ThreadingHTTPServer:
    """Return a server on the loopback interface that answers queries; port 0 takes any that is free."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = self.headers.get("Content-Length", "")
            if not size.isdecimal() or int(size) > MAX_QUERY:
                self.send_error(413)
                return
            reply = answer(self.rfile.read(int(size)), at or datetime.now(UTC), authority)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_args: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} has no time zone; write 2026-11-22T12:00:00Z")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=3161, help="port on 127.0.0.1; 0 for any that is free")
    parser.add_argument("--at", type=_moment, help="moment to state in every stamp (default: now)")
    parser.add_argument("--own", type=Path, metavar="FOLDER", help="make and serve an authority of your own there")
    parser.add_argument("--minutes", type=float, help="stop after this time (default: never)")
    arguments = parser.parse_args()
    whose = new_authority(arguments.own, datetime.now(UTC)) if arguments.own else DEMO
    with serve(arguments.port, arguments.at, whose) as server:
        if arguments.minutes:
            timer = threading.Timer(60 * arguments.minutes, server.shutdown)
            timer.daemon = True
            timer.start()
        sys.stdout.write(f"http://127.0.0.1:{server.server_address[1]}/\n")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            sys.stdout.write("stopped\n")
