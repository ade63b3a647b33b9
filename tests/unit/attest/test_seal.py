from __future__ import annotations

import base64
import json
import subprocess
import sys

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from trust_lab import KEYS, envelope_of, judge, sealed, statement

from casework.attest.carrier import Problem
from casework.attest.dsse import Envelope, countersign, pae, read_envelope, sign_envelope
from casework.attest.seal import seal
from casework.attest.verify import sealed_name
from casework.model.result import PAYLOAD_TYPE


def test_pre_authentication_encoding_is_that_of_the_dsse_protocol() -> None:
    # Test vector of the DSSE protocol document, "Test Vectors".
    assert (
        pae("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("ä", "ö".encode()) == "DSSEv1 2 ä 2 ö".encode()


def test_same_statement_and_key_give_the_same_bytes() -> None:
    assert sealed() == sealed()
    assert sealed(seed=1) != sealed()


def test_envelope_and_payload_are_canonical_and_closed() -> None:
    data = sealed("ci", "developer")
    value = envelope_of(data)
    assert data == rfc8785.dumps(value)
    assert sorted(value) == ["payload", "payloadType", "signatures"]
    assert [one["keyid"] for one in value["signatures"]] == sorted(KEYS[name].keyid for name in ("ci", "developer"))
    payload = base64.b64decode(value["payload"])
    assert payload == rfc8785.dumps(json.loads(payload))


def test_other_implementations_verify_our_envelope() -> None:
    dsse = pytest.importorskip("securesystemslib.dsse")
    signer = pytest.importorskip("securesystemslib.signer")
    envelope = dsse.Envelope.from_dict(envelope_of(sealed()))
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    public = load_pem_public_key(KEYS["ci"].public.pem)
    key = signer.SSlibKey.from_crypto(public, keyid=KEYS["ci"].keyid)
    assert list(envelope.verify([key], 1)) == [KEYS["ci"].keyid]


def test_tables_survive_the_canonical_form() -> None:
    table = {"name": "confusion", "columns": ["a", "b"], "rows": [[1, 2.5], ["x", None], [True, -0.0]]}
    verdict = judge(sealed(tables=[table]))
    assert verdict.verified, verdict.findings
    assert verdict.statement is not None
    assert verdict.statement.predicate.tables[0].rows == ((1, 2.5), ("x", None), (True, 0))


@given(st.lists(st.floats(-(2.0**53) + 1, 2.0**53 - 1) | st.floats(1e21) | st.floats(max_value=-1e21)))
def test_figures_are_the_same_bit_for_bit_after_sealing(figures: list[float]) -> None:
    finite = [figure for figure in figures if abs(figure) != float("inf")]
    verdict = judge(
        sealed(
            options={"figures": finite},
            metrics=[{"name": f"m{i}", "value": x, "unit": "1"} for i, x in enumerate(finite)],
        )
    )
    assert verdict.verified, verdict.findings
    assert verdict.statement is not None
    assert [metric.value for metric in verdict.statement.predicate.metrics] == finite
    assert verdict.statement.predicate.options["figures"] == finite


def test_whole_floats_survive_the_canonical_form() -> None:
    assert judge(sealed(duration_s=2.0, options={"a": 1.0, "b": -0.0})).verified


@pytest.mark.parametrize(
    "record",
    [
        {"options": {"x": float("nan")}},
        {"options": {"x": float("inf")}},
        {"options": {"x": 2**53}},
        {"duration_s": 1e20},
        {"reason": "zero\u200bwidth"},
        {"reason": "\ud800"},
        {"options": {"x": object()}},
    ],
)
def test_what_no_verifier_would_read_back_is_not_sealed(record: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - pydantic's, rfc8785's or our own text
        sealed(**record)


def test_sealing_needs_keys_that_differ() -> None:
    with pytest.raises(ValueError, match="at least one"):
        seal(statement(), [])
    with pytest.raises(ValueError, match="twice"):
        seal(statement(), [KEYS["ci"], KEYS["ci"]])


def test_countersigning_keeps_payload_and_signatures() -> None:
    first = sealed("ci", generator="validation")
    second = countersign(first, KEYS["verifier"])
    assert second != first
    assert sealed_name(second) == sealed_name(first)
    one, two = read_envelope(first), read_envelope(second)
    assert isinstance(one, Envelope)
    assert isinstance(two, Envelope)
    assert two.payload == one.payload
    assert set(one.signatures) < set(two.signatures)


def test_countersigning_takes_any_layout_and_keeps_time_stamps() -> None:
    value = envelope_of(sealed()) | {"timestamps": ["AAAA"]}
    signed = countersign(json.dumps(value, indent=2).encode(), KEYS["developer"])
    assert envelope_of(signed)["timestamps"] == ["AAAA"]
    assert [finding.code for finding in judge(signed).findings] == ["TIM-002"]  # kept, and judged: it is no time stamp


def test_countersigning_refuses_what_it_cannot_sign() -> None:
    with pytest.raises(ValueError, match="already"):
        countersign(sealed(), KEYS["ci"])
    with pytest.raises(ValueError, match="PRS-000"):
        countersign(b"no json", KEYS["ci"])
    with pytest.raises(ValueError, match="SIG-001"):
        countersign(b"{}", KEYS["ci"])


def test_reading_names_line_and_column() -> None:
    problem = read_envelope(b'{\n "payload": "AAAA",\n "payload": "BBBB"}')
    assert isinstance(problem, Problem)
    assert (problem.code, problem.line, problem.column) == ("PRS-001", 3, 2)


def test_number_of_signatures_is_limited() -> None:
    value = envelope_of(sign_envelope(PAYLOAD_TYPE, b"x", [KEYS["ci"]]))
    value["signatures"] *= 65
    problem = read_envelope(rfc8785.dumps(value))
    assert isinstance(problem, Problem)
    assert problem.code == "PRS-003"


def test_importing_the_room_loads_no_heavy_library() -> None:
    script = (
        "import sys, casework.attest.verify, casework.attest.seal, casework.attest.trust.policy, casework.attest.paths\n"
        "heavy = {'cryptography', 'sigstore', 'numpy', 'onnx', 'yaml', 'networkx'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
