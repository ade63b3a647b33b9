"""A Sigstore instance of our own: identity provider, certificate authority, logs and time stamps, on 127.0.0.1.

It speaks the real protocols over real HTTP, so that keyless signing runs end to end with the `sigstore` package as its client;
or it makes bundles in-process, at any time. Each service has a clock of its own, so that they can contradict one another.

Sources: https://github.com/sigstore/fulcio (interface v2; docs/oid-info.md for the extensions); OpenID Connect Discovery 1.0;
trusted root and signing configuration, https://github.com/sigstore/protobuf-specs.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_public_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from doubles.sigstore_authority import ARC, authority, extensions_of, name_of, usage
from doubles.sigstore_logs import CertificateLog, Rekor, b64, ec_key, ecdsa, spki
from doubles.tsa import Tsa

IN_TOTO: Final = "application/vnd.in-toto+json"
BUNDLE_V03: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
GITHUB: Final = "https://token.actions.githubusercontent.com"
WORKFLOW: Final = "example/shuttle/.github/workflows/evidence.yml@refs/heads/main"
RUN: Final[dict[str, str]] = {
    "sub": "repo:example/shuttle:ref:refs/heads/main",
    "job_workflow_ref": WORKFLOW,
    "repository": "example/shuttle",
    "repository_id": "4711",
    "repository_owner_id": "42",
    "repository_visibility": "private",
    "ref": "refs/heads/main",
    "sha": "a" * 40,
    "event_name": "push",
    "runner_environment": "github-hosted",
    "run_id": "77",
}
"""Claims of the token of a run in a hosted pipeline."""


def pae(payload_type: str, payload: bytes) -> bytes:
    return b"DSSEv1 %d %b %d %b" % (len(payload_type), payload_type.encode(), len(payload), payload)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


class Instance:
    """A Sigstore instance.

    Args:
        seed: What all keys are derived from.
        clock: Time of the certificate authority, the logs and, unless given, of the time stamps.
        stamp_clock: Time of the time-stamp authority.
    """

    def __init__(
        self,
        seed: str = "instance",
        *,
        clock: Callable[[], datetime] = _now,
        stamp_clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.clock = clock
        self.issuer_key = ec_key(seed, "issuer")
        self.root, root_key = authority(seed, "root", None)
        self.intermediate, self.authority_key = authority(seed, "intermediate", (self.root, root_key))
        self.ct_log = CertificateLog(seed)
        self.rekor = Rekor(seed, f"log.{seed}.example", 2)
        self.rekor_v1 = Rekor(seed, f"old-log.{seed}.example - 1", 1)
        self.tsa = Tsa(f"{seed} TSA", clock=stamp_clock or clock)
        self.requests: list[str] = []
        self.url = ""
        self._lock = threading.Lock()

    # What others are told of it

    def trusted_root(self, **windows: dict[str, str]) -> bytes:
        """Its `trusted_root.json`; `windows` gives `validFor` for `ca`, `ct`, `tsa`, `rekor`, `rekor_v1`."""
        always = {"start": "2015-01-01T00:00:00Z"}

        def log(name: str, one: Rekor | CertificateLog, details: str) -> dict[str, Any]:
            public = {"rawBytes": b64(spki(one.key.public_key())), "keyDetails": details}
            return {
                "baseUrl": f"https://{name}.example",
                "hashAlgorithm": "SHA2_256",
                "publicKey": public | {"validFor": windows.get(name, always)},
                "logId": {"keyId": b64(one.log_id)},
            }

        def chained(name: str, chain: list[x509.Certificate]) -> dict[str, Any]:
            raw = [{"rawBytes": b64(one.public_bytes(Encoding.DER))} for one in chain]
            return {
                "subject": {"organization": "example", "commonName": name},
                "uri": f"https://{name}.example",
                "certChain": {"certificates": raw},
                "validFor": windows.get(name, always),
            }

        value = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [
                log("rekor", self.rekor, "PKIX_ED25519"),
                log("rekor_v1", self.rekor_v1, "PKIX_ECDSA_P256_SHA_256"),
            ],
            "certificateAuthorities": [chained("ca", [self.intermediate, self.root])],
            "ctlogs": [log("ct", self.ct_log, "PKIX_ECDSA_P256_SHA_256")],
            "timestampAuthorities": [chained("tsa", [self.tsa.certificate, *self.tsa.issuers])],
        }
        return json.dumps(value, indent=1).encode()

    def signing_config(self) -> bytes:
        """Its addresses while it serves."""

        def service(path: str, version: int) -> list[dict[str, Any]]:
            valid = {"start": "2015-01-01T00:00:00Z"}
            return [{"url": self.url + path, "majorApiVersion": version, "operator": "example", "validFor": valid}]

        value = {
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": service("", 1),
            "oidcUrls": service("/oidc", 1),
            "rekorTlogUrls": service("/rekor", 2),
            "rekorTlogConfig": {"selector": "ANY"},
            "tsaUrls": service("/tsa", 1),
            "tsaConfig": {"selector": "ANY"},
        }
        return json.dumps(value).encode()

    # Identity provider

    def token(self, claims: dict[str, str] | None = None, *, issuer: str = "", lifetime_s: int = 300) -> str:
        """An identity token: of a run (`RUN`) unless other claims are given. Its times are real: clients look at them."""
        now = int(datetime.now(UTC).timestamp())
        stated = {
            "iss": issuer or self.url + "/oidc",
            "aud": "sigstore",
            "iat": now,
            "nbf": now,
            "exp": now + lifetime_s,
        }
        return jwt.encode(stated | (claims or RUN), self.issuer_key, algorithm="ES256", headers={"kid": "1"})

    def _oidc(self, path: str) -> bytes | None:
        issuer = self.url + "/oidc"
        match path:
            case "/oidc/.well-known/openid-configuration":
                return json.dumps(
                    {
                        "issuer": issuer,
                        "jwks_uri": issuer + "/keys",
                        "authorization_endpoint": issuer + "/auth",
                        "token_endpoint": issuer + "/token",
                    }
                ).encode()
            case "/oidc/keys":
                key = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self.issuer_key.public_key()))
                return json.dumps({"keys": [key | {"kid": "1", "alg": "ES256"}]}).encode()
            case "/oidc/token":
                return json.dumps({"value": self.token()}).encode()
            case _:
                return None

    # Certificate authority

    def signing_cert(self, request: dict[str, str], authorization: str) -> dict[str, Any]:
        """Answer a certificate request; raises where the token is not the issuer's or the request not its holder's."""
        token = authorization.removeprefix("Bearer ")
        with urllib.request.urlopen(self.url + "/oidc/.well-known/openid-configuration", timeout=5) as found:
            config = json.load(found)
        key = jwt.PyJWKClient(config["jwks_uri"]).get_signing_key_from_jwt(token).key
        claims = jwt.decode(token, key, algorithms=["ES256"], audience="sigstore", issuer=config["issuer"])
        asked = x509.load_pem_x509_csr(base64.b64decode(request["certificateSigningRequest"]))
        if not asked.is_signature_valid:
            raise ValueError("the request is not signed with its key")
        chain = [self.certificate(claims, asked.public_key(), self.clock()), self.intermediate, self.root]
        pem = [one.public_bytes(Encoding.PEM).decode() for one in chain]
        return {"signedCertificateEmbeddedSct": {"chain": {"certificates": pem}}}

    def certificate(
        self,
        claims: dict[str, Any],
        key: Any,
        at: datetime,
        *,
        lifetime: timedelta = timedelta(minutes=10),
        names: list[x509.GeneralName] | None = None,
        extensions: list[tuple[int, bytes]] | None = None,
        ct_log: CertificateLog | None = None,
    ) -> x509.Certificate:
        """A signing certificate with all extensions that the claims give, logged."""
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.intermediate.subject)
            .public_key(key)
            .serial_number(int.from_bytes(hashlib.sha256(spki(key) + str(at).encode()).digest()[:15], "big"))
            .not_valid_before(at)
            .not_valid_after(at + lifetime)
            .add_extension(usage(authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.authority_key.public_key()), critical=False
            )
            .add_extension(x509.SubjectAlternativeName(names or [name_of(claims)]), critical=True)
        )
        for number, value in extensions if extensions is not None else extensions_of(claims):
            builder = builder.add_extension(
                x509.UnrecognizedExtension(x509.ObjectIdentifier(f"{ARC}.{number}"), value), critical=False
            )
        bare = builder.sign(self.authority_key, hashes.SHA256())
        logged = builder.add_extension((ct_log or self.ct_log).extension(bare, self.intermediate, at), critical=False)
        return logged.sign(self.authority_key, hashes.SHA256())

    # Bundles, without HTTP

    def bundle(
        self,
        payload: bytes,
        claims: dict[str, Any] | None = None,
        *,
        at: datetime | None = None,
        stamped: datetime | None = None,
        rekor: int = 2,
        stamp: bool = True,
        payload_type: str = IN_TOTO,
        **certificate: Any,
    ) -> dict[str, Any]:
        """A bundle over a payload, signed at a time, logged in Rekor of a version (1 states the time), and stamped."""
        moment = at or self.clock()
        key = ec_key("signer", str(len(self.rekor.bodies)))
        leaf = self.certificate(
            {"iss": GITHUB} | (claims or RUN), key.public_key(), moment - timedelta(minutes=1), **certificate
        )
        signature = ecdsa(key, pae(payload_type, payload))
        der = leaf.public_bytes(Encoding.DER)
        verifier = {"x509Certificate": {"rawBytes": b64(der)}, "keyDetails": "PKIX_ECDSA_P256_SHA_256"}
        pem = leaf.public_bytes(Encoding.PEM)
        entry = self._entry(payload_type, payload, signature, verifier, pem, moment if rekor == 1 else None)
        material = {"certificate": {"rawBytes": b64(der)}}
        return self._bundle(payload_type, payload, signature, material, entry, (stamped or moment) if stamp else None)

    def key_bundle(
        self,
        payload: bytes,
        key: Any,
        *,
        hint: str = "",
        at: datetime | None = None,
        rekor: int = 0,
        stamp: bool = False,
        payload_type: str = IN_TOTO,
    ) -> dict[str, Any]:
        """A bundle signed with a managed key (anything with `public.pem` and `sign`); logged and stamped where asked for."""
        moment = at or self.clock()
        signature = key.sign(pae(payload_type, payload))
        der = spki(load_pem_public_key(key.public.pem))
        verifier = {"publicKey": {"rawBytes": b64(der)}, "keyDetails": "PKIX_ECDSA_P256_SHA_256"}
        at_log = moment if rekor == 1 else None
        entry = self._entry(payload_type, payload, signature, verifier, key.public.pem, at_log) if rekor else None
        material = {"publicKey": {"hint": hint} if hint else {}}
        return self._bundle(payload_type, payload, signature, material, entry, moment if stamp else None)

    def _entry(
        self,
        payload_type: str,
        payload: bytes,
        signature: bytes,
        verifier: dict[str, Any],
        pem: bytes,
        promised: datetime | None,
    ) -> dict[str, Any]:
        if promised is None:
            digest = hashlib.sha256(pae(payload_type, payload)).digest()
            signed = {"content": b64(signature), "verifier": verifier}
            return self.rekor.create({"hashedRekordRequestV002": {"digest": b64(digest), "signature": signed}})
        spec = {
            "envelopeHash": {"algorithm": "sha256", "value": "0" * 64},
            "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
            "signatures": [{"signature": b64(signature), "verifier": b64(pem)}],
        }
        return self.rekor_v1.entry("dsse", "0.0.1", spec, promised)

    def _bundle(
        self,
        payload_type: str,
        payload: bytes,
        signature: bytes,
        material: dict[str, Any],
        entry: dict[str, Any] | None,
        stamped: datetime | None,
    ) -> dict[str, Any]:
        tokens = [{"signedTimestamp": b64(self.tsa.token(signature, stamped))}] if stamped is not None else []
        return {
            "mediaType": BUNDLE_V03,
            "verificationMaterial": material
            | {"tlogEntries": [entry] if entry is not None else []}
            | ({"timestampVerificationData": {"rfc3161Timestamps": tokens}} if tokens else {}),
            "dsseEnvelope": {
                "payload": b64(payload),
                "payloadType": payload_type,
                "signatures": [{"sig": b64(signature)}],
            },
        }

    # Over HTTP

    def answer(self, method: str, path: str, body: bytes, authorization: str) -> tuple[int, str, bytes]:
        """Answer one request: status, content type, body."""
        self.requests.append(f"{method} {path}")
        try:
            if (method, path) == ("POST", "/api/v2/signingCert"):
                return 200, "application/json", json.dumps(self.signing_cert(json.loads(body), authorization)).encode()
            if (method, path) == ("POST", "/rekor/api/v2/log/entries"):
                with self._lock:
                    return 201, "application/json", json.dumps(self.rekor.create(json.loads(body))).encode()
            if (method, path) == ("POST", "/tsa"):
                return 200, "application/timestamp-reply", self.tsa.answer(body)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a request is the client's to hear
            return 400, "application/json", json.dumps({"code": 3, "message": type(error).__name__}).encode()
        found = self._oidc(path) or self.rekor.read(path.removeprefix("/rekor/api/v2/"))
        return (200, "application/json", found) if found is not None else (404, "text/plain", b"no such thing")

    @contextmanager
    def serving(self) -> Iterator[Instance]:
        """Serve on a free port of 127.0.0.1 while the context lasts."""
        instance = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._reply("GET")

            def do_POST(self) -> None:
                self._reply("POST")

            def _reply(self, method: str) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                authorization = self.headers.get("Authorization", "")
                status, kind, content = instance.answer(method, self.path, body, authorization)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_args: Any) -> None:
                pass

        listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        listening.daemon_threads = True
        self.url = f"http://127.0.0.1:{listening.server_address[1]}"
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            listening.shutdown()
            listening.server_close()
            thread.join()
