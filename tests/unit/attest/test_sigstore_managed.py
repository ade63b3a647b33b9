"""Bundles signed with a managed key of the trust policy, which the library cannot verify."""

from __future__ import annotations

import base64
import copy
import hashlib
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sigstore_lab import (
    HERE,
    PAYLOAD,
    POLICY,
    ROOT,
    RUN_AT,
    opened,
    opened_policy,
    raw,
    refused,
    verdict_codes,
)
from trust_lab import KEYS, STRANGER, policy_value

from casework.artifact.digest import jcs_bytes
from casework.attest.sigstore.bundle import SignedFile, open_file_bundle
from casework.model.policy import TrustPolicy
from doubles.sigstore_instance import Instance

P256 = "verifier"  # a log of version 2 takes ECDSA only
OTHERS = Instance("others", clock=lambda: RUN_AT)


def signed(name: str = "ci", **how: Any) -> dict[str, Any]:
    return HERE.key_bundle(PAYLOAD, KEYS[name], **how)


@pytest.mark.parametrize("name", ["ci", "verifier", "verifier-token"])
def test_each_kind_of_key_signs_bundles(name: str) -> None:
    found = opened(signed(name))
    assert found.problems == ()
    (who,) = found.principals
    assert (who.name, who.signed_at, who.proof) == (name, None, "")
    assert who.roles == POLICY.roles_of_key(name)
    assert who.standing == POLICY.keys[name]


@pytest.mark.parametrize(("rekor", "stamp", "proof"), [(2, True, "token"), (1, True, "token"), (1, False, "log")])
def test_log_entry_and_time_stamp_prove_the_time(rekor: int, stamp: bool, proof: str) -> None:
    (who,) = opened(signed(P256, rekor=rekor, stamp=stamp)).principals
    assert (who.name, who.signed_at, who.proof) == (P256, RUN_AT, proof)


def test_a_stamp_alone_proves_the_time() -> None:
    (who,) = opened(signed(stamp=True)).principals
    assert (who.signed_at, who.proof) == (RUN_AT, "token")


def test_it_counts_as_evidence() -> None:
    assert verdict_codes(signed()) == []


def test_without_entry_and_stamp_no_trusted_root_is_needed() -> None:
    policy = TrustPolicy.model_validate(policy_value())
    assert [who.name for who in opened(signed(), root=b"", by=policy).principals] == ["ci"]
    for how in ({"stamp": True}, {"rekor": 1}):
        refused(signed(P256, **how), "SIG-011", root=b"", by=policy)  # type: ignore[arg-type]
    refused(signed(stamp=True), "SIG-011", root=OTHERS.trusted_root())


@pytest.mark.parametrize("hint", ["", "ci", "nobody", "TLMsSDfG3ajPsWge+z/vX5T/zluXnmvbkTkwLIV68Tk="])
def test_the_hint_decides_nothing(hint: str) -> None:
    assert [who.name for who in opened(signed("verifier", hint=hint)).principals] == ["verifier"]


def test_a_key_that_the_policy_does_not_list_is_unknown() -> None:
    refused(HERE.key_bundle(PAYLOAD, STRANGER, hint="stranger"), "SIG-004", "stranger")
    refused(HERE.key_bundle(PAYLOAD, STRANGER), "SIG-004", "no hint")


@pytest.mark.parametrize("form", ["name", "hex", "base64"])
def test_a_signature_that_does_not_fit_the_key_that_it_names_is_broken(form: str) -> None:
    keyid = KEYS["ci"].keyid
    hint = {"name": "ci", "hex": keyid, "base64": base64.b64encode(bytes.fromhex(keyid)).decode()}[form]
    refused(HERE.key_bundle(PAYLOAD, STRANGER, hint=hint), "SIG-003", "key ci")
    flipped = signed(hint=hint)
    flipped["dsseEnvelope"]["payload"] = base64.b64encode(PAYLOAD.replace(b"0.97", b"0.99")).decode()
    refused(flipped, "SIG-003", "key ci")
    assert verdict_codes(flipped) == ["SIG-003"]


def test_another_payload_type_breaks_the_signature() -> None:
    bundle = signed(hint="ci")
    bundle["dsseEnvelope"]["payloadType"] = "text/plain"
    refused(bundle, "SIG-003")


def test_a_signature_in_the_form_of_ssh_is_none_here() -> None:
    bundle = signed(hint="ci")
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(b"SSHSIG" + bytes(80)).decode()
    refused(bundle, "SIG-003")


def test_a_stamp_that_does_not_fit_is_refused() -> None:
    bundle = signed(stamp=True)
    other = HERE.key_bundle(b"{}", KEYS["ci"], stamp=True)
    bundle["verificationMaterial"]["timestampVerificationData"] = other["verificationMaterial"][
        "timestampVerificationData"
    ]
    refused(bundle, "SIG-014", "time stamp 1")
    foreign = OTHERS.key_bundle(PAYLOAD, KEYS["ci"], stamp=True)
    refused(foreign, "SIG-014", "time stamp 1")


@pytest.mark.parametrize("rekor", [1, 2])
def test_an_entry_of_another_log_is_refused(rekor: int) -> None:
    refused(OTHERS.key_bundle(PAYLOAD, KEYS[P256], rekor=rekor), "SIG-014", "log entry")


