from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st
from trust_lab import EVIDENCE, NOW, policy_value, refused, sealed, trust, with_key

from casework.attest.carrier import Problem
from casework.attest.dating.authorities import guarded
from casework.attest.dating.stamps import (
    MAX_TOKEN_BYTES,
    MAX_TOKENS,
    Authority,
    accept_response,
    due_for_renewal,
    judge_renewals,
    judge_tokens,
    load_authorities,
    renewal_message,
    request_for,
)
from casework.attest.dsse import Envelope, read_envelope
from casework.attest.opening import Anchors, open_record, sealed_name
from casework.attest.verify import judge
from casework.model.verdict import Verdict
from doubles.tsa import Tsa, algorithm, elements, integer, rejection, sequence, tlv


def day(year: int, month: int = 1, of_month: int = 1) -> datetime:
    return datetime(year, month, of_month, tzinfo=UTC)


OLD = Tsa("old", valid_from=day(2015), valid_to=day(2018))
MIDDLE = Tsa("middle", valid_from=day(2017), valid_to=day(2021), intermediate=True)
NEW = Tsa("new", valid_from=day(2020), valid_to=day(2031))
FOREIGN = Tsa("foreign", valid_from=day(2015), valid_to=day(2031))
PINNED = {"old": OLD.pem, "middle": MIDDLE.pem, "new": NEW.pem}
AUTHORITIES, _PROBLEMS = load_authorities(PINNED)
SIGNATURE, OTHER = b"one signature" * 5, b"another signature" * 4
AT = day(2016, 5, 1)


def only(problems: tuple[Problem, ...], *words: str, code: str = "TIM-002") -> None:
    """Check that there is one problem of this code, and that it says what is wrong."""
    assert [one.code for one in problems] == [code], problems
    for word in words:
        assert word in problems[0].message


def rejected(token: bytes, *words: str) -> None:
    times, problems = judge_tokens([token], [SIGNATURE], AUTHORITIES)
    assert times == {}
    only(problems, *words)


# The double itself


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl program")
@pytest.mark.parametrize("tsa", [OLD, MIDDLE], ids=["two certificates", "three certificates"])
def test_openssl_takes_the_tokens_of_the_double_and_answers_to_its_own_queries(tsa: Tsa, tmp_path: Path) -> None:
    at = day(2017, 6)
    (tmp_path / "message").write_bytes(SIGNATURE)
    (tmp_path / "pinned.pem").write_text(tsa.pem)
    (tmp_path / "token").write_bytes(tsa.token(SIGNATURE, at))
    query = ["openssl", "ts", "-query", "-data", "message", "-sha256", "-cert", "-out", "query"]
    subprocess.run(query, cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "answer").write_bytes(tsa.answer((tmp_path / "query").read_bytes(), at))
    for given_, token in (("-data message", "token"), ("-queryfile query", "answer")):
        command = f"openssl ts -verify {given_} -in {token} -CAfile pinned.pem -attime {int(at.timestamp())}"
        done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, check=False)
        assert "Verification: OK" in done.stdout, done.stderr


def test_the_double_gives_the_same_bytes_each_time() -> None:
    again = Tsa("old", valid_from=day(2015), valid_to=day(2018))
    assert again.pem == OLD.pem
    assert again.token(SIGNATURE, AT, nonce=7) == OLD.token(SIGNATURE, AT, nonce=7)


# Honest tokens


def test_a_token_dates_the_signature_that_it_covers_though_its_authority_expired_since() -> None:
    tokens = [OLD.token(OTHER, AT), OLD.token(SIGNATURE, AT + timedelta(days=1))]
    times, problems = judge_tokens(tokens, [SIGNATURE, OTHER], AUTHORITIES)
    assert problems == ()
    assert times == {OTHER: AT, SIGNATURE: AT + timedelta(days=1)}


def test_the_earliest_of_several_authorities_wins() -> None:
    late, early = MIDDLE.token(SIGNATURE, day(2017, 9)), OLD.token(SIGNATURE, day(2017, 3))
    assert judge_tokens([late, early], [SIGNATURE], AUTHORITIES) == ({SIGNATURE: day(2017, 3)}, ())
    assert judge_tokens([early, late], [SIGNATURE], AUTHORITIES) == ({SIGNATURE: day(2017, 3)}, ())


