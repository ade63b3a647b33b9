"""A Sigstore trusted root: exactly the bytes that are handed in, and only what was valid at the time of signing.

The library would take the root from the user's cache, asks the system clock which keys have begun, does not look at
the days of a certificate authority or a log, and counts the last moment of a time-stamp authority as outside. So the
validity windows are judged here, at the times that a bundle claims and that its verification then proves, with both
ends inside (as the format defines `TimeRange`); the library gets what is left, with the windows open.

Source: sigstore_trustroot.proto and sigstore_common.proto, https://github.com/sigstore/protobuf-specs.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from casework.artifact.strict_json import read_json
from casework.attest.carrier import Problem
from casework.attest.codes import shown

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from sigstore.models import TrustedRoot
    from sigstore.verify import Verifier

_PARTS: Final = ("certificateAuthorities", "ctlogs", "timestampAuthorities", "tlogs")
_ALWAYS: Final = {"start": "1970-01-01T00:00:00Z"}


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when an authority or a log of the root was in use; both ends are inside."""

    start: datetime
    end: datetime | None

    def holds(self, times: Sequence[datetime]) -> bool:
        """Tell whether each of the times lies inside."""
        return all(self.start <= time and (self.end is None or time <= self.end) for time in times)


@dataclass(frozen=True, slots=True)
class StampAuthority:
    """A time-stamp authority of the root: its signing certificate first, its root last."""

    chain: tuple[Certificate, ...] = field(repr=False)
    window: Window


@dataclass(frozen=True, slots=True)
class Root:
    """A trusted root that could be read.

    Attributes:
        value: The document.
        windows: For each part of it, the window of each entry.
        authorities: Its time-stamp authorities.
    """

    value: dict[str, Any] = field(repr=False)
    windows: dict[str, tuple[Window, ...]]
    authorities: tuple[StampAuthority, ...]

    def __hash__(self) -> int:
        return id(self)


@lru_cache(maxsize=4)
def read_root(data: bytes) -> Root | Problem:
    """Read a trusted root.

    Args:
        data: Bytes of `trusted_root.json`.

    Returns:
        The root, or the problem `SIG-011` or that of its JSON. Never raises, whatever the bytes.
    """
    reading = read_json(data)
    if reading.problem is not None:
        found = reading.problem
        return Problem("SIG-011", f"the trusted root cannot be read: {found.message} ({found.code})")
    try:
        _library_root(reading.value)
        windows = {part: tuple(_window(part, one) for one in reading.value.get(part, [])) for part in _PARTS}
        chains = [_chain(one) for one in reading.value.get("timestampAuthorities", [])]
    except Exception as error:  # noqa: BLE001 - the library and its parts raise many kinds, for foreign bytes alike
        return Problem("SIG-011", f"the trusted root cannot be read: {said(error)}")
    authorities = zip(chains, windows["timestampAuthorities"], strict=True)
    return Root(reading.value, windows, tuple(StampAuthority(chain, window) for chain, window in authorities))


@lru_cache(maxsize=32)
def _kept(root: Root, kept: tuple[tuple[int, ...], ...]) -> TrustedRoot:
    value = dict(root.value)
    for part, indices in zip(_PARTS, kept, strict=True):
        value[part] = [_opened(part, root.value[part][index]) for index in indices]
    return _library_root(value)


@lru_cache(maxsize=32)
def _verifier(root: TrustedRoot) -> Verifier:
    from sigstore.verify import Verifier

    return Verifier(trusted_root=root)


def root_at(root: Root, times: Sequence[datetime], logged: Sequence[datetime]) -> TrustedRoot:
    """Return the library's form of a root, with nothing in it but what was valid at all given times.

    Args:
        root: The root.
        times: Times of signing.
        logged: Times at which the certificate was logged; they judge the logs of certificates.
    """
    at = {"ctlogs": logged or times}
    kept = tuple(
        tuple(index for index, window in enumerate(root.windows[part]) if window.holds(at.get(part, times)))
        for part in _PARTS
    )
    return _kept(root, kept)


