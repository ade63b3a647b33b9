"""Keys in hardware tokens, through PKCS#11: smart cards, HSMs, and SoftHSM in tests.

A token is named by a URI: `pkcs11:token=NAME;object=LABEL?module-path=/usr/lib/libmodule.so`. The module is a library that is
loaded into this process, so the URI must come from the person who signs, never from a case. The PIN stands in no URI, because
others on the machine can read the command line.

Each signature opens a session of its own: log in, sign, log out. A wrong PIN is tried once, because tokens lock themselves.

Sources: RFC 7512 (the URI); PKCS #11 v3.1, 6.3 (ECDSA gives r and s side by side, EdDSA what RFC 8032 says; CKA_EC_POINT is
an OCTET STRING in DER).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from casework.attest.keys.private import SigningFailedError
from casework.attest.keys.public import Algorithm, KeyRefusedError, PublicKey, ecdsa_of, ed25519_of, public_key_of

if TYPE_CHECKING:
    from pkcs11 import Session, Token

SCHEME: Final = "pkcs11:"

# Named curves in DER, as CKA_EC_PARAMS holds them (RFC 5480, 2.1.1.1; RFC 8410, 3; PKCS #11 v3.1, 6.3.3: also by name).
_CURVES: Final[dict[bytes, Algorithm]] = {
    bytes.fromhex("06082a8648ce3d030107"): "ecdsa-p256-sha256",
    bytes.fromhex("06052b81040022"): "ecdsa-p384-sha384",
    bytes.fromhex("06032b6570"): "ed25519",
    b"\x13\x0cedwards25519": "ed25519",
}
_TOKEN: Final = ("token", "manufacturer", "serial", "model")
_PATH: Final = frozenset({*_TOKEN, "object", "id", "type"})
_PCT: Final = re.compile(r"(?:[A-Za-z0-9._~:\[\]@!$'()*+,=/-]|%[0-9A-Fa-f]{2}|[&?|])*")


@dataclass(frozen=True, slots=True)
class TokenUri:
    """A PKCS#11 URI, read.

    Attributes:
        module: Absolute path of the library that speaks to the token.
        token: What the token must say of itself: `token` (its label), `manufacturer`, `serial`, `model`.
        label: Label of the private key; any if None.
        id: CKA_ID of the private key; any if None.
        pin_file: File that holds the PIN; None where it is asked for.
    """

    module: str
    token: tuple[tuple[str, str], ...]
    label: str | None
    id: bytes | None
    pin_file: str | None


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A private key in a token. Its text form does not show the PIN."""

    public: PublicKey
    _sign: Callable[[bytes], bytes] = field(repr=False, compare=False)

    @property
    def keyid(self) -> str:
        """Id of the public half."""
        return self.public.keyid

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message, made by the token.

        Raises:
            SigningFailedError: The token did not sign, or its signature does not fit its public key.
        """
        try:
            signature = self._sign(message)
        except KeyRefusedError as error:
            raise SigningFailedError(f"the token no longer offers the key: {error}") from error
        if not self.public.fits_plainly(message, signature):
            raise SigningFailedError("the token's signature does not fit the public key that it names")
        return signature


def read_uri(uri: str) -> TokenUri:
    """Read a PKCS#11 URI (RFC 7512).

    Raises:
        KeyRefusedError: Not of this form, no module, or an attribute that is not known, doubled or unsafe.
    """
    if not uri.startswith(SCHEME):
        raise KeyRefusedError("no PKCS#11 URI: it does not begin with `pkcs11:`")
    path, _, query = uri.removeprefix(SCHEME).partition("?")
    named = _attributes(path, ";", _PATH)
    asked = _attributes(query, "&", frozenset({"module-path", "pin-source"}))
    module = _text(asked, "module-path")
    if module is None or not Path(module).is_absolute():
        raise KeyRefusedError("a PKCS#11 URI needs `?module-path=` with the absolute path of the token's library")
    if named.get("type", b"private") != b"private":
        raise KeyRefusedError("the PKCS#11 URI names no private key: `type` is not `private`")
    if "object" not in named and "id" not in named:
        raise KeyRefusedError("the PKCS#11 URI names no key: give `object` (its label) or `id`")
    held = tuple((name, text) for name in _TOKEN if (text := _text(named, name)) is not None)
    return TokenUri(module, held, _text(named, "object"), named.get("id"), _pin_file(_text(asked, "pin-source")))


def _attributes(text: str, separator: str, known: frozenset[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for part in text.split(separator) if text else ():
        name, equals, value = part.partition("=")
        if name == "pin-value":
            raise KeyRefusedError("a PIN must not stand in a PKCS#11 URI; set CASEWORK_PIN, or use `pin-source`")
        if not equals or name not in known:
            raise KeyRefusedError(f"the PKCS#11 URI has `{name[:40]}`; known are {', '.join(sorted(known))}")
        if name in found:
            raise KeyRefusedError(f"the PKCS#11 URI has `{name}` twice")
        if not _PCT.fullmatch(value):
            raise KeyRefusedError(f"`{name}` of the PKCS#11 URI has a character that must be percent-encoded")
        found[name] = unquote_to_bytes(value)
    return found


def _text(attributes: dict[str, bytes], name: str) -> str | None:
    if name not in attributes:
        return None
    try:
        text = attributes[name].decode("utf-8")
    except UnicodeDecodeError:
        raise KeyRefusedError(f"`{name}` of the PKCS#11 URI is not UTF-8") from None
    if not text.isprintable():  # a zero byte would cut a path short
        raise KeyRefusedError(f"`{name}` of the PKCS#11 URI holds control characters")
    return text


def _pin_file(source: str | None) -> str | None:
    if source is None:
        return None
    path = source.removeprefix("file:")
    path = path.removeprefix("//") if path.startswith("///") else path
    if not path.startswith("/"):  # RFC 7512 also allows a command here, which nobody should have to expect of a URI
        raise KeyRefusedError("`pin-source` of the PKCS#11 URI must be the absolute path of a file")
    return path


def load_token_key(uri: TokenUri, pin: str) -> TokenKey:
    """Find a private key in a token and read its public half.

    Args:
        uri: Which module, token and key.
        pin: The user's PIN. It is kept in memory, because each signature logs in.

    Raises:
        KeyRefusedError: python-pkcs11 is not installed, the module does not load, there is not exactly one such token or
            key, the PIN is refused, or the key is of a kind that is not accepted.
    """
    with _session(uri, pin, KeyRefusedError) as session:
        public = _public_of(session, _private_key(session, uri))
    return TokenKey(public, lambda message: _sign(uri, pin, public.algorithm, message))


def _sign(uri: TokenUri, pin: str, algorithm: Algorithm, message: bytes) -> bytes:
    with _session(uri, pin, SigningFailedError) as session:
        from pkcs11 import Attribute, Mechanism

        key = _private_key(session, uri)
        # Some keys want the PIN for each signature (CKA_ALWAYS_AUTHENTICATE), also within a session that is logged in.
        again = {"pin": pin} if _attribute(key, Attribute.ALWAYS_AUTHENTICATE) else {}
        if algorithm == "ed25519":
            return bytes(key.sign(message, mechanism=Mechanism.EDDSA, **again))
        digest = (hashlib.sha384 if algorithm == "ecdsa-p384-sha384" else hashlib.sha256)(message).digest()
        return _der(bytes(key.sign(digest, mechanism=Mechanism.ECDSA, **again)))


def _der(raw: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    half = len(raw) // 2
    return encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))


@contextmanager
def _session(uri: TokenUri, pin: str, error: type[ValueError]) -> Iterator[Session]:
    try:
        import pkcs11
    except ImportError:
        raise error("keys in tokens need python-pkcs11; install it with: pip install 'casework[pkcs11]'") from None
    try:
        with _token(pkcs11.lib(uri.module), uri).open(user_pin=pin) as session:
            yield session
    except pkcs11.PKCS11Error as problem:
        raise error(_explained(problem, uri)) from problem


def _explained(problem: Exception, uri: TokenUri) -> str:
    import pkcs11

    match problem:
        case pkcs11.PinIncorrect() | pkcs11.PinInvalid() | pkcs11.PinLenRange():
            return "the token refuses the PIN; it locks itself after a few wrong ones"
        case pkcs11.PinLocked():
            return "the token has locked itself after wrong PINs; its security officer can unlock it"
        case pkcs11.MechanismInvalid():
            return "the token does not offer the signature scheme of this key"
        case _:
            name = type(problem).__name__
            what = str(problem)[:200] or "no reason given"
            return f"the module {uri.module} answers {name}: {what}"


def _token(library: Any, uri: TokenUri) -> Token:
    from pkcs11 import TokenFlag

    present = list(library.get_tokens(token_flags=TokenFlag.TOKEN_INITIALIZED))
    found = [one for one in present if all(_says(one, name) == text for name, text in uri.token)]
    if len(found) != 1:
        held = ", ".join(sorted(f"`{one.label}`" for one in present)) or "none"
        raise KeyRefusedError(f"{len(found)} tokens fit the URI where one is expected; the module has {held}")
    token: Token = found[0]
    return token


def _says(token: Token, name: str) -> str:
    match name:
        case "token":
            return token.label
        case "serial":
            return token.serial.decode("utf-8", "replace").strip()
        case "manufacturer":
            return token.manufacturer_id
        case _:
            return token.model


def _private_key(session: Session, uri: TokenUri) -> Any:
    from pkcs11 import Attribute, ObjectClass

    wanted: dict[Attribute, Any] = {Attribute.CLASS: ObjectClass.PRIVATE_KEY}
    if uri.label is not None:
        wanted[Attribute.LABEL] = uri.label
    if uri.id is not None:
        wanted[Attribute.ID] = uri.id
    found = list(session.get_objects(wanted))
    if len(found) != 1:
        raise KeyRefusedError(f"{len(found)} private keys in the token fit the URI where one is expected")
    return found[0]


def _public_of(session: Session, key: Any) -> PublicKey:
    """Return the public half: of the private key itself, or of the public key or certificate with the same id."""
    from pkcs11 import Attribute, ObjectClass

    curve = _CURVES.get(_attribute(key, Attribute.EC_PARAMS) or b"")
    if curve is None:
        raise KeyRefusedError("the key in the token is not Ed25519, P-256 or P-384")
    held = _attribute(key, Attribute.EC_POINT)
    number = _attribute(key, Attribute.ID)
    if held is None and number:
        for one in session.get_objects({Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.ID: number}):
            held = _attribute(one, Attribute.EC_POINT)
    if held is not None:
        return _of_point(curve, held)
    if number:
        for one in session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE, Attribute.ID: number}):
            return _of_certificate(_attribute(one, Attribute.VALUE) or b"", curve)
    raise KeyRefusedError("the token holds neither a public key nor a certificate with the id of the private key")


def _of_point(curve: Algorithm, held: bytes) -> PublicKey:
    size = {"ed25519": 32, "ecdsa-p256-sha256": 65, "ecdsa-p384-sha384": 97}[curve]
    # An OCTET STRING in DER; some modules hold the bare point instead. All these lengths fit one byte.
    point = held[2:] if held[:2] == bytes([4, size]) and len(held) == size + 2 else held
    if curve == "ed25519":
        return ed25519_of(point)
    return ecdsa_of("P-256" if curve == "ecdsa-p256-sha256" else "P-384", point)


def _of_certificate(der: bytes, curve: Algorithm) -> PublicKey:
    from cryptography.x509 import load_der_x509_certificate

    try:
        public = public_key_of(load_der_x509_certificate(der).public_key())
    except KeyRefusedError:
        raise
    except ValueError as error:
        raise KeyRefusedError("the certificate in the token cannot be read") from error
    if public.algorithm != curve:
        raise KeyRefusedError("the certificate in the token is of another kind of key")
    return public


def _attribute(held: Any, name: Any) -> Any:
    """Return an attribute of an object in the token; None where it has none."""
    import pkcs11

    try:
        return held[name]
    except (pkcs11.AttributeTypeInvalid, pkcs11.AttributeSensitive, pkcs11.FunctionFailed):
        return None