@pytest.mark.parametrize("name", ["sha256", "sha384", "sha512"])
def test_strong_hashes_count(name: str) -> None:
    token = OLD.token(SIGNATURE, AT, imprint_hash=name, signer_hash=name)
    assert judge_tokens([token], [SIGNATURE], AUTHORITIES) == ({SIGNATURE: AT}, ())


def test_a_token_without_certificates_is_verified_with_the_pinned_ones() -> None:
    token = MIDDLE.token(SIGNATURE, day(2019), certificates=False)
    assert judge_tokens([token], [SIGNATURE], AUTHORITIES) == ({SIGNATURE: day(2019)}, ())


def test_no_tokens_prove_nothing_and_import_nothing() -> None:
    assert judge_tokens([], [SIGNATURE], AUTHORITIES) == ({}, ())
    code = (
        "import sys; from casework.attest.dating.stamps import judge_tokens, load_authorities; "
        "judge_tokens([], [b'x'], load_authorities(None)[0]); print('rfc3161_client' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


# Attacks on a whole record; numbers as in the list of attacks

TSA = Tsa("lab", valid_from=day(2025), valid_to=day(2030))
STARTED = datetime(2026, 5, 1, 10, tzinfo=UTC)
DEMANDING: dict[str, Any] = {
    "tsa": {"lab": TSA.pem},
    "evidence_types": {"dataset": {"require": {"ci": 1}, "timestamp": True, "sign_within_hours": 72}},
}


def stamped(data: bytes, *tokens: bytes) -> bytes:
    envelope = read_envelope(data)
    assert isinstance(envelope, Envelope)
    return Envelope(envelope.payload_type, envelope.payload, envelope.signatures, tokens).to_bytes()


def signature_of(data: bytes) -> bytes:
    envelope = read_envelope(data)
    assert isinstance(envelope, Envelope)
    return envelope.signatures[0].sig


def judged(data: bytes, now: datetime = NOW, value: dict[str, Any] | None = None) -> Verdict:
    world = trust(policy_value(**DEMANDING) if value is None else value | DEMANDING)
    anchors = Anchors(world, load_authorities(DEMANDING["tsa"])[0])
    record = open_record([(f"evidence/{EVIDENCE}/{sealed_name(data)}", data)], anchors)
    return judge(record, EVIDENCE, world, now)


def blocked(verdict: Verdict, *codes: str) -> None:
    assert not verdict.verified
    assert [one.code for one in verdict.findings] == list(codes), verdict.findings


def test_control_an_honest_stamp_counts_now_and_years_later() -> None:
    data = sealed()
    good = stamped(data, TSA.token(signature_of(data), STARTED + timedelta(hours=1)))
    for now in (NOW, day(2040)):
        assert judged(good, now).verified
        assert judged(good, now).findings == ()


def test_attack_22_a_removed_stamp() -> None:
    blocked(judged(sealed()), "TIM-001")


def test_attack_23_a_stamp_borrowed_from_another_record() -> None:
    other = sealed(duration_s=1.0)
    borrowed = stamped(sealed(), TSA.token(signature_of(other), STARTED + timedelta(hours=1)))
    blocked(judged(borrowed), "TIM-001", "TIM-002")


def test_attack_24_a_stamp_by_a_foreign_authority() -> None:
    data = sealed()
    foreign = stamped(data, FOREIGN.token(signature_of(data), STARTED + timedelta(hours=1)))
    blocked(judged(foreign), "TIM-001", "TIM-002")


def test_attack_25_a_run_in_the_future_is_told_now_and_when_its_day_has_come() -> None:
    data = sealed(started="2026-07-01T10:00:00Z")
    dated = stamped(data, TSA.token(signature_of(data), NOW))
    assert "TIM-003" in [one.code for one in judged(dated).findings]
    blocked(judged(dated, day(2026, 8)), "TIM-004")
    refused(data, "TIM-003")


def test_attack_26_a_back_dated_record() -> None:
    value = with_key("ci", valid_to="2026-05-10")
    data = sealed()
    honest = stamped(data, TSA.token(signature_of(data), STARTED + timedelta(hours=1)))
    assert judged(honest, value=value).verified
    late = stamped(data, TSA.token(signature_of(data), day(2026, 5, 20)))
    assert "TIM-004" in [one.code for one in judged(late, value=value).findings]
    assert not judged(late, value=value).verified


def test_attack_27_a_record_stamped_weeks_later() -> None:
    data = sealed()
    blocked(judged(stamped(data, TSA.token(signature_of(data), day(2026, 5, 22)))), "TIM-005")


# Broken, foreign and weak tokens


def test_a_token_that_covers_nothing_here() -> None:
    rejected(OLD.token(OTHER, AT), "covers no signature")


def test_a_token_by_another_authority() -> None:
    rejected(FOREIGN.token(SIGNATURE, AT), "does not pin")


def test_a_token_by_a_sibling_under_the_same_root() -> None:
    rejected(Tsa("old", valid_from=day(2015), valid_to=day(2017)).token(SIGNATURE, AT), "does not pin")


@pytest.mark.parametrize("certificates", [True, False])
def test_a_token_signed_by_the_root_itself(certificates: bool) -> None:
    token = OLD.token(SIGNATURE, AT, key=OLD.root_key, named=OLD.root, certificates=certificates)
    rejected(token, "does not pin")


def test_a_token_with_a_strangers_key_under_the_pinned_name() -> None:
    rejected(OLD.token(SIGNATURE, AT, key=FOREIGN.key), "not that of old")
    twin = Tsa("old", valid_from=day(2015), valid_to=day(2018), curve=ec.SECP384R1())
    assert twin.certificate.serial_number == OLD.certificate.serial_number
    rejected(twin.token(SIGNATURE, AT), "not that of old")
    both = tuple(one.public_bytes(Encoding.DER) for one in (twin.certificate, OLD.certificate))
    rejected(OLD.token(SIGNATURE, AT, key=twin.key, certificates=False, extra_certificates=both), "not that of old")


@pytest.mark.parametrize("at", [day(2014, 12, 31), day(2018, 1, 2), day(1000), day(9999)])
def test_a_token_from_outside_the_days_of_its_authority(at: datetime) -> None:
    rejected(OLD.token(SIGNATURE, at), "were not valid")


def test_a_token_from_after_the_end_of_the_root() -> None:
    tsa = Tsa("short", valid_from=day(2015), valid_to=day(2018), root_valid=(day(2014), day(2016)))
    authorities, problems = load_authorities({"short": tsa.pem})
    assert problems == ()
    assert judge_tokens([tsa.token(SIGNATURE, day(2015, 6))], [SIGNATURE], authorities)[1] == ()
    only(judge_tokens([tsa.token(SIGNATURE, AT)], [SIGNATURE], authorities)[1], "were not valid")


@pytest.mark.parametrize(
    "weak",
    [{"imprint_hash": "sha1"}, {"imprint_hash": "md5"}, {"signer_hash": "sha1"}],
    ids=["imprint by SHA-1", "imprint by MD5", "signed over SHA-1"],
)
def test_a_token_with_a_weak_hash(weak: dict[str, str]) -> None:
    rejected(OLD.token(SIGNATURE, AT, **weak), "hash that is not accepted")  # type: ignore[arg-type]


def test_a_token_that_hides_a_weak_hash() -> None:
    rejected(OLD.token(SIGNATURE, AT, signer_hash="sha1", listed_hash="sha256"), "is broken")


@pytest.mark.parametrize("cosigner", [FOREIGN, NEW])
@pytest.mark.parametrize("certificates", [True, False])
def test_a_token_with_two_signers(cosigner: Tsa, certificates: bool) -> None:
    rejected(OLD.token(SIGNATURE, AT, cosigner=cosigner, certificates=certificates), "with one signer")


def test_a_token_of_another_content_type() -> None:
    rejected(OLD.token(SIGNATURE, AT, content_type="1.2.840.113549.1.7.1"), "is broken")


@pytest.mark.parametrize(
    "data",
    [b"", b"\0", b"no DER at all", OLD.token(SIGNATURE, AT)[:-1], OLD.token(SIGNATURE, AT) + b"\0", rejection("no")],
)
def test_bytes_that_are_no_token(data: bytes) -> None:
    rejected(data, "time stamp 1 is")


def test_a_token_that_was_not_granted() -> None:
    rejected(OLD.token(SIGNATURE, AT, status=2), "refused")


def test_a_giant_token() -> None:
    rejected(OLD.token(SIGNATURE, AT) + bytes(MAX_TOKEN_BYTES), "more than the 65536 allowed")


def test_too_many_tokens() -> None:
    times, problems = judge_tokens([OLD.token(SIGNATURE, AT)] * (MAX_TOKENS + 1), [SIGNATURE], AUTHORITIES)
    assert times == {}
    only(problems, "more than the 256 allowed")
    assert judge_renewals(SIGNATURE, [b""] * (MAX_TOKENS + 1), AUTHORITIES)[1][0].code == "LOG-009"


def test_a_doubled_token_also_where_its_unsigned_part_differs() -> None:
    token = OLD.token(SIGNATURE, AT)
    for twin in (token, OLD.token(SIGNATURE, AT, certificates=False)):
        times, problems = judge_tokens([token, twin], [SIGNATURE], AUTHORITIES)
        assert times == {SIGNATURE: AT}
        only(problems, "time stamp 2 is listed twice")


def test_foreign_text_in_a_token_stays_out_of_the_message() -> None:
    tsa = Tsa("\x1b[31m\u202eevil", valid_from=day(2015), valid_to=day(2018))
    assert judge_tokens([tsa.token(SIGNATURE, AT)], [SIGNATURE], AUTHORITIES)[1][0].message.isprintable()


# Authorities


def test_authorities_are_values_and_their_end_is_that_of_the_whole_chain() -> None:
    assert _PROBLEMS == ()
    assert [(one.name, len(one.certificates), one.valid_to) for one in AUTHORITIES] == [
        ("middle", 3, day(2021)),
        ("new", 2, day(2031)),
        ("old", 2, day(2018)),
    ]
    assert load_authorities(PINNED)[0] == AUTHORITIES
    assert load_authorities(None) == load_authorities({}) == ((), ())


def self_signed(
    key: Any, algorithm: hashes.HashAlgorithm | None, *usages: x509.ObjectIdentifier, critical: bool = True
) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "alone")])
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(day(2015)).not_valid_after(day(2030))
    )  # fmt: skip
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=critical)
    return builder.sign(key, algorithm).public_bytes(Encoding.PEM).decode()


