"""The shape of bundles: a closed schema, in one spelling; whatever the bytes, a problem and never an exception."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from sigstore_lab import HERE, PAYLOAD, POLICY, ROOT, honest, opened, raw, refused
from trust_lab import KEYS

from casework.attest.carrier import Problem
from casework.attest.codes import CODES
from casework.attest.sigstore.bundle import SignedFile, open_bundle, open_file_bundle
from casework.attest.sigstore.shape import OLDER, V03, Bundle, read_bundle

HONEST = honest() and honest()  # the second of two, so that its proof has hashes
Route = tuple[str | int, ...]


def routes(value: Any, route: Route = ()) -> Iterator[Route]:
    yield route
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        yield from routes(inner, (*route, step))


def changed(route: Route, change: Any) -> dict[str, Any]:
    made = copy.deepcopy(HONEST)
    place: Any = made
    for step in route[:-1]:
        place = place[step]
    change(place, route[-1])
    return made


def put(value: Any) -> Any:
    return lambda place, step: place.__setitem__(step, value)


ROUTES = [route for route in routes(HONEST) if route]


def test_an_honest_bundle_is_read() -> None:
    assert isinstance(read_bundle(raw(HONEST)), Bundle)


def test_versions_before_0_3_are_read_only_where_they_are_asked_for() -> None:
    older = HONEST | {"mediaType": next(iter(OLDER))}
    refused(older, "PRS-007", "0.3 is expected")
    assert isinstance(read_bundle(raw(older), V03 | OLDER), Bundle)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: ".".join(map(str, route)))
def test_no_part_can_be_of_another_kind(route: Route) -> None:
    for other in (None, True, 7, "\u00e9\u00e9", [], {}, [1], {"a": 1}):
        found = opened(changed(route, put(other)))
        # A time stamp that is missing takes the proof of time along; a key id says nothing.
        assert found.principals == () or (other in (None, "\u00e9\u00e9") and route[-1] == "keyid"), (route, other)
        assert all(problem.code in CODES for problem in found.problems)


@pytest.mark.parametrize("route", [route for route in ROUTES if isinstance(route[-1], str)], ids=str)
def test_no_part_can_be_left_out_or_spelled_in_two_ways(route: Route) -> None:
    """The library reads `media_type` as well as `mediaType`."""
    assert opened(changed(route, lambda place, step: place.pop(step))).principals == ()
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in str(route[-1]))
    if snake != route[-1]:
        refused(changed(route, lambda place, step: place.__setitem__(snake, place[step])), "PRS-007")


@pytest.mark.parametrize("route", [()] + [route for route in ROUTES if len(route) < 4], ids=str)
def test_no_part_can_be_added(route: Route) -> None:
    made = copy.deepcopy(HONEST)
    place: Any = made
    for step in route:
        place = place[step]
    if isinstance(place, dict):
        place["more"] = 1
        refused(made, "PRS-007", "more")


def test_a_doubled_key_in_the_bundle_is_refused() -> None:
    text = raw(HONEST).decode()
    for name in ("mediaType", "payload", "tlogEntries", "rawBytes", "sig"):
        doubled = text.replace(f'"{name}": ', f'"{name}": "x", "{name}": ', 1)
        refused(doubled.encode(), "PRS-001", name)


@pytest.mark.parametrize("name", ["key", "publicKey", "rawBytes"])
def test_a_bundle_that_brings_its_own_key_is_refused(name: str) -> None:
    made = copy.deepcopy(HONEST)
    made["verificationMaterial"] = {"publicKey": {"hint": "x", name: "AAAA"}, "tlogEntries": []}
    refused(made, "SIG-004", "brings its own key")


@pytest.mark.parametrize("junk", ["{}\n", " {}", "{}=", "{}====", "-_{}"])
def test_base64_has_one_spelling(junk: str) -> None:
    for route in ROUTES:
        value = HONEST
        for step in route:
            value = value[step]  # type: ignore[index]
        if route[-1] in ("payload", "sig", "rawBytes", "keyId", "rootHash", "canonicalizedBody", "signedTimestamp"):
            refused(changed(route, put(junk.format(value))), "SIG-002")


@pytest.mark.parametrize("number", ["-1", "01", "+1", "1.0", "1e3", " 1", "9223372036854775808", "\u0661", 1, 1.0])
def test_numbers_have_one_spelling(number: Any) -> None:
    for name in ("logIndex",):
        refused(changed(("verificationMaterial", "tlogEntries", 0, name), put(number)), "PRS-007", name)


def test_signers_and_signatures_are_counted() -> None:
    def without_signatures(place: Any, _step: Any) -> None:
        place["signatures"] = []

    refused(changed(("dsseEnvelope", "signatures"), without_signatures), "SIG-001")
    twice = copy.deepcopy(HONEST)
    twice["dsseEnvelope"]["signatures"] *= 2
    refused(twice, "PRS-007", "2 signatures")
    both = copy.deepcopy(HONEST)
    both["verificationMaterial"]["publicKey"] = {"hint": "ci"}
    refused(both, "PRS-007", "2 signers")
    nobody = copy.deepcopy(HONEST)
    del nobody["verificationMaterial"]["certificate"]
    refused(nobody, "PRS-007", "0 signers")
    stamps = copy.deepcopy(HONEST)
    stamps["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"] *= 2
    refused(stamps, "PRS-007", "same time stamp twice")
    chain = copy.deepcopy(HONEST)
    chain["verificationMaterial"]["x509CertificateChain"] = {
        "certificates": [chain["verificationMaterial"].pop("certificate")]
    }
    refused(chain, "PRS-007", "not a chain")


def test_a_signature_of_a_file_carries_no_evidence() -> None:
    made = copy.deepcopy(HONEST)
    made["messageSignature"] = {"signature": made.pop("dsseEnvelope")["signatures"][0]["sig"]}
    refused(made, "PRS-007", "no statement")
    # ... and a signature over an envelope is none over a file.
    file = SignedFile(bytes(32))
    assert [one.code for one in open_file_bundle(raw(made), ROOT, POLICY, file).problems] == ["SIG-014"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "PRS-000"),
        (b"{}", "PRS-007"),
        (b"[]", "PRS-007"),
        (b"null", "PRS-007"),
        (b"[" * 100_000, "PRS-003"),
        (b"\xff\xfe{\x00}\x00", "PRS-006"),
        (b"\xef\xbb\xbf{}", "PRS-006"),
        (b'{"a": NaN}', "PRS-002"),
        (raw(HONEST) + b"{}", "PRS-000"),
        (raw(HONEST)[:-1], "PRS-000"),
        (raw(HONEST) + b" " * 9_000_000, "PRS-003"),
    ],
    ids=["empty", "object", "list", "null", "deep", "utf-16", "mark", "nan", "two", "cut", "huge"],
)
def test_what_is_no_bundle_is_a_problem(data: bytes, code: str) -> None:
    refused(data, code)
    assert isinstance(read_bundle(data), Problem)


def mutated(source: bytes, chance: random.Random) -> bytes:
    made = bytearray(source)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(made))
        match chance.randrange(3):
            case 0:
                made[at] ^= 1 << chance.randrange(8)
            case 1:
                made[at] = chance.choice(b"\x00\x01\x30\x7f\x80\x84\xff")
            case _:
                del made[at : at + chance.randint(1, 8)]
    return bytes(made)


def der_fields(bundle: dict[str, Any]) -> list[tuple[Any, str]]:
    material = bundle["verificationMaterial"]
    entry = material["tlogEntries"][0]
    return [
        (material["certificate"], "rawBytes"),
        (material["timestampVerificationData"]["rfc3161Timestamps"][0], "signedTimestamp"),
        (entry, "canonicalizedBody"),
        (bundle["dsseEnvelope"]["signatures"][0], "sig"),
    ]


def campaign(rounds: int, seed: int) -> int:
    """Mutate bytes and the DER inside; nobody may vouch for another payload, and nothing may be raised."""
    import base64

    chance = random.Random(seed)
    still_good = 0
    for number in range(rounds):
        if number % 2:
            bundle = copy.deepcopy(HONEST)
            place, name = chance.choice(der_fields(bundle))
            place[name] = base64.b64encode(mutated(base64.b64decode(place[name]), chance)).decode()
            data = raw(bundle)
        else:
            data = mutated(raw(HONEST), chance)
        found = open_bundle(data, ROOT, POLICY)
        if found.principals:
            still_good += 1
            assert found.payload == PAYLOAD, data
        else:
            assert found.problems, data
    return still_good


def test_mutants_never_vouch_for_another_payload() -> None:
    assert campaign(300, 1) < 30  # white space, and parts that nothing rests on


@pytest.mark.slow
def test_many_mutants_never_vouch_for_another_payload() -> None:
    assert campaign(20_000, 2) < 2_000


def test_mutants_of_the_root_never_raise() -> None:
    import hashlib

    chance = random.Random(3)
    data = raw(HONEST)
    for _ in range(60):
        root = mutated(ROOT, chance)
        sigstore = POLICY.sigstore
        assert sigstore is not None
        pinned = sigstore.model_copy(update={"trusted_root_sha256": hashlib.sha256(root).hexdigest()})
        found = open_bundle(data, root, POLICY.model_copy(update={"sigstore": pinned}))
        assert bool(found.principals) != bool(found.problems)


def test_the_instance_and_its_keys_are_of_the_lab() -> None:
    assert HERE.root.public_bytes(Encoding.DER)
    assert "ci" in KEYS
    assert json.loads(ROOT)["mediaType"].startswith("application/vnd.dev.sigstore.trustedroot")