def verifier_at(root: Root, times: Sequence[datetime], logged: Sequence[datetime]) -> Verifier:
    """Return the library's verifier over what `root_at` leaves. It touches neither network nor cache.

    Raises:
        Exception: Nothing that is needed was valid at those times.
    """
    return _verifier(root_at(root, times, logged))


def stamped_at(token: bytes, message: bytes, root: Root) -> datetime | None:
    """Return the time of a time-stamp response over a message, or None where no authority of the root gave it.

    The certificate that signed must be the authority's own, not one that the response brings along.
    """
    from rfc3161_client import VerifierBuilder, decode_timestamp_response

    response = _tried(lambda: decode_timestamp_response(token))
    if response is None:
        return None
    for authority in root.authorities:
        builder = VerifierBuilder().tsa_certificate(authority.chain[0]).add_root_certificate(authority.chain[-1])
        for certificate in authority.chain[1:-1]:
            builder = builder.add_intermediate_certificate(certificate)
        verifier = builder.build()
        if _tried(partial(verifier.verify_message, response, message)) is not True:
            continue
        time = response.tst_info.gen_time
        if authority.window.holds([time]):
            return _zoned(time)
    return None


def claimed_at(token: bytes) -> datetime | None:
    """Return the time that a time-stamp response states, unproven; None where it cannot be read."""
    from rfc3161_client import decode_timestamp_response

    time = _tried(lambda: decode_timestamp_response(token).tst_info.gen_time)
    return None if time is None else _zoned(time)


def said(error: BaseException, secret: str = "") -> str:
    """Return what a library says of foreign bytes, on one line and fit for a message; a secret in it is left out."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        return shown(f"`{'.'.join(map(str, first['loc']))}`: {first['msg']}", 200)
    text = str(error).replace(secret, "(secret)") if secret else str(error)
    return shown(" ".join(text.split()) or type(error).__name__, 200)


def _tried(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except Exception:  # noqa: BLE001 - readers of DER raise many kinds
        return None


def _zoned(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _library_root(value: Any) -> TrustedRoot:
    # A library speaks up on standard error unless somebody listens; what it has to say of foreign bytes is in our text.
    logging.getLogger("sigstore").addHandler(_SILENT)
    from sigstore.models import ClientTrustConfig

    config = {
        "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        "trustedRoot": value,
        "signingConfig": {"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json"},
    }
    return ClientTrustConfig.from_json(json.dumps(config)).trusted_root


_SILENT: Final = logging.NullHandler()


def _window(part: str, entry: dict[str, Any]) -> Window:
    stated = entry["publicKey"].get("validFor") if part in {"ctlogs", "tlogs"} else entry["validFor"]
    if stated is None:
        raise ValueError(f"an entry of `{part}` does not say from when it was valid")
    start, end = (datetime.fromisoformat(stated[name]) if stated.get(name) else None for name in ("start", "end"))
    if start is None or start.tzinfo is None or (end is not None and end.tzinfo is None):
        raise ValueError(f"an entry of `{part}` does not say from when it was valid, with a time zone")
    return Window(start, end)


def _chain(entry: dict[str, Any]) -> tuple[Certificate, ...]:
    import base64

    from cryptography.x509 import load_der_x509_certificate

    certificates = entry["certChain"]["certificates"]
    if len(certificates) < 2:
        raise ValueError("a time-stamp authority is listed without its root")
    return tuple(load_der_x509_certificate(base64.b64decode(one["rawBytes"])) for one in certificates)


def _opened(part: str, entry: dict[str, Any]) -> dict[str, Any]:
    if part in {"ctlogs", "tlogs"}:
        return {**entry, "publicKey": {**entry["publicKey"], "validFor": _ALWAYS}}
    return {**entry, "validFor": _ALWAYS}