@pytest.mark.parametrize("rekor", [1, 2])
def test_an_entry_about_something_else_is_refused(rekor: int) -> None:
    bundle = signed(P256, rekor=rekor)

    def with_entry_of(other: dict[str, Any]) -> dict[str, Any]:
        made = copy.deepcopy(bundle)
        made["verificationMaterial"]["tlogEntries"] = other["verificationMaterial"]["tlogEntries"]
        return made

    elsewhere = HERE.key_bundle(jcs_bytes({"other": 1}), KEYS[P256], rekor=rekor)
    refused(with_entry_of(elsewhere), "SIG-014", "another signature")
    # Under one signature, an entry about another key or other content: the log takes version 1 as it is told.
    signature = base64.b64decode(bundle["dsseEnvelope"]["signatures"][0]["sig"])
    for pem, content, says in (
        (KEYS["verifier-token"].public.pem, PAYLOAD, "another key"),
        (b"no key", PAYLOAD, "another key"),
        (KEYS[P256].public.pem, b"other", "other content"),
    ):
        entry = HERE._entry("x", content, signature, {}, pem, RUN_AT)
        made = copy.deepcopy(bundle)
        made["verificationMaterial"]["tlogEntries"] = [entry]
        refused(made, "SIG-014", says)


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"payloadHash": {"algorithm": "md5", "value": "0" * 32}, "signatures": []},
        {"payloadHash": [], "signatures": [{"signature": 1, "verifier": 2}]},
    ],
)
def test_an_entry_that_cannot_be_read_is_refused(spec: dict[str, Any]) -> None:
    bundle = signed(P256)
    bundle["verificationMaterial"]["tlogEntries"] = [HERE.rekor_v1.entry("dsse", "0.0.1", spec, RUN_AT)]
    refused(bundle, "SIG-014", "kind that is not read")


def test_an_entry_with_a_forged_time_is_refused() -> None:
    bundle = signed(P256, rekor=1)
    entry = bundle["verificationMaterial"]["tlogEntries"][0]
    entry["integratedTime"] = str(int(entry["integratedTime"]) - 86_400)
    refused(bundle, "SIG-014", "promise")


def test_an_entry_without_promise_proves_no_time() -> None:
    bundle = signed(P256, rekor=1)
    del bundle["verificationMaterial"]["tlogEntries"][0]["inclusionPromise"]
    (who,) = opened(bundle).principals
    assert who.signed_at is None


def test_a_log_counts_only_inside_its_window() -> None:
    root = HERE.trusted_root(rekor_v1={"start": "2026-05-02T00:00:00Z"})
    refused(signed(P256, rekor=1), "SIG-014", root=root, by=opened_policy(root))


def test_an_authority_counts_only_inside_its_window() -> None:
    root = HERE.trusted_root(tsa={"start": "2015-01-01T00:00:00Z", "end": "2026-05-01T10:04:59Z"})
    refused(signed(stamp=True), "SIG-014", "time stamp 1", root=root, by=opened_policy(root))


def test_an_entry_of_another_kind_than_it_names_is_refused() -> None:
    bundle = signed(P256, rekor=1)
    bundle["verificationMaterial"]["tlogEntries"][0]["kindVersion"]["kind"] = "hashedrekord"
    refused(bundle, "SIG-014", "kind that it names")


def test_a_hash_that_does_not_belong_to_the_key_is_refused() -> None:
    """P-384 signs with SHA-384; a SHA-256 digest under it would be another scheme."""
    private = ec.generate_private_key(ec.SECP384R1())
    digest = hashlib.sha256(b"a file").digest()
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    held = POLICY.keys["ci"].model_copy(update={"public_key_pem": pem})
    signature = base64.b64encode(private.sign(b"a file", ec.ECDSA(hashes.SHA256()))).decode()
    bundle = {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": "ci"}, "tlogEntries": []},
        "messageSignature": {"signature": signature},
    }
    by = POLICY.model_copy(update={"keys": {"ci": held}})
    for file in (SignedFile(digest), SignedFile(digest, b"a file")):
        assert [one.code for one in open_file_bundle(raw(bundle), ROOT, by, file).problems] == ["SIG-003"]


@pytest.mark.parametrize("name", ["ci", "verifier", "verifier-token"])
def test_a_file_is_verified_by_its_bytes(name: str) -> None:
    content = b"a file"
    file = SignedFile(hashlib.sha256(content).digest(), content)
    bundle = {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": name}, "tlogEntries": []},
        "messageSignature": {"signature": base64.b64encode(KEYS[name].sign(content)).decode()},
    }
    found = open_file_bundle(raw(bundle), ROOT, POLICY, file)
    assert [who.name for who in found.principals] == [name]
    by_digest = open_file_bundle(raw(bundle), ROOT, POLICY, SignedFile(file.sha256))
    assert len(by_digest.principals) == (name == "verifier")  # SHA-256 is what P-256 signs; others hash otherwise
    for other in (SignedFile(bytes(32), b"another file"), SignedFile(bytes(32))):
        assert [one.code for one in open_file_bundle(raw(bundle), ROOT, POLICY, other).problems] == ["SIG-003"]
    stated = copy.deepcopy(bundle)
    stated["messageSignature"]["messageDigest"] = {
        "algorithm": "SHA2_256",
        "digest": base64.b64encode(bytes(32)).decode(),
    }  # type: ignore[index]
    assert [one.code for one in open_file_bundle(raw(stated), ROOT, POLICY, file).problems] == ["SIG-014"]


def test_times_of_stamps_and_promises_agree_with_the_clock_of_the_instance() -> None:
    assert opened(signed(stamp=True, at=RUN_AT + timedelta(days=1))).principals[0].signed_at == RUN_AT + timedelta(
        days=1
    )
