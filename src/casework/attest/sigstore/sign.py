"""Keyless signing: a certificate for an OpenID Connect token, one signature, an entry in a log, a time stamp.

Which instance signs is the caller's choice and stands in the bytes handed in: its addresses in a signing configuration,
its keys in a trusted root. Nothing is looked up, and there is no default, so a signature never ends up in the log of the
public instance because something was missing.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from casework.artifact.strict_json import read_json
from casework.attest.carrier import Problem
from casework.attest.codes import shown
from casework.attest.sigstore.bundle import check_signed
from casework.attest.sigstore.root import read_root, said

if TYPE_CHECKING:
    from sigstore.models import ClientTrustConfig

IN_TOTO: Final = "application/vnd.in-toto+json"
"""The one payload type that Sigstore signs in envelopes."""

_SERVICES: Final = {"caUrls": "certificate authority", "rekorTlogUrls": "transparency log"}
_ALL_SERVICES: Final = ("caUrls", "oidcUrls", "rekorTlogUrls", "tsaUrls")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class KeylessSigningError(ValueError):
    """Keyless signing was not possible; the text says why, and never shows the token."""


def sign_keyless(payload_type: str, payload: bytes, *, instance: bytes, trusted_root: bytes, token: str) -> bytes:
    """Sign a statement under the identity of an OpenID Connect token and return the Sigstore bundle.

    Goes over the network to the services that `instance` names, and to no other.

    Args:
        payload_type: `application/vnd.in-toto+json`.
        payload: The statement, an in-toto Statement v1.
        instance: Signing configuration v0.2 of the Sigstore instance, JSON.
        trusted_root: Its `trusted_root.json`.
        token: Identity token with audience `sigstore`. It is a secret.

    Returns:
        The bundle (v0.3), which has been verified against the trusted root.

    Raises:
        KeylessSigningError: An argument is not as stated, a service refused or could not be reached, or what came back does
            not verify.
    """
    if payload_type != IN_TOTO:
        raise KeylessSigningError(f"Sigstore signs payloads of type `{IN_TOTO}` only, not `{shown(payload_type)}`")
    if not _TOKEN.fullmatch(token):
        raise KeylessSigningError("the identity token is no JSON Web Token")
    config = _config(instance, trusted_root)
    try:
        bundle = _signed(payload, config, token)
    except Exception as error:  # noqa: BLE001 - the library and its parts raise many kinds, for the network and for tokens alike
        raise KeylessSigningError(f"keyless signing failed: {said(error, token)}") from None
    problem = check_signed(bundle, trusted_root, payload_type, payload)
    if problem is not None:
        raise KeylessSigningError(f"what the services returned does not verify: {problem.message} ({problem.code})")
    return bundle


def _signed(payload: bytes, config: ClientTrustConfig, token: str) -> bytes:
    from sigstore.dsse import Statement
    from sigstore.oidc import IdentityToken
    from sigstore.sign import SigningContext

    with SigningContext.from_trust_config(config).signer(IdentityToken(token)) as signer:
        return signer.sign_dsse(Statement(payload)).to_json().encode("utf-8")


def _config(instance: bytes, trusted_root: bytes) -> ClientTrustConfig:
    reading = read_json(instance)
    if reading.problem is not None or not isinstance(reading.value, dict):
        why = reading.problem.message if reading.problem is not None else "it is no JSON object"
        raise KeylessSigningError(f"the signing configuration cannot be read: {why}")
    for service in _ALL_SERVICES:
        _check_addresses(reading.value, service)
    root = read_root(trusted_root)
    if isinstance(root, Problem):
        raise KeylessSigningError(f"{root.message} ({root.code})")
    from sigstore.models import ClientTrustConfig

    value = {
        "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        "trustedRoot": root.value,
        "signingConfig": reading.value,
    }
    try:
        return ClientTrustConfig.from_json(json.dumps(value))
    except ValueError as error:
        raise KeylessSigningError(f"the signing configuration cannot be read: {said(error)}") from error


def _check_addresses(config: dict[str, Any], service: str) -> None:
    listed = config.get(service, [])
    addresses = (
        [one.get("url") if isinstance(one, dict) else None for one in listed] if isinstance(listed, list) else []
    )
    if service in _SERVICES and not addresses:
        raise KeylessSigningError(f"the signing configuration names no {_SERVICES[service]} (`{service}`)")
    for address in addresses:
        if not (isinstance(address, str) and _is_safe(address)):
            raise KeylessSigningError(f"`{shown(str(address), 100)}` in `{service}` is no https address")


def _is_safe(address: str) -> bool:
    """Tell whether what goes there is kept secret on the way: the token is a secret."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(parts.hostname)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK


def ambient_token() -> str | None:
    """Return the identity token that the machine itself offers, such as a CI runner's; None where there is none.

    Raises:
        KeylessSigningError: There should be one, and it cannot be had.
    """
    from sigstore.oidc import detect_credential

    try:
        return detect_credential()
    except Exception as error:  # noqa: BLE001 - the library asks the runner over the network
        raise KeylessSigningError(f"the identity token of this machine cannot be had: {said(error)}") from None
