"""Signatures of models: made, verified, and each trap of the library refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from casework.artifact.digest import sha256_bytes, sha256_file
from casework.artifact.onnx_model import ModelProblem
from casework.generators import GeneratorProblem, ModelSource, Request, load
from casework.generators.model_signature import sign_model
from casework.model.learning import ModelCard
from casework.model.result import ResultRecord
from conftest import STARTED, write_detector


class Keys:
    def __init__(self, folder: Path) -> None:
        self.secret = ec.generate_private_key(ec.SECP256R1())
        self.private, self.public = folder / "key.pem", folder / "key.pub"
        self.private.write_bytes(
            self.secret.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self.public.write_bytes(
            self.secret.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )

    def resign(self, bundle: dict[str, Any], payload: bytes) -> bytes:
        """Sign another payload with the real key: what an attacker with the tool, or a careless signer, can make."""
        kind = b"application/vnd.in-toto+json"
        pae = b" ".join([b"DSSEv1", str(len(kind)).encode(), kind, str(len(payload)).encode(), payload])
        bundle["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
        bundle["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(
            self.secret.sign(pae, ec.ECDSA(hashes.SHA256()))
        ).decode()
        return json.dumps(bundle).encode()


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


@pytest.fixture
def signed(detector: Path, keys: Keys) -> Path:
    out = detector.with_suffix(".sig")
    sign_model(detector, keys.private, out)
    return out


def run(model: Path, signature: Path | None, key: Path | None, card: ModelCard | None = None) -> ResultRecord:
    request = Request(
        generator="model-signature",
        started=STARTED,
        model=ModelSource(model, "MODEL", card),
        signature=signature,
        public_key=key,
    )
    return load("model-signature").run(request)


def failures(record: ResultRecord) -> tuple[float, str]:
    (value,) = [m.value for m in record.metrics if m.name == "signature_failures"]
    (checks,) = [t for t in record.tables if t.name == "checks"]
    return value, str(next(r[2] for r in checks.rows if r[0] == "signature"))


def test_a_signed_model_verifies(detector: Path, signed: Path, keys: Keys) -> None:
    record = run(detector, signed, keys.public)
    assert record.status == "complete", record.reason
    assert failures(record)[0] == 0
    assert {m.name: m.value for m in record.metrics} == {
        "signature_failures": 0,
        "unsafe_operators": 0,
        "external_data_files": 0,
    }
    assert [(c.name, c.outcome) for c in record.self_checks] == [("altered-copy-refused", "passed")]
    assert record.digests["signature"] == sha256_file(signed)
    assert record.digests["public_key"] == sha256_file(keys.public)
    assert [p.name for p in detector.parent.iterdir() if p.name.endswith(".tmp")] == []


def test_the_signature_is_that_of_the_standard_tool(detector: Path, signed: Path, keys: Keys) -> None:
    from model_signing import verifying

    verifying.Config().use_elliptic_key_verifier(public_key=keys.public).verify(detector, signed)


def test_an_altered_model_is_refused(detector: Path, signed: Path, keys: Keys) -> None:
    write_detector(detector, gain=0.9)
    value, why = failures(run(detector, signed, keys.public))
    assert value == 1
    assert "other bytes" in why


def test_equal_bytes_under_another_name_are_refused(detector: Path, signed: Path, keys: Keys) -> None:
    other = detector.with_name("other.onnx")
    other.write_bytes(detector.read_bytes())
    value, why = failures(run(other, signed, keys.public))
    assert value == 1
    assert "'detector.onnx', not 'other.onnx'" in why


def test_another_key_is_refused(tmp_path: Path, detector: Path, signed: Path) -> None:
    (tmp_path / "other").mkdir()
    value, why = failures(run(detector, signed, Keys(tmp_path / "other").public))
    assert value == 1
    assert "does not verify" in why


@pytest.mark.parametrize("key", [b"", b"nonsense", "ed25519"])
def test_a_key_that_is_none_is_refused(tmp_path: Path, detector: Path, signed: Path, key: bytes | str) -> None:
    if isinstance(key, str):
        public = ed25519.Ed25519PrivateKey.generate().public_key()
        key = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "k").write_bytes(key)
    value, why = failures(run(detector, signed, tmp_path / "k"))
    assert value == 1
    assert "does not verify" in why


def ignoring(statement: dict[str, Any]) -> None:
    statement["predicate"]["serialization"]["ignore_paths"] = ["weights.bin"]


def two_files(statement: dict[str, Any]) -> None:
    entry = {"name": "extra.bin", "algorithm": "sha256", "digest": "0" * 64}
    statement["predicate"]["resources"].append(entry)
    digests = b"".join(bytes.fromhex(r["digest"]) for r in statement["predicate"]["resources"])
    statement["subject"][0]["digest"]["sha256"] = sha256_bytes(digests)


def unnamed(statement: dict[str, Any]) -> None:
    del statement["subject"][0]["name"]


def two_subjects(statement: dict[str, Any]) -> None:
    statement["subject"].append(statement["subject"][0])


def blake(statement: dict[str, Any]) -> None:
    statement["predicate"]["resources"][0]["algorithm"] = "blake2b"


def links(statement: dict[str, Any]) -> None:
    statement["predicate"]["serialization"]["allow_symlinks"] = True


def old_predicate(statement: dict[str, Any]) -> None:
    statement["predicateType"] = "https://model_signing/Digests/v0.1"


def extra_field(statement: dict[str, Any]) -> None:
    statement["predicate"]["approved"] = True


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (ignoring, "ignores"), (two_files, "not exactly one file"), (unnamed, "lacks 0.name"), (two_subjects, "one subject"),
        (blake, "other bytes"), (links, "serialization"), (old_predicate, "predicate's type"), (extra_field, "other fields"),
    ],
)  # fmt: skip
def test_a_genuine_signature_of_a_loose_statement_is_refused(
    detector: Path, signed: Path, keys: Keys, change: Callable[[dict[str, Any]], None], word: str
) -> None:
    bundle = json.loads(signed.read_text())
    statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    change(statement)
    signed.write_bytes(keys.resign(bundle, json.dumps(statement).encode()))
    value, why = failures(run(detector, signed, keys.public))
    assert value == 1
    assert word in why


def test_a_signature_of_the_library_as_it_comes_verifies(detector: Path, keys: Keys) -> None:
    """Its own settings ignore git's files, which can hide nothing where the one signed file is the model itself."""
    from model_signing import signing

    out = detector.with_suffix(".sig")
    signing.Config().use_elliptic_key_signer(private_key=keys.private).sign(detector, out)
    assert failures(run(detector, out, keys.public))[0] == 0
    changed = onnx.load(detector)
    changed.producer_name = "somebody else"
    onnx.save(changed, detector)
    assert failures(run(detector, out, keys.public))[0] == 1


