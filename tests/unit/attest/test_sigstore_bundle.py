"""Sigstore bundles: honest ones count, each trap of the library is closed, each attack has its code."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sigstore_lab import (
    ACCOUNTS,
    EMAIL,
    GITHUB,
    HERE,
    PAYLOAD,
    PIPELINE,
    POLICY,
    ROOT,
    RUN_AT,
    SAN,
    VERA,
    honest,
    opened,
    opened_policy,
    raw,
    refused,
    run,
    verdict_codes,
)
from trust_lab import EVIDENCE, statement_value

from casework.artifact.digest import jcs_bytes
from casework.attest.sigstore.bundle import SignedFile, open_bundle, open_file_bundle
from casework.model.policy import TrustPolicy
from doubles.sigstore_instance import Instance
from doubles.sigstore_logs import CertificateLog

OTHERS = Instance("others", clock=lambda: RUN_AT)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any, **_how: Any) -> None:
        raise AssertionError("the network was asked")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


# Honest bundles


@pytest.mark.parametrize(("rekor", "stamp", "proof"), [(2, True, "token"), (1, True, "token"), (1, False, "log")])
def test_an_honest_bundle_gives_payload_signer_and_proven_time(rekor: int, stamp: bool, proof: str) -> None:
    found = opened(honest(rekor=rekor, stamp=stamp))
    assert (found.payload_type, found.payload, found.problems) == ("application/vnd.in-toto+json", PAYLOAD, ())
    (who,) = found.principals
    assert (who.name, who.person, who.roles) == ("pipeline", "runner", frozenset({"ci"}))
    assert (who.signed_at, who.proof) == (RUN_AT, proof)
    assert who.standing.valid_from == date(2026, 1, 1)


def test_an_honest_bundle_counts_as_evidence() -> None:
    assert verdict_codes(honest()) == []


def test_a_person_signs_under_an_address() -> None:
    found = opened(honest(claims={"iss": ACCOUNTS, "email": EMAIL}))
    assert [(who.name, who.roles) for who in found.principals] == [("vera-id", frozenset({"verifier"}))]


def test_the_earliest_of_several_stamps_is_the_proven_time() -> None:
    bundle = honest(stamped=RUN_AT + timedelta(minutes=5))
    signature = base64.b64decode(bundle["dsseEnvelope"]["signatures"][0]["sig"])
    earlier = HERE.tsa.token(signature, RUN_AT + timedelta(minutes=2))
    stamps = bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
    stamps.append({"signedTimestamp": base64.b64encode(earlier).decode()})
    assert opened(bundle).principals[0].signed_at == RUN_AT + timedelta(minutes=2)


@pytest.mark.parametrize("at", [datetime(2016, 3, 1, tzinfo=UTC), datetime(2034, 3, 1, tzinfo=UTC)])
def test_a_bundle_verifies_whatever_the_clock_of_the_machine_shows(at: datetime) -> None:
    tsa_window = {"start": "2015-01-01T00:00:00Z", "end": "2034-12-31T00:00:00Z"}
    instance = Instance("long ago and far ahead", clock=lambda: at)
    if at.year < 2020:
        instance.tsa = type(instance.tsa)("old TSA", valid_from=datetime(2015, 1, 1, tzinfo=UTC))
    windows: dict[str, Any] = {"tsa": tsa_window}
    if at.year > 2030:  # all of it begins after this test runs
        windows = {name: {"start": "2033-01-01T00:00:00Z"} for name in ("ca", "ct", "tsa", "rekor", "rekor_v1")}
    root = instance.trusted_root(**windows)
    assert opened(instance.bundle(PAYLOAD), root=root, by=opened_policy(root)).principals[0].signed_at == at


def test_what_was_signed_verifies_long_after_certificate_and_authorities_ended() -> None:
    ended = {name: {"start": "2026-04-01T00:00:00Z", "end": "2026-05-02T00:00:00Z"} for name in ("ca", "ct", "tsa")}
    root = HERE.trusted_root(**ended, rekor=ended["ca"])
    assert len(opened(honest(), root=root, by=opened_policy(root)).principals) == 1


# The traps of the library, T1 to T7


def test_trap_1_attack_93_a_poisoned_cache_of_the_user_is_never_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sigstore.models import Bundle
    from sigstore.verify import Verifier
    from sigstore.verify.policy import Identity

    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    cache = tmp_path / "sigstore-python/tuf/https%3A%2F%2Ftuf-repo-cdn.sigstore.dev"
    cache.mkdir(parents=True)
    (cache / "trusted_root.json").write_bytes(OTHERS.trusted_root())
    forged = OTHERS.bundle(PAYLOAD)
    if sys.platform == "linux":  # the poison works: the library's own offline verifier takes the attacker's bundle
        library = Verifier.production(offline=True)
        assert library.verify_dsse(Bundle.from_json(raw(forged)), Identity(identity=SAN, issuer=GITHUB))[1] == PAYLOAD
    refused(forged, "SIG-014")
    assert len(opened(honest()).principals) == 1


def test_attack_93_a_root_that_the_policy_does_not_pin_is_refused() -> None:
    refused(OTHERS.bundle(PAYLOAD), "SIG-011", root=OTHERS.trusted_root())
    refused(honest(), "SIG-011", root=ROOT + b"\n")  # one byte is enough
    assert verdict_codes(honest(), root=OTHERS.trusted_root()) == ["SIG-011"]
    assert verdict_codes(honest(), root=None) == ["SIG-011"]


@pytest.mark.parametrize(
    "root",
    [
        b"\xff",
        b"{}",
        b"[]",
        b'{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
        ROOT.replace(b'"tlogs"', b'"mediaType": "x", "tlogs"', 1),
        ROOT.replace(b'"start": "2015-01-01T00:00:00Z"', b'"start": "2015-01-01T00:00:00"'),
        ROOT.replace(b'"start": "2015-01-01T00:00:00Z"', b'"end": "2035-01-01T00:00:00Z"', 1),
        ROOT.replace(b'"rawBytes": "MII', b'"rawBytes": "AII'),
    ],
    ids=["binary", "empty", "list", "bare", "doubled key", "no zone", "no start", "broken certificates"],
)
def test_a_pinned_root_that_cannot_be_read_is_a_problem_of_the_root(root: bytes) -> None:
    refused(honest(), "SIG-011", "cannot be read", root=root, by=opened_policy(root))


def test_without_sigstore_in_the_policy_no_certificate_counts() -> None:
    value = POLICY.model_dump(by_alias=True, mode="json") | {"sigstore": None}
    refused(honest(), "SIG-011", by=TrustPolicy.model_validate(value))


def test_trap_2_the_same_name_from_another_issuer_is_somebody_else() -> None:
    """The root vouches for many issuers; a name is only as good as the issuer that gives it."""
    refused(honest(claims={"iss": "https://issuer.example.net", "email": EMAIL}), "SIG-015", "issuer.example.net")
    assert verdict_codes(honest(claims={"iss": "https://issuer.example.net", "email": EMAIL})) == ["SIG-015"]


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": ACCOUNTS, "email": "vera@example.org"},
        {"iss": ACCOUNTS, "email": "Vera@example.com"},
        {"iss": ACCOUNTS + "/", "email": EMAIL},
        run(job_workflow_ref="example/shuttle/.github/workflows/evidence.yml@refs/heads/main2"),
        run(job_workflow_ref="example/shuttle/.github/workflows/evidence.yml@refs/heads/mai"),
    ],
)
def test_names_and_issuers_are_compared_exactly(claims: dict[str, str]) -> None:
    refused(honest(claims=claims), "SIG-015")


def test_an_issuer_stated_in_two_ways_that_differ_counts_as_none() -> None:
    """Certificates state the issuer twice, in an old and a new extension."""
    both = [(1, GITHUB.encode()), (8, b"\x0c\x03foo")]
    refused(honest(extensions=both), "SIG-014", "2 issuers")


def test_a_certificate_with_two_names_counts_as_none() -> None:
    names = [x509.UniformResourceIdentifier(SAN), x509.RFC822Name(EMAIL)]
    refused(honest(names=names), "SIG-014", "2 names")


@pytest.mark.parametrize(
    "value",
    [b"\x0c", b"\x0c\x034711", b"\x0c\x054711", b"\x0c\x044711\x00", b"\x04\x044711", b"\x0c\x02\xff\xfe", b"4711"],
)
def test_an_extension_that_cannot_be_read_exactly_fits_nothing(value: bytes) -> None:
    issuer = (8, b"\x0c" + bytes([len(GITHUB)]) + GITHUB.encode())
    refused(honest(extensions=[issuer, (15, value)]), "SIG-014", "extensions")
    refused(honest(extensions=[issuer, (15, b"\x0c\x044711")]), "SIG-013")  # read exactly; ref and trigger are missing


def test_trap_3_attack_95_a_reusable_workflow_called_from_a_fork_is_refused() -> None:
    """Its certificate has our workflow as its name; only the repository's id differs."""
    fork = run(repository="evil/shuttle", repository_id="666", sub="repo:evil/shuttle:ref:refs/heads/main")
    refused(honest(claims=fork), "SIG-012", "666")
    assert verdict_codes(honest(claims=fork)) == ["SIG-012"]


