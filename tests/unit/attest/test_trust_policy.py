"""Attacks on the trust policy, and honest controls."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st
from trust_lab import (
    KEYS,
    STRANGER,
    TODAY,
    envelope_of,
    open_lab,
    policy_value,
    roots,
    seal_lab_policy,
    with_key,
)

from casework.artifact.digest import jcs_bytes
from casework.attest.dsse import countersign, sign_envelope
from casework.attest.trust.policy import TrustReading, open_policy
from casework.attest.trust.thresholds import assignable
from casework.model.policy import POLICY_PAYLOAD_TYPE, TrustPolicy
from doubles.tsa import Tsa


def codes(reading: TrustReading) -> list[str]:
    return [finding.code for finding in reading.findings]


def refused(reading: TrustReading, *expected: str) -> None:
    assert reading.trust is None
    assert codes(reading) == list(expected)
    assert all(one.fix and one.message and one.file == "evidence/trust/policy.dsse.json" for one in reading.findings)


def raw_policy(payload: bytes | dict[str, Any], *signers: str) -> bytes:
    raw = payload if isinstance(payload, bytes) else jcs_bytes(payload)
    return sign_envelope(POLICY_PAYLOAD_TYPE, raw, [KEYS[name] for name in signers or ("root-a", "root-b")])


def test_honest_policy_is_opened() -> None:
    reading = open_lab()
    assert reading.findings == ()
    assert reading.trust is not None
    assert not reading.trust.demo
    assert {key.name for key in reading.trust.keys.values()} == set(KEYS)
    policy = reading.trust.policy
    assert policy.version == 3
    assert policy.expires == date(2027, 1, 1)
    rule = policy.rule_for("validation")
    assert rule is not None
    assert rule.require == {"ci": 1, "verifier": 1}
    assert policy.rule_for("gut-feeling") is None
    assert policy.roles_of_key("double-hat") == {"ci", "verifier"}
    assert policy.persons_in("verifier") == {"vera", "viktor", "hatty"}
    assert policy.holds("vera", "verifier")
    assert not policy.holds("vera", "ci")
    assert not policy.holds("nobody", "ci")


def test_any_generator_falls_back_to_the_star() -> None:
    value = policy_value(evidence_types={"*": {"require": {"ci": 1}}})
    trust = open_lab(value).trust
    assert trust is not None
    assert trust.policy.rule_for("anything") == trust.policy.evidence_types["*"]


def test_last_day_counts_and_the_day_after_does_not() -> None:
    assert open_lab(today=date(2027, 1, 1)).trust is not None
    refused(open_lab(today=date(2027, 1, 2)), "POL-003")


def test_attack_70_pol_001_rollback() -> None:
    data = seal_lab_policy()
    assert open_policy(data, roots(), TODAY, floor=3).trust is not None
    refused(open_policy(data, roots(), TODAY, floor=4), "POL-001")


def test_attack_71_pol_002_too_few_root_signatures() -> None:
    refused(open_policy(seal_lab_policy(signers=("root-a",)), roots(), TODAY), "POL-002")
    refused(open_policy(seal_lab_policy(signers=("developer",)), roots(), TODAY), "POL-002")


def test_attack_71_pol_002_doubled_root_signature() -> None:
    envelope = envelope_of(seal_lab_policy(signers=("root-a",)))
    envelope["signatures"] *= 2
    refused(open_policy(jcs_bytes(envelope), roots(), TODAY), "POL-002")


def test_attack_71_pol_002_edited_policy() -> None:
    envelope = envelope_of(seal_lab_policy())
    edited = base64.b64decode(envelope["payload"]).replace(b'"version":3', b'"version":4')
    envelope["payload"] = base64.b64encode(edited).decode()
    refused(open_policy(jcs_bytes(envelope), roots(), TODAY), "POL-002")


def test_attack_71_pol_002_unsigned_policy() -> None:
    refused(open_policy(jcs_bytes(policy_value()), roots(), TODAY), "POL-002")
    envelope = envelope_of(seal_lab_policy()) | {"signatures": []}
    refused(open_policy(jcs_bytes(envelope), roots(), TODAY), "POL-002")


def test_attack_71_pol_002_one_root_holder_lowers_the_threshold() -> None:
    value = policy_value(root={"threshold": 1, "keys": ["root-a"]})
    refused(open_policy(seal_lab_policy(value, ("root-a",)), roots(), TODAY), "POL-002")
    value = policy_value(root={"threshold": 1, "keys": ["root-a", "root-b"]})
    refused(open_policy(seal_lab_policy(value, ("root-b",)), roots(), TODAY), "POL-002")


def test_attack_71_pol_002_two_root_keys_of_one_person() -> None:
    refused(open_lab(with_key("root-b", person="ada")), "POL-002")


def test_attack_71_pol_002_compromised_root_key() -> None:
    refused(open_lab(with_key("root-b", compromised=True)), "POL-002")
    refused(open_lab(with_key("root-b", revoked_at="2026-02-01")), "POL-002")


def test_attack_71_pol_002_policy_of_a_foreign_root() -> None:
    value = policy_value(root={"threshold": 1, "keys": ["developer"]})
    refused(open_policy(seal_lab_policy(value, ("developer",)), roots(), TODAY), "POL-002")


def test_pinned_threshold_can_be_given() -> None:
    value = policy_value(root={"threshold": 1, "keys": ["root-a", "root-b"]})
    data = seal_lab_policy(value, ("root-a",))
    assert open_policy(data, roots(), TODAY, threshold=1).trust is not None
    refused(open_policy(data, roots(), TODAY, threshold=2), "POL-002")
    refused(open_policy(seal_lab_policy(value, ("developer",)), roots(), TODAY, threshold=0), "POL-002")


def test_rotation_needs_old_and_new_root() -> None:
    value = policy_value(version=4, root={"threshold": 1, "keys": ["double-hat"]})
    old, new = ("root-a", "root-b"), ("double-hat",)
    refused(open_policy(seal_lab_policy(value, old), roots(), TODAY), "POL-002")  # the new root is missing
    refused(open_policy(seal_lab_policy(value, new), roots(), TODAY), "POL-002")  # the old root is missing
    both = seal_lab_policy(value, old + new)
    assert open_policy(both, roots(), TODAY).trust is not None
    assert open_policy(both, roots("double-hat"), TODAY).trust is not None  # later: only the new root is pinned


@pytest.mark.parametrize("broken", ["root-a", "root-b", "double-hat"])
def test_attack_71_pol_002_each_signature_of_a_rotation_must_fit(broken: str) -> None:
    value = policy_value(version=4, root={"threshold": 1, "keys": ["double-hat"]})
    envelope = envelope_of(seal_lab_policy(value, ("root-a", "root-b", "double-hat")))
    for one in envelope["signatures"]:
        if one["keyid"] == KEYS[broken].keyid:
            one["sig"] = base64.b64encode(bytes(64)).decode()
    refused(open_policy(jcs_bytes(envelope), roots(), TODAY), "POL-002")


def test_attack_71_pol_002_doubled_signature_is_refused_even_where_enough_have_signed() -> None:
    envelope = envelope_of(seal_lab_policy())
    envelope["signatures"].append(envelope["signatures"][0])
    refused(open_policy(jcs_bytes(envelope), roots(), TODAY), "POL-002")


def test_a_strangers_signature_on_the_policy_is_ignored() -> None:
    assert open_policy(countersign(seal_lab_policy(), STRANGER), roots(), TODAY).trust is not None


def test_attack_72_pol_003_expired_policy() -> None:
    refused(open_lab(policy_value(expires="2026-05-31")), "POL-003")


def test_attack_73_pol_004_same_key_under_two_names() -> None:
    value = policy_value()
    value["keys"]["verifier-2"]["public_key_pem"] = KEYS["verifier"].public.pem.decode().replace("\n", "\r\n")
    refused(open_lab(value), "POL-004")


@pytest.mark.parametrize(
    "change",
    [
        {"root": {"threshold": 2, "keys": ["root-a", "root-b", "ghost"]}},
        {"roles": policy_value()["roles"] | {"ci": ["ci", "ghost"]}},
        {"evidence_types": {"*": {"require": {"ghost": 1}}}},
        {"persons": {who: what for who, what in policy_value()["persons"].items() if who != "dev"}},
        {"roles": policy_value()["roles"] | {"ci": ["ci", "developer"]}},
    ],
    ids=["root key", "role's key", "required role", "key's person", "role that the person lacks"],
)
def test_attack_74_pol_005_ghosts(change: dict[str, Any]) -> None:
    refused(open_lab(policy_value(**change)), "POL-005")


def test_attack_75_pol_006_kind_of_evidence_that_nobody_can_sign() -> None:
    refused(open_lab(policy_value(evidence_types={"*": {"require": {"verifier": 4}}})), "POL-006")
    refused(open_lab(policy_value(evidence_types={"*": {"require": {"developer": 2}}})), "POL-006")


def test_attack_75_pol_006_separate_roles_with_one_person() -> None:
    value = policy_value(evidence_types={"*": {"require": {"ci": 1, "verifier": 1}, "separate_roles": True}})
    value["roles"] = {"ci": ["double-hat"], "verifier": ["double-hat"], "developer": ["developer"]}
    refused(open_lab(value), "POL-006")


def test_attack_75_pol_006_compromised_keys_do_not_count() -> None:
    value = with_key("developer", compromised=True)
    value["evidence_types"] = {"*": {"require": {"developer": 1}}}
    refused(open_lab(value), "POL-006")


def test_attack_18_sig_010_weak_key_in_the_policy() -> None:
    weak = (
        rsa.generate_private_key(65537, 1024).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    refused(open_lab(with_key("developer", public_key_pem=weak.decode())), "SIG-010")
    refused(open_lab(with_key("developer", public_key_pem="no key")), "SIG-010")
    two = (KEYS["developer"].public.pem + STRANGER.public.pem).decode()
    refused(open_lab(with_key("developer", public_key_pem=two)), "SIG-010")


def test_pol_000_nothing_to_open_or_nothing_to_open_it_with() -> None:
    data = seal_lab_policy()
    for reading in (
        open_policy(None, roots(), TODAY),
        open_policy(data, None, TODAY),
        open_policy(data, b"junk", TODAY),
    ):
        refused(reading, "POL-000")


IDENTITY: dict[str, Any] = {
    "person": "runner",
    "issuer": "https://token.actions.githubusercontent.com",
    "identity": "https://github.com/acme/signs/.github/workflows/evidence.yml@refs/heads/main",
    "source_repository_id": "4711",
    "source_repository_ref": "refs/heads/main",
    "build_trigger": "push",
    "valid_from": "2026-01-01",
}
PERSONAL: dict[str, Any] = {
    "person": "vera",
    "issuer": "https://accounts.example.org",
    "identity": "vera@example.org",
    "valid_from": "2026-01-01",
}


def with_identities(**identities: dict[str, Any]) -> dict[str, Any]:
    value = policy_value(sigstore={"trusted_root_sha256": "a" * 64, "identities": identities})
    roles = {"runner": "ci", "vera": "verifier"}
    for name, one in identities.items():
        value["roles"][roles[one["person"]]].append(name)
    return value


def test_identities_are_opened_with_their_roles() -> None:
    trust = open_lab(with_identities(keyless=IDENTITY, mail=PERSONAL)).trust
    assert trust is not None
    assert {name: (one.person, one.roles) for name, one in trust.identities.items()} == {
        "keyless": ("runner", {"ci"}),
        "mail": ("vera", {"verifier"}),
    }
    assert trust.identities["keyless"].entry.source_repository_id == "4711"


def test_attack_94_an_identity_without_issuer_has_no_form() -> None:
    without = {field: text for field, text in PERSONAL.items() if field != "issuer"}
    for one in (without, PERSONAL | {"issuer": ""}, PERSONAL | {"issuer": None}):
        refused(open_policy(raw_policy(with_identities(mail=one)), roots(), TODAY), "PRS-007")


@pytest.mark.parametrize("field", ["source_repository_id", "source_repository_ref", "build_trigger"])
def test_attack_94_pol_007_a_machines_identity_names_repository_ref_and_trigger(field: str) -> None:
    for one in (IDENTITY | {field: ""}, {name: text for name, text in IDENTITY.items() if name != field}):
        refused(open_lab(with_identities(keyless=one)), "POL-007")
        # A workflow is a machine whoever is said to hold it.
        refused(open_lab(with_identities(keyless=one | {"person": "vera"})), "POL-007")
    loose = PERSONAL | {"person": "runner"}
    refused(open_lab(with_identities(keyless=loose)), "POL-007")


def test_attack_94_pol_007_one_name_for_a_key_and_an_identity() -> None:
    value = policy_value(sigstore={"trusted_root_sha256": "a" * 64, "identities": {"verifier": PERSONAL}})
    refused(open_lab(value), "POL-007")


def test_attack_73_pol_004_same_identity_under_two_names() -> None:
    refused(open_lab(with_identities(mail=PERSONAL, post=PERSONAL)), "POL-004")
    refused(open_lab(with_identities(one=IDENTITY, two=IDENTITY | {"person": "vera"})), "POL-004")
    other_ref = IDENTITY | {"source_repository_ref": "refs/heads/release"}
    assert open_lab(with_identities(one=IDENTITY, two=other_ref)).trust is not None
    refused(open_lab(with_identities(one=IDENTITY, two=other_ref | {"person": "vera"})), "POL-004")


def test_attack_74_pol_005_ghosts_cover_identities_and_acts() -> None:
    value = with_identities(mail=PERSONAL)
    assert open_lab(value).trust is not None
    value["roles"]["ci"].append("mail")
    refused(open_lab(value), "POL-005")
    value = with_identities(mail=PERSONAL)
    value["sigstore"]["identities"]["mail"] = PERSONAL | {"person": "ghost"}
    refused(open_lab(value), "POL-005")
    refused(open_lab(policy_value(roles=policy_value()["roles"] | {"ci": ["ci", "mail"]})), "POL-005")
    refused(open_lab(policy_value(acts={"waiver": {"require": {"ghost": 1}}})), "POL-005")


def test_attack_75_pol_006_acts_that_nobody_can_sign() -> None:
    assert open_lab(policy_value(acts={"waiver": {"require": {}}, "review": {}})).trust is not None
    refused(open_lab(policy_value(acts={"release": {"require": {"developer": 2}}})), "POL-006")
    value = policy_value(acts={"release": {"require": {"ci": 1, "verifier": 1}, "separate_roles": True}})
    assert open_lab(value).trust is not None
    value["roles"] = {"ci": ["double-hat"], "verifier": ["double-hat"], "developer": ["developer"]}
    value["evidence_types"] = {"*": {"require": {"developer": 1}}}
    refused(open_lab(value), "POL-006")


def test_an_identity_fills_a_role_and_a_compromised_one_does_not() -> None:
    value = with_identities(mail=PERSONAL | {"person": "runner"} | IDENTITY)
    value["roles"]["ci"] = ["mail"]
    assert open_lab(value).trust is not None
    value["sigstore"]["identities"]["mail"]["compromised"] = True
    refused(open_lab(value), "POL-006", "POL-006")


def log_of(name: str, **changes: Any) -> dict[str, Any]:
    return {"origin": "example.org/signs", "key": pem_of(name)} | changes


def pem_of(name: str) -> str:
    return (STRANGER if name == "stranger" else KEYS[name]).public.pem.decode()


def test_pins_are_judged() -> None:
    tsa = Tsa()
    witnesses = {"v-and-v": pem_of("verifier-2")}  # who signs evidence may also witness the log
    log = log_of("stranger", witnesses=witnesses, witness_threshold=1)
    assert open_lab(policy_value(tsa={"one": tsa.pem}, log=log)).findings == ()


def test_attack_18_sig_010_pins_that_cannot_be_used() -> None:
    refused(open_lab(policy_value(log=log_of("stranger", key="no key"))), "SIG-010")
    refused(open_lab(policy_value(log=log_of("verifier"))), "SIG-010")  # P-256: signed notes know Ed25519
    refused(open_lab(policy_value(log=log_of("stranger", witnesses={"w": "junk"}))), "SIG-010")
    wrong = Tsa(usages=(ExtendedKeyUsageOID.CODE_SIGNING,))
    chains = ("", "junk", wrong.pem, Tsa(usage_critical=False).pem, pem_of("ci"), Tsa().pem + pem_of("ci"))
    for chain in chains:
        refused(open_lab(policy_value(tsa={"one": chain})), "SIG-010")


def test_attack_73_pol_004_one_key_for_two_purposes() -> None:
    refused(open_lab(policy_value(log=log_of("ci"))), "POL-004")
    refused(open_lab(policy_value(log=log_of("root-a"))), "POL-004")
    refused(open_lab(policy_value(log=log_of("stranger", witnesses={"w": pem_of("stranger")}))), "POL-004")
    same = {"v": pem_of("ci"), "w": pem_of("ci")}
    refused(open_lab(policy_value(log=log_of("stranger", witnesses=same))), "POL-004")
    tsa = Tsa()
    refused(open_lab(policy_value(tsa={"one": tsa.pem, "two": tsa.pem})), "POL-004")
    key = tsa.certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    refused(open_lab(with_key("developer", public_key_pem=key) | {"tsa": {"one": tsa.pem}}), "POL-004")


def test_attack_75_pol_006_more_witnesses_than_there_are() -> None:
    refused(open_lab(policy_value(log=log_of("stranger", witness_threshold=1))), "POL-006")


def test_prs_wrong_forms_of_policy() -> None:
    payload = jcs_bytes(policy_value())
    refused(open_policy(raw_policy(policy_value(extra=1)), roots(), TODAY), "PRS-007")
    refused(open_policy(raw_policy(b"[]"), roots(), TODAY), "PRS-007")
    refused(open_policy(raw_policy(payload + b" "), roots(), TODAY), "PRS-008")
    refused(open_policy(raw_policy(payload * 2), roots(), TODAY), "PRS-000")  # attack 65
    refused(open_policy(raw_policy(payload.replace(b'{"', b'{"name":"x","', 1)), roots(), TODAY), "PRS-001")
    refused(open_policy(seal_lab_policy() * 2, roots(), TODAY), "PRS-000")
    refused(open_policy(sign_envelope("text/plain", payload, [KEYS["root-a"]]), roots(), TODAY), "SIG-009")


@pytest.mark.parametrize(
    "day", ["20270101", "2027-W01-1", "2027-13-01", "1.1.2027", 20270101, 1798761600, None, True, "2027-01-01T00:00:00"]
)
def test_prs_007_days_have_one_form(day: object) -> None:
    refused(open_policy(raw_policy(policy_value(expires=day)), roots(), TODAY), "PRS-007")
    if day is not None:
        refused(open_policy(raw_policy(with_key("ci", valid_to=day)), roots(), TODAY), "PRS-007")


@pytest.mark.parametrize(
    ("field", "value"), [("version", "4"), ("version", True), ("version", 0), ("demo", "no"), ("demo", 0), ("keys", {})]
)
def test_prs_007_wrong_types(field: str, value: object) -> None:
    refused(open_policy(raw_policy(policy_value(**{field: value})), roots(), TODAY), "PRS-007")


def test_policy_is_described_in_full() -> None:
    schema = TrustPolicy.model_json_schema(by_alias=True)
    for model in [schema, *schema["$defs"].values()]:
        assert model["additionalProperties"] is False
        assert all("description" in field for field in model["properties"].values())


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_opening_never_raises_on_any_bytes(data: bytes, pins: bytes) -> None:
    assert open_policy(data, roots(), TODAY).trust is None
    assert open_policy(data, pins, TODAY).trust is None


people = st.frozensets(st.sampled_from("abcd"))


@settings(max_examples=200)
@given(
    st.dictionaries(st.sampled_from("xyz"), st.integers(1, 2), min_size=1),
    st.fixed_dictionaries(dict.fromkeys("xyz", people)),
)
def test_assignment_agrees_with_trying_them_all(require: dict[str, int], persons: dict[str, frozenset[str]]) -> None:
    places = [role for role, count in require.items() for _ in range(count)]

    def tried(index: int, used: frozenset[str]) -> bool:
        if index == len(places):
            return True
        return any(tried(index + 1, used | {who}) for who in persons[places[index]] - used)

    assert assignable(require, persons) is tried(0, frozenset())