def test_doubled_keys_are_refused(detector: Path, signed: Path, keys: Keys) -> None:
    bundle = json.loads(signed.read_text())
    payload = base64.b64decode(bundle["dsseEnvelope"]["payload"]).decode()
    doubled = payload.replace('"predicateType"', '"predicateType": "x", "predicateType"', 1)
    signed.write_bytes(keys.resign(bundle, doubled.encode()))
    assert "given twice" in failures(run(detector, signed, keys.public))[1]


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff\xfe", b"{" * 100_000, b'{"mediaType": 1}'])
def test_a_file_that_is_no_bundle_is_refused(detector: Path, keys: Keys, content: bytes) -> None:
    signature = detector.with_suffix(".sig")
    signature.write_bytes(content)
    record = run(detector, signature, keys.public)
    assert record.status == "complete"
    assert failures(record)[0] == 1


def test_every_flipped_byte_of_the_payload_or_signature_is_refused(detector: Path, signed: Path, keys: Keys) -> None:
    bundle = json.loads(signed.read_text())
    for field in ("payload", "sig"):
        holder = bundle["dsseEnvelope"] if field == "payload" else bundle["dsseEnvelope"]["signatures"][0]
        good = holder[field]
        raw = bytearray(base64.b64decode(good))
        for position in range(0, len(raw), max(1, len(raw) // 6)):
            raw[position] ^= 1
            holder[field] = base64.b64encode(bytes(raw)).decode()
            signed.write_text(json.dumps(bundle))
            assert failures(run(detector, signed, keys.public))[0] == 1
            raw[position] ^= 1
        holder[field] = good


def test_no_signature_and_no_key_count_as_failures(detector: Path, signed: Path, keys: Keys) -> None:
    for record, word in (
        (run(detector, None, keys.public), "no signature"),
        (run(detector, signed, None), "no public key"),
    ):
        assert record.status == "complete"
        value, why = failures(record)
        assert value == 1
        assert word in why
        assert any("counts as not signed" in text for text in record.limitations)
    assert run(detector, detector.with_suffix(".none"), keys.public).status == "not_evaluable"


def card(sha256: str) -> ModelCard:
    values: dict[str, Any] = {
        "type": "model_card", "id": "M-1", "file": {"path": "m.onnx", "sha256": sha256}, "version": "1", "task": "detection",
        "inputs": [{"name": "x", "dtype": "float32", "shape": [1]}], "outputs": [{"name": "y", "dtype": "float32", "shape": [1]}],
        "intended_use": "Tests.",
    }  # fmt: skip
    return ModelCard(**values)


def test_the_digest_of_the_card_is_compared(detector: Path) -> None:
    for sha256, expected in ((sha256_file(detector), 0), ("0" * 64, 1)):
        record = run(detector, None, None, card(sha256))
        assert [m.value for m in record.metrics if m.name == "digest_mismatches"] == [expected]


def test_foreign_operators_and_external_data_are_counted_not_run(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [helper.make_node("Run", ["x", "w"], ["y"], domain="evil.example")],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
        [onnx.TensorProto(name="w", data_type=1, dims=[4], data_location=1)],
    )
    for value in ("../../etc/passwd",):
        entry = graph.initializer[0].external_data.add()
        entry.key, entry.value = "location", value
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("evil.example", 1)], ir_version=9
    )
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    record = run(tmp_path / "m.onnx", None, None)
    found = {m.name: m.value for m in record.metrics}
    assert (found["unsafe_operators"], found["external_data_files"]) == (1, 1)
    (checks,) = [t for t in record.tables if t.name == "checks"]
    assert ("operators", "refused", "ART-012: evil.example::Run") in checks.rows
    assert ("external data", "refused", "ART-010: ../../etc/passwd (leaves the folder)") in checks.rows


def test_signing_says_what_is_wrong(tmp_path: Path, detector: Path, keys: Keys) -> None:
    with pytest.raises(ModelProblem):
        sign_model(tmp_path / "none.onnx", keys.private, tmp_path / "s")
    with pytest.raises(GeneratorProblem, match="cannot sign"):
        sign_model(detector, keys.public, tmp_path / "s")
    with pytest.raises(GeneratorProblem, match="cannot sign"):
        sign_model(detector, tmp_path / "none", tmp_path / "s")
    assert not (tmp_path / "s").exists()