def test_attack_95_a_certificate_that_names_no_repository_is_refused() -> None:
    text = b"\x0c" + bytes([len(GITHUB)]) + GITHUB.encode()
    refused(honest(extensions=[(8, text)]), "SIG-012", "no repository")


@pytest.mark.parametrize(
    "claims",
    [
        {"event_name": "pull_request", "ref": "refs/pull/7/merge"},
        {"event_name": "pull_request_target"},
        {"ref": "refs/heads/feature"},
        {"event_name": "workflow_dispatch"},
    ],
)
def test_trap_4_attack_96_a_run_for_a_pull_request_or_another_ref_is_refused(claims: dict[str, str]) -> None:
    refused(honest(claims=run(**claims)), "SIG-013", next(iter(claims.values())))
    assert verdict_codes(honest(claims=run(**claims))) == ["SIG-013"]


def test_attack_94_an_identity_without_issuer_or_name_is_no_policy() -> None:
    for field in ("issuer", "identity"):
        for missing in ({field: ""}, {field: None}):
            with pytest.raises(ValueError, match=field):
                opened_policy(pipeline=PIPELINE | missing)
        with pytest.raises(ValueError, match=field):
            opened_policy(pipeline={key: value for key, value in PIPELINE.items() if key != field})


def test_of_several_identities_that_fit_the_one_that_states_most_is_meant() -> None:
    loose = {key: value for key, value in PIPELINE.items() if not key.startswith(("source", "build"))}
    by = opened_policy(**{"a-loose": loose, "b-strict": PIPELINE, "c-loose": loose})
    assert [who.name for who in opened(honest(), by=by).principals] == ["b-strict"]
    assert [who.name for who in opened(honest(claims=run(ref="refs/heads/x")), by=by).principals] == ["a-loose"]


