"""Keyless signing end to end over HTTP: token, certificate, log, time stamp, bundle; then verification without a network."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sigstore_lab import EMAIL, PAYLOAD, PIPELINE, VERA, opened_policy

from casework.attest.sigstore.bundle import check_signed, open_bundle
from casework.attest.sigstore.sign import KeylessSigningError, sign_keyless
from casework.model.policy import TrustPolicy
from doubles.sigstore_instance import IN_TOTO, RUN, Instance
from doubles.sigstore_logs import tree_root


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    with Instance("served").serving() as served:
        yield served


def policy(instance: Instance) -> TrustPolicy:
    issuer = instance.url + "/oidc"
    return opened_policy(
        instance.trusted_root(), pipeline=PIPELINE | {"issuer": issuer}, **{"vera-id": VERA | {"issuer": issuer}}
    )


def sign(served: Instance, **changes: Any) -> bytes:
    given: dict[str, Any] = {
        "instance": served.signing_config(),
        "trusted_root": served.trusted_root(),
        "token": changes.pop("token", None) or served.token(),
    }
    payload = changes.pop("payload", PAYLOAD)
    return sign_keyless(changes.pop("payload_type", IN_TOTO), payload, **(given | changes))


def test_signed_over_http_and_verified_without_a_network(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    instance.requests.clear()
    bundle = sign(instance)
    assert instance.requests == [
        "POST /api/v2/signingCert",
        "GET /oidc/.well-known/openid-configuration",
        "GET /oidc/keys",
        "POST /tsa",
        "POST /rekor/api/v2/log/entries",
    ]

    def refuse(*_args: Any, **_how: Any) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    found = open_bundle(bundle, instance.trusted_root(), policy(instance))
    assert (found.payload_type, found.payload, found.problems) == (IN_TOTO, PAYLOAD, ())
    (who,) = found.principals
    assert (who.name, who.proof) == ("pipeline", "token")
    assert who.signed_at is not None
    assert before < who.signed_at < datetime.now(UTC) + timedelta(seconds=2)


def test_a_person_signs_with_an_address(instance: Instance) -> None:
    bundle = sign(instance, token=instance.token({"sub": "1", "email": EMAIL}))
    found = open_bundle(bundle, instance.trusted_root(), policy(instance))
    assert [who.name for who in found.principals] == ["vera-id"]


def test_attacks_95_and_96_signed_over_http_are_refused(instance: Instance) -> None:
    for claims, code in (
        ({"repository": "evil/shuttle", "repository_id": "666"}, "SIG-012"),
        ({"event_name": "pull_request", "ref": "refs/pull/7/merge"}, "SIG-013"),
        ({"job_workflow_ref": "evil/shuttle/.github/workflows/evidence.yml@refs/heads/main"}, "SIG-015"),
    ):
        bundle = sign(instance, token=instance.token(RUN | claims))
        found = open_bundle(bundle, instance.trusted_root(), policy(instance))
        assert [one.code for one in found.problems] == [code]


def test_the_log_serves_what_its_checkpoint_states(instance: Instance) -> None:
    sign(instance)
    base = instance.url + "/rekor/api/v2/"
    origin, size, root, *_ = urllib.request.urlopen(base + "checkpoint").read().decode().split("\n")
    tile = urllib.request.urlopen(f"{base}tile/0/000.p/{size}").read()
    leaves = [tile[at : at + 32] for at in range(0, len(tile), 32)]
    assert (origin, len(leaves)) == ("log.served.example", int(size))
    assert base64.b64encode(tree_root(leaves)).decode() == root


def test_the_issuer_hands_out_tokens(instance: Instance) -> None:
    token = json.load(urllib.request.urlopen(instance.url + "/oidc/token"))["value"]
    assert sign(instance, token=token)


@pytest.mark.parametrize("payload_type", ["text/plain", "application/vnd.casework.trust-policy.v1+json", ""])
def test_only_statements_are_signed(instance: Instance, payload_type: str) -> None:
    with pytest.raises(KeylessSigningError, match="only"):
        sign(instance, payload_type=payload_type)


@pytest.mark.parametrize("payload", [b"", b"{}", b"no json", b'{"_type":"https://in-toto.io/Statement/v0.1"}'])
def test_what_is_no_statement_is_not_signed(instance: Instance, payload: bytes) -> None:
    instance.requests.clear()
    with pytest.raises(KeylessSigningError):
        sign(instance, payload=payload)
    assert "POST /rekor/api/v2/log/entries" not in instance.requests


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (b"", "cannot be read"),
        (b"[]", "no JSON object"),
        (b"{}", "certificate authority"),
        (b'{"caUrls": [{"url": "https://ca.example"}]}', "transparency log"),
        (b'{"caUrls": [{"url": "http://ca.example"}]}', "no https address"),
        (b'{"caUrls": [{"url": "file:///etc/passwd"}]}', "no https address"),
        (b'{"caUrls": [{"url": "https:///"}], "rekorTlogUrls": [{"url": "https:"}]}', "no https address"),
        (b'{"caUrls": [{"url": "http://[::1"}]}', "no https address"),
        (b'{"caUrls": [{"url": "http://localhost.evil.example"}]}', "no https address"),
        (b'{"caUrls": [7]}', "no https address"),
        (b'{"caUrls": {}}', "certificate authority"),
        (b'{"caUrls": [{"url": "https://a.example"}], "caUrls": []}', "twice"),
        (
            b'{"caUrls": [{"url": "https://a.example"}], "rekorTlogUrls": [{"url": "https://b.example"}]}',
            "cannot be read",
        ),
    ],
)
def test_an_instance_must_be_given_in_full(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, config: bytes, says: str
) -> None:
    """Nothing that is missing is filled in from the public instance."""

    def refuse(*_args: Any, **_how: Any) -> None:
        raise AssertionError("the network was asked")

    token = instance.token()
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(KeylessSigningError, match=says):
        sign(instance, instance=config, token=token)


def test_services_that_are_not_there_are_an_error(instance: Instance) -> None:
    for part in ("caUrls", "rekorTlogUrls"):
        config = json.loads(instance.signing_config())
        config[part][0]["url"] = "http://127.0.0.1:9"
        with pytest.raises(KeylessSigningError, match="failed"):
            sign(instance, instance=json.dumps(config).encode())


def test_without_a_time_stamp_there_is_no_bundle(instance: Instance) -> None:
    """The library only warns where the time-stamp authority does not answer."""
    config = json.loads(instance.signing_config())
    config["tsaUrls"][0]["url"] = instance.url + "/nothing"
    with pytest.raises(KeylessSigningError, match=r"timestamp|time stamp"):
        sign(instance, instance=json.dumps(config).encode())


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a.b.c\r\nX-Evil: 1", "..", "\u00e9.b.c"])
def test_a_token_that_is_none_is_an_error(instance: Instance, token: str) -> None:
    with pytest.raises(KeylessSigningError):
        sign_keyless(
            IN_TOTO,
            PAYLOAD,
            instance=instance.signing_config(),
            trusted_root=instance.trusted_root(),
            token=token,
        )


def test_tokens_of_others_and_expired_ones_give_no_certificate_and_are_never_shown(instance: Instance) -> None:
    foreign = Instance("others").token(issuer=instance.url + "/oidc")
    wrong_issuer = instance.token(issuer="https://issuer.example")
    expired = instance.token(lifetime_s=-60)
    for token in (foreign, wrong_issuer, expired):
        with pytest.raises(KeylessSigningError) as caught:
            sign(instance, token=token)
        assert token not in str(caught.value)
        assert caught.value.__cause__ is None


def test_a_token_is_left_out_of_what_a_library_says(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    token = instance.token()

    def fail(*_args: Any) -> bytes:
        raise OSError(f"{'x' * 150} Bearer {token} was refused")

    monkeypatch.setattr("casework.attest.sigstore.sign._signed", fail)
    with pytest.raises(KeylessSigningError, match=r"\(secret\) was refused") as caught:
        sign(instance, token=token)
    assert token[:20] not in str(caught.value)


def test_a_root_of_another_instance_is_noticed_before_anything_is_returned(instance: Instance) -> None:
    with pytest.raises(KeylessSigningError):
        sign(instance, trusted_root=Instance("others").trusted_root())
    with pytest.raises(KeylessSigningError, match="SIG-011"):
        sign(instance, trusted_root=b"{}")


def test_a_time_stamp_outside_the_certificates_minutes_is_noticed() -> None:
    """Each service has a clock of its own."""
    late = Instance("late", stamp_clock=lambda: datetime.now(UTC) + timedelta(hours=1))
    with late.serving(), pytest.raises(KeylessSigningError, match="does not verify"):
        sign(late)


def test_what_the_services_return_is_checked(instance: Instance) -> None:
    bundle, root = sign(instance), instance.trusted_root()
    assert check_signed(bundle, root, IN_TOTO, PAYLOAD) is None
    for data, pinned, payload in (
        (bundle, root, PAYLOAD + b" "),
        (bundle, Instance("others").trusted_root(), PAYLOAD),
        (bundle, b"", PAYLOAD),
        (b"{}", root, PAYLOAD),
    ):
        assert check_signed(data, pinned, IN_TOTO, payload) is not None


def test_bundles_differ_and_so_do_their_names(instance: Instance) -> None:
    assert hashlib.sha256(sign(instance)).digest() != hashlib.sha256(sign(instance)).digest()