TIME_STAMPING = ExtendedKeyUsageOID.TIME_STAMPING
P256 = ec.derive_private_key(3, ec.SECP256R1())


@pytest.mark.parametrize(
    ("pem", "words"),
    [
        ("", "not readable"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "not readable"),
        ("\udcff", "not readable"),
        (OLD.pem.replace("MII", "MIJ", 1), "not readable"),
        (OLD.pem + P256.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), "only such"),
        (OLD.pem * 5, "more than the 8 allowed"),
        (OLD.certificate.public_bytes(Encoding.PEM).decode(), "no root"),
        (OLD.certificate.public_bytes(Encoding.PEM).decode() + NEW.root.public_bytes(Encoding.PEM).decode(), "not issued"),
        (OLD.root.public_bytes(Encoding.PEM).decode(), "not for time-stamping"),
        (self_signed(P256, hashes.SHA256(), TIME_STAMPING, critical=False), "critically and alone"),
        (self_signed(P256, hashes.SHA256(), TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING), "critically and alone"),
        (self_signed(ec.derive_private_key(3, ec.SECP256K1()), hashes.SHA256(), TIME_STAMPING), "secp256k1"),
        (self_signed(rsa.generate_private_key(65537, 1024), hashes.SHA256(), TIME_STAMPING), "RSA key of 1024 bits"),
        (self_signed(ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)), None, TIME_STAMPING), "RSA or ECDSA"),
    ],
)  # fmt: skip
def test_an_authority_that_cannot_be_used(pem: str, words: str) -> None:
    authorities, problems = load_authorities({"bad": pem, "new": NEW.pem})
    assert [one.name for one in authorities] == ["new"]
    only(problems, "time-stamp authority bad", words, code="SIG-010")