def test_trap_5_attack_97_a_wrong_predicate_or_subject_is_refused() -> None:
    """The library returns whatever was signed."""
    value = statement_value()
    assert verdict_codes(honest(jcs_bytes(value | {"predicateType": "https://slsa.dev/provenance/v1"}))) == ["BND-000"]
    assert verdict_codes(honest(jcs_bytes(value | {"_type": "https://in-toto.io/Statement/v0.1"}))) == ["BND-000"]
    two = [*value["subject"], {"name": "other", "digest": {"sha256": "d" * 64}}]
    assert verdict_codes(honest(jcs_bytes(value | {"subject": two}))) == ["BND-007"]
    weak = [{"name": "MC-1", "digest": {"sha1": "a" * 40}}]
    assert verdict_codes(honest(jcs_bytes(value | {"subject": weak}))) == ["BND-007"]


def test_trap_5_another_payload_type_is_returned_as_signed_and_refused_as_evidence() -> None:
    bundle = honest(payload_type="text/plain")
    assert opened(bundle).payload_type == "text/plain"
    assert verdict_codes(bundle) == ["SIG-009"]


def test_trap_6_a_doubled_key_in_the_signed_statement_is_refused() -> None:
    """The library keeps the last of the two, another reader the first."""
    doubled = PAYLOAD.replace(b'"status":"complete"', b'"status":"error","status":"complete"')
    bundle = honest(doubled)
    assert opened(bundle).payload == doubled
    assert verdict_codes(bundle) == ["PRS-001"]


