"""Digests agree with the standard library and with the vectors of RFC 8785."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import pytest

from casework.artifact.digest import NotCanonicalError, jcs_bytes, jcs_digest, sha256_bytes, sha256_file


def test_known_vector() -> None:
    # FIPS 180-4 example "abc"
    assert sha256_bytes(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_file_in_pieces_equals_whole(tmp_path: Path) -> None:
    content = bytes(range(256)) * 9000  # more than two pieces of 1 MiB
    (tmp_path / "f").write_bytes(content)
    assert sha256_file(tmp_path / "f") == hashlib.sha256(content).hexdigest()


def test_canonical_form_of_rfc_8785() -> None:
    # RFC 8785, 3.2.2 and 3.2.3: numbers, sorting by UTF-16 code units, escapes
    value = {"numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 1e-27], "literals": [None, True, False]}
    assert jcs_bytes(value) == b'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}'


def test_order_of_keys_and_kind_of_sequence_do_not_matter() -> None:
    assert jcs_digest({"a": (1, 2), "b": 1.0}) == jcs_digest({"b": 1, "a": [1, 2]})


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**53, {1: "a"}, {"a": object()}, "\ud800"])
def test_what_json_cannot_carry_is_refused(value: object) -> None:
    with pytest.raises(NotCanonicalError):
        jcs_bytes(value)