def test_an_authority_whose_certificate_is_signed_over_sha1() -> None:
    ((_, whole),) = elements(OLD.certificate.public_bytes(Encoding.DER))
    ((_, signed), _, _) = elements(whole)
    weak = algorithm("1.2.840.10045.4.1")  # ecdsa-with-SHA1, which no library of today would write
    parts = [weak if place == 2 else tlv(*part) for place, part in enumerate(elements(signed))]
    signature = OLD.root_key.sign(sequence(*parts), ec.ECDSA(hashes.SHA1()))
    leaf = x509.load_der_x509_certificate(sequence(sequence(*parts), weak, tlv(0x03, b"\0" + signature)))
    chain = "".join(one.public_bytes(Encoding.PEM).decode() for one in (leaf, OLD.root))
    only(load_authorities({"bad": chain})[1], "signed with sha1", code="SIG-010")


def test_an_authority_listed_twice() -> None:
    authorities, problems = load_authorities({"a": OLD.pem, "b": OLD.pem})
    assert [one.name for one in authorities] == ["a"]
    only(problems, "a and b are the same", code="POL-004")


# Asking


def test_an_honest_answer_is_kept_as_it_is() -> None:
    query = request_for(SIGNATURE)
    answer = NEW.answer(query, day(2026))
    assert accept_response(answer, SIGNATURE, AUTHORITIES, request=query) == answer
    assert request_for(SIGNATURE) != query  # another nonce


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda query: NEW.answer(query, day(2026), nonce=1), "nonce"),
        (lambda query: NEW.answer(query, day(2026), nonce=None), "nonce"),
        (lambda query: NEW.answer(request_for(SIGNATURE), day(2026)), "nonce"),
        (lambda query: FOREIGN.answer(query, day(2026)), "does not pin"),
        (lambda query: NEW.answer(query, day(2026), status=1), "did not grant it: granted_with_mods"),
        (lambda query: NEW.answer(query, day(2026), digest=bytes(32)), "something else"),
        (lambda query: NEW.answer(query, day(2032)), "were not valid"),
        (lambda query: NEW.answer(query, day(2026), key=FOREIGN.key), "is broken"),
        (lambda query: rejection("over \x1b[31mquota", failure=25), "rejection over \\x1b[31mquota"),
        (lambda query: sequence(sequence(integer(99))), "answer is"),
        (lambda query: sequence(sequence(integer(2), tlv(0x0C, b"\xff"))), "answer is"),
        (lambda query: b"<html>", "is broken"),
        (lambda query: b"", "is broken"),
    ],
)
def test_an_answer_that_must_not_be_kept(answer: Any, words: str) -> None:
    query = request_for(SIGNATURE)
    problem = accept_response(answer(query), SIGNATURE, AUTHORITIES, request=query)
    assert isinstance(problem, Problem)
    only((problem,), words)