def test_trap_7_the_time_is_that_of_a_token_that_was_verified() -> None:
    late = RUN_AT + timedelta(minutes=8)
    assert opened(honest(stamped=late)).principals[0].signed_at == late


def test_trap_7_each_time_stamp_must_fit_even_where_the_log_gives_a_time() -> None:
    """The library passes over those that do not."""
    bundle = honest(rekor=1, stamp=False)
    foreign = OTHERS.tsa.token(base64.b64decode(bundle["dsseEnvelope"]["signatures"][0]["sig"]), RUN_AT)
    bundle["verificationMaterial"]["timestampVerificationData"] = {
        "rfc3161Timestamps": [{"signedTimestamp": base64.b64encode(foreign).decode()}]
    }
    refused(bundle, "SIG-014", "time stamp 1")


# What else makes a bundle not hold


def test_a_bundle_without_any_proven_time_is_refused() -> None:
    refused(honest(stamp=False), "SIG-014", "says when")
    unpromised = honest(rekor=1, stamp=False)
    del unpromised["verificationMaterial"]["tlogEntries"][0]["inclusionPromise"]
    refused(unpromised, "SIG-014", "says when")


def test_a_stamp_borrowed_from_another_signature_is_refused() -> None:
    bundle, other = honest(), honest()
    bundle["verificationMaterial"]["timestampVerificationData"] = other["verificationMaterial"][
        "timestampVerificationData"
    ]
    refused(bundle, "SIG-014", "time stamp 1")


@pytest.mark.parametrize("minutes", [-2, 10])
def test_a_signature_outside_the_certificates_minutes_is_refused(minutes: int) -> None:
    refused(honest(stamped=RUN_AT + timedelta(minutes=minutes)), "SIG-014", "not valid")


@pytest.mark.parametrize(
    "window",
    [
        {"start": "2015-01-01T00:00:00Z", "end": "2026-05-01T10:04:59Z"},
        {"start": "2026-05-01T10:05:01Z"},
    ],
)
@pytest.mark.parametrize("part", ["ca", "ct", "tsa", "rekor"])
def test_an_authority_or_log_counts_only_inside_its_window(part: str, window: dict[str, str]) -> None:
    """The library looks at none of these but that of the time-stamp authority."""
    if part == "ct":  # certificates are logged a minute before the signature
        window = {name: value.replace("10:04:59", "10:03:59") for name, value in window.items()}
    root = HERE.trusted_root(**{part: window})
    refused(honest(), "SIG-014", root=root, by=opened_policy(root))


@pytest.mark.parametrize("part", ["ca", "tsa", "rekor"])
def test_both_ends_of_a_window_are_inside(part: str) -> None:
    root = HERE.trusted_root(**{part: {"start": "2026-05-01T10:05:00Z", "end": "2026-05-01T10:05:00Z"}})
    assert len(opened(honest(), root=root, by=opened_policy(root)).principals) == 1


def test_a_log_of_certificates_is_judged_when_it_promised() -> None:
    """A certificate is logged before the signature; the log may end in between."""
    root = HERE.trusted_root(ct={"start": "2026-05-01T10:04:00Z", "end": "2026-05-01T10:04:00Z"})
    assert len(opened(honest(), root=root, by=opened_policy(root)).principals) == 1


def test_a_bundle_that_brings_the_certificate_of_an_authority_is_refused() -> None:
    """Earlier versions bring a chain; whoever uses it for trust trusts what the bundle says."""
    bundle = honest()
    leaf = bundle["verificationMaterial"].pop("certificate")
    bundle["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2"
    for more, code in (([], ""), ([HERE.root], "SIG-014")):
        raw_more = [{"rawBytes": base64.b64encode(one.public_bytes(Encoding.DER)).decode()} for one in more]
        bundle["verificationMaterial"]["x509CertificateChain"] = {"certificates": [leaf, *raw_more]}
        found = open_file_bundle(raw(bundle), ROOT, POLICY, SignedFile(bytes(32)))
        assert [one.code for one in found.problems] == ([code] if code else [])
        assert bool(found.principals) != bool(code)


def test_a_certificate_that_no_known_log_has_promised_to_log_is_refused() -> None:
    refused(honest(ct_log=CertificateLog("unknown")), "SIG-014", "SCT")


def test_a_bundle_of_another_instance_is_refused() -> None:
    refused(OTHERS.bundle(PAYLOAD), "SIG-014")


def test_parts_of_two_honest_bundles_do_not_make_one() -> None:
    one, other = honest(), honest(jcs_bytes(statement_value(status="inconclusive")))
    for part in ("certificate", "tlogEntries"):
        mixed = json.loads(raw(one))
        mixed["verificationMaterial"][part] = other["verificationMaterial"][part]
        refused(mixed, "SIG-014")
    swapped = json.loads(raw(one))
    swapped["dsseEnvelope"]["payload"] = other["dsseEnvelope"]["payload"]
    refused(swapped, "SIG-014", "signature")
    assert verdict_codes(swapped) == ["SIG-014"]


def test_a_proof_for_another_size_than_the_checkpoint_states_is_refused() -> None:
    """The library compares the roots and not the sizes."""
    instance = Instance("sized", clock=lambda: RUN_AT)
    bundle = instance.bundle(PAYLOAD)
    proof = bundle["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]
    assert proof["treeSize"] == "1"
    proof["treeSize"] = "2"
    root = instance.trusted_root()
    refused(bundle, "SIG-014", "same size", root=root, by=opened_policy(root))


def test_revoked_and_compromised_identities_do_not_count() -> None:
    from sigstore_lab import policy
    from trust_lab import trust

    for change, code in (
        ({"compromised": True}, "SIG-007"),
        ({"revoked_at": "2026-05-01"}, "SIG-007"),
        ({"valid_to": "2026-04-30"}, "SIG-008"),
        ({"valid_from": "2026-05-02"}, "SIG-008"),
    ):
        assert verdict_codes(honest(), world=trust(policy(pipeline=PIPELINE | change)))[0] == code
    kept = trust(policy(pipeline=PIPELINE | {"revoked_at": "2026-05-02"}))
    assert verdict_codes(honest(), world=kept) == []  # the token proves that it signed before


def test_a_record_carried_twice_by_one_identity_is_one_persons_word() -> None:
    from sigstore_lab import JUDGED_AT, TRUST

    from casework.attest.opening import Anchors, bundle_name, open_record
    from casework.attest.verify import judge

    files = [
        (f"evidence/{EVIDENCE}/{bundle_name(PAYLOAD, data)}", data) for data in (raw(honest()), raw(honest(rekor=1)))
    ]
    record = open_record(files, Anchors(TRUST, trusted_root=ROOT))
    assert [who.name for who in record.principals] == ["pipeline"]
    assert judge(record, EVIDENCE, TRUST, JUDGED_AT).verified


def test_judging_records_without_bundles_never_imports_sigstore() -> None:
    program = (
        "import sys; from trust_lab import LAB, NOW, judge, sealed;"
        "assert judge(sealed('ci'), LAB).verified;"
        "print([name for name in sys.modules if name.partition('.')[0] in"
        " ('sigstore', 'sigstore_models', 'rfc3161_client', 'requests', 'tuf')])"
    )
    here = str(Path(__file__).parent)
    done = subprocess.run([sys.executable, "-c", program], cwd=here, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_library_says_nothing_on_standard_error() -> None:
    """It warns of keys that it cannot load; what is wrong stands in the problem."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from sigstore_lab import ROOT, honest, opened, opened_policy;"
        "odd = ROOT.replace(b'PKIX_ED25519', b'PKIX_RSA_PSS_2048_SHA256');"
        "print(opened(honest(), root=odd, by=opened_policy(odd)).problems[0].code)"
    )
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", program, str(here.parents[1])], cwd=here, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("SIG-014\n", "")


def test_opening_is_pure() -> None:
    data = raw(honest())
    assert open_bundle(data, ROOT, POLICY) == open_bundle(data, ROOT, POLICY)
    assert VERA["issuer"] == ACCOUNTS