def test_an_answer_to_a_query_without_nonce_is_not_kept() -> None:
    problem = accept_response(NEW.token(SIGNATURE, day(2026)), SIGNATURE, AUTHORITIES, request=sequence(integer(1)))
    assert isinstance(problem, Problem)
    only((problem,), "nonce")


def test_nothing_cannot_be_stamped() -> None:
    with pytest.raises(ValueError, match="empty"):
        request_for(b"")


# Renewal

NOTE = b"example.org/log\n7\nroot\n\n\xe2\x80\x94 example.org/log sig\n"
CHAINED = [(OLD, day(2015, 6)), (MIDDLE, day(2017, 12)), (NEW, day(2020, 12, 31))]


def chain(steps: list[tuple[Tsa, datetime]], note: bytes = NOTE) -> list[bytes]:
    tokens: list[bytes] = []
    for tsa, at in steps:
        tokens.append(tsa.token(renewal_message(note, tokens), at))
    return tokens


def broken_link(tokens: list[bytes], *words: str, authorities: tuple[Authority, ...] = AUTHORITIES) -> None:
    proven, problems = judge_renewals(NOTE, tokens, authorities)
    assert proven is None
    only(problems, *words, code="LOG-009")


def test_a_chain_of_three_authorities_two_of_them_expired_proves_the_first_time() -> None:
    tokens = chain(CHAINED)
    for length in (1, 2, 3):
        assert judge_renewals(NOTE, tokens[:length], AUTHORITIES) == (day(2015, 6), ())
    assert judge_renewals(NOTE, [], AUTHORITIES) == (None, ())


def test_a_renewal_covers_the_note_and_every_earlier_token() -> None:
    assert renewal_message(b"note", [b"one", b"two"]) == b"noteonetwo"


def test_a_renewal_after_the_end_of_the_authority_before_it() -> None:
    broken_link(
        chain([(OLD, day(2015, 6)), (MIDDLE, day(2018, 1, 2))]), "stamp 2 of the log renews too late", "old ended"
    )


def test_a_renewal_from_before_what_it_renews() -> None:
    broken_link(chain([(OLD, day(2017, 6)), (MIDDLE, day(2017, 3))]), "before the time stamp that it renews")


def test_a_chain_over_another_note_or_in_another_order_or_with_a_link_left_out() -> None:
    first, second, third = chain(CHAINED)
    broken_link(chain(CHAINED, b"another note"), "time stamp 1 of the log covers something else")
    broken_link([second, first, third], "time stamp 1")
    broken_link([first, third], "time stamp 2 of the log does not cover")
    broken_link([second, third], "time stamp 1")
    broken_link([first, first], "time stamp 2 of the log does not cover")


def test_a_first_token_exchanged_for_an_earlier_one_breaks_the_chain() -> None:
    _, second, third = chain(CHAINED)
    broken_link([OLD.token(NOTE, day(2015, 3)), second, third], "time stamp 2 of the log does not cover")


def test_a_chain_whose_middle_authority_is_no_longer_pinned() -> None:
    broken_link(chain(CHAINED), "time stamp 2", "does not pin", authorities=load_authorities({"old": OLD.pem})[0])


def test_renewal_is_due_before_the_last_authority_ends_and_after() -> None:
    tokens = chain(CHAINED[:2])
    assert due_for_renewal(tokens, AUTHORITIES, day(2020, 6), 90) is None
    for now, word in ((day(2020, 12), "end on 2021-01-01"), (day(2026), "ended on 2021-01-01")):
        problem = due_for_renewal(tokens, AUTHORITIES, now, 90)
        assert problem is not None
        only((problem,), "middle", word, code="TIM-006")
    assert due_for_renewal(chain(CHAINED), AUTHORITIES, day(2026), 90) is None
    assert due_for_renewal([], AUTHORITIES, day(2026), 90) is None
    assert due_for_renewal([b"broken"], AUTHORITIES, day(2026), 90) is None
    with pytest.raises(ValueError, match="time zone"):
        due_for_renewal(tokens, AUTHORITIES, datetime(2026, 1, 1), 90)


# Whatever the bytes

HONEST = OLD.token(SIGNATURE, AT, nonce=5)


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    data = bytearray(HONEST)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data) - 1))
        match draw(st.integers(0, 3)):
            case 0:
                data[place] ^= 1 << draw(st.integers(0, 7))
            case 1:
                data[place] = draw(st.integers(0, 255))
            case 2:
                del data[place : place + draw(st.integers(1, 20))]
            case _:
                data[place:place] = draw(st.binary(min_size=1, max_size=9))
        if not data:
            break
    return bytes(data)


@settings(max_examples=400, deadline=None)
@given(mutants())
def test_no_mutated_token_states_another_time_or_covers_something_else(data: bytes) -> None:
    times, problems = judge_tokens([data], [SIGNATURE, OTHER], AUTHORITIES)
    assert times in ({}, {SIGNATURE: AT})
    assert bool(times) != bool(problems)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400) | mutants(), st.binary(max_size=60))
def test_nothing_is_raised_whatever_the_bytes(data: bytes, more: bytes) -> None:
    assert judge_tokens([data, more], [more], AUTHORITIES)[0].keys() <= {more}
    assert judge_renewals(more, [data, more], AUTHORITIES)[0] is None
    assert isinstance(accept_response(data, more, AUTHORITIES, request=more), Problem)
    due_for_renewal([data], AUTHORITIES, day(2026), 90)


class PanicException(BaseException):
    """What a parser in Rust raises when it panics."""


def test_a_panic_of_a_parser_is_a_failure_and_an_interrupt_is_not() -> None:
    def fails(error: type[BaseException]) -> None:
        raise error

    assert guarded(partial(fails, PanicException)) is None
    assert guarded(partial(fails, RecursionError)) is None
    with pytest.raises(KeyboardInterrupt):
        guarded(partial(fails, KeyboardInterrupt))


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(max_size=5), st.text(max_size=200) | st.just(OLD.pem[:-40]), max_size=3))
def test_no_authority_is_made_of_any_text(tsa: dict[str, str]) -> None:
    authorities, problems = load_authorities(tsa)
    assert authorities == ()
    assert len(problems) == len(tsa)
