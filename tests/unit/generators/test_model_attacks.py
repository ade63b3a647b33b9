"""Attacks 83 to 92 on model files and their signatures, each refused with its code."""

from __future__ import annotations

import base64
import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from onnx import TensorProto, helper, numpy_helper
from test_model_signature import Keys

from casework.artifact.digest import closure_digest, sha256_bytes
from casework.artifact.onnx_model import ModelProblem, open_model, scan_model
from casework.artifact.pickles import is_pickle
from casework.generators import ModelSource, Request, load
from casework.generators.inference import open_session
from casework.generators.model_signature import sign_model
from casework.generators.model_signature.openssf import SignatureRefused, verify_model

WEIGHTS = np.arange(12, dtype=np.float32).reshape(4, 3)


def model(
    location: str | None = "weights.bin",
    *,
    offset: str | None = None,
    length: str | None = None,
    nodes: Any = (),
    **extra: Any,
) -> onnx.ModelProto:
    """A matrix product whose weights lie in another file (None: in the file itself)."""
    tensor = numpy_helper.from_array(WEIGHTS, "w")
    if location is not None:
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in {"location": location, "offset": offset, "length": length}.items():
            if value is not None:
                entry = tensor.external_data.add()
                entry.key, entry.value = key, value
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"]), *nodes],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 3])],
        [tensor],
    )
    imports = [helper.make_opsetid("", 18), *extra.pop("imports", ())]
    return helper.make_model(graph, opset_imports=imports, ir_version=9, **extra)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    made.mkdir()
    (made / "weights.bin").write_bytes(WEIGHTS.tobytes())
    (made / "m.onnx").write_bytes(model().SerializeToString())
    return made


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


@pytest.fixture
def signed(folder: Path, keys: Keys) -> bytes:
    sign_model(folder / "m.onnx", keys.private, folder / "m.sig")
    return (folder / "m.sig").read_bytes()


def files(folder: Path) -> tuple[bytes, dict[str, bytes]]:
    return (folder / "m.onnx").read_bytes(), {"weights.bin": (folder / "weights.bin").read_bytes()}


def verify(
    folder: Path, signature: bytes, keys: Keys, name: str = "m.onnx", external: dict[str, bytes] | None = None
) -> None:
    content, held = files(folder)
    verify_model(name, content, signature, keys.public.read_bytes(), held if external is None else external)


def refused(code: str, folder: Path, signature: bytes, keys: Keys, **how: Any) -> str:
    with pytest.raises(SignatureRefused) as caught:
        verify(folder, signature, keys, **how)
    assert caught.value.code == code, (caught.value.code, str(caught.value))
    return str(caught.value)


def not_opened(code: str, path: Path, pins: dict[str, str] | None = None) -> str:
    with pytest.raises(ModelProblem) as caught:
        open_model(path, pins=pins)
    assert caught.value.code == code, (caught.value.code, str(caught.value))
    return str(caught.value)


def bent(signature: bytes, keys: Keys, **serialization: Any) -> bytes:
    """The same bundle with another serialization, honestly signed by the real key."""
    bundle = json.loads(signature)
    statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    statement["predicate"]["serialization"] |= serialization
    return keys.resign(bundle, json.dumps(statement).encode())


def run(folder: Path, keys: Keys) -> dict[str, Any]:
    request = Request(
        generator="model-signature", started="2026-05-01T10:00:00Z", model=ModelSource(folder / "m.onnx", "M"),
        signature=folder / "m.sig", public_key=keys.public,
    )  # fmt: skip
    record = load("model-signature").run(request)
    (checks,) = [t for t in record.tables if t.name == "checks"]
    values = {m.name: m.value for m in record.metrics}
    return {str(row[0]): row[1:] for row in checks.rows} | {"failures": values["signature_failures"]}


# Honest controls


def test_control_a_model_with_external_weights_is_signed_and_verified_as_a_whole(
    folder: Path, signed: bytes, keys: Keys
) -> None:
    verify(folder, signed, keys)
    assert run(folder, keys)["failures"] == 0


def test_control_a_model_whose_closure_is_pinned_runs_from_memory(folder: Path) -> None:
    scanned = scan_model(folder / "m.onnx")
    content, external = files(folder)
    digests = {"m.onnx": sha256_bytes(content), "weights.bin": sha256_bytes(external["weights.bin"])}
    assert scanned.digests == digests
    assert scanned.external == closure_digest({"weights.bin": digests["weights.bin"]})
    opened = open_model(folder / "m.onnx", pins=digests)
    (folder / "weights.bin").unlink()  # nothing is read again
    x = np.ones((2, 4), np.float32)
    (y,) = open_session(opened.content).run(None, {"x": x})
    np.testing.assert_array_equal(y, x @ WEIGHTS)
    assert opened.sha256 == digests["m.onnx"]


def test_control_parts_of_a_file_are_cut_out(folder: Path) -> None:
    (folder / "weights.bin").write_bytes(b"\1" * 64 + WEIGHTS.tobytes() + b"\2" * 64)
    (folder / "m.onnx").write_bytes(model(offset="64", length="48").SerializeToString())
    opened = open_model(folder / "m.onnx", pins=scan_model(folder / "m.onnx").digests)
    (y,) = open_session(opened.content).run(None, {"x": np.eye(4, dtype=np.float32)})
    np.testing.assert_array_equal(y, WEIGHTS)


# Signatures


@pytest.mark.parametrize(
    "change",
    [{"method": "shards"}, {"hash_type": "blake2b"}, {"method": "files", "shard_size": 100}],
    ids=["method", "hash", "field"],
)
def test_attack_83_another_serialization_is_refused(
    folder: Path, signed: bytes, keys: Keys, change: dict[str, Any]
) -> None:
    refused("ART-001", folder, bent(signed, keys, **change), keys)


@pytest.mark.parametrize("ignored", [["weights.bin"], ["*"], [".git", "m.onnx"], ["."], [""]])
def test_attack_84_weights_that_the_signature_ignores_are_refused(
    folder: Path, signed: bytes, keys: Keys, ignored: list[str]
) -> None:
    signature = bent(signed, keys, ignore_paths=ignored)
    (folder / "weights.bin").write_bytes(bytes(48))
    refused("ART-002", folder, signature, keys)
    (folder / "m.sig").write_bytes(signature)
    found = run(folder, keys)
    assert found["failures"] == 1
    assert "ART-002" in str(found["signature"])


@pytest.mark.parametrize("place", [".git/w.bin", ".github/w.bin", "sub/.GIT/w.bin", ".gitattributes"])
def test_attack_85_weights_in_a_folder_of_git_are_refused(tmp_path: Path, keys: Keys, place: str) -> None:
    path = tmp_path / "f" / place
    path.parent.mkdir(parents=True)
    path.write_bytes(WEIGHTS.tobytes())
    target = tmp_path / "f/m.onnx"
    target.write_bytes(model(place).SerializeToString())
    (external,) = scan_model(target).external_files
    assert external.code == "ART-003"
    not_opened("ART-003", target)
    with pytest.raises(ModelProblem) as caught:
        sign_model(target, keys.private, tmp_path / "sig")
    assert caught.value.code == "ART-003"
    with pytest.raises(SignatureRefused) as refusal:
        verify_model("m.onnx", b"", b"{}", b"", {place: b"x"})
    assert refusal.value.code == "ART-003"


def test_attack_85_what_else_lies_in_a_folder_of_git_is_never_seen(folder: Path, signed: bytes, keys: Keys) -> None:
    (folder / ".git").mkdir()
    (folder / ".git" / "evil.onnx").write_bytes(b"evil")
    (folder / "empty").mkdir()
    verify(folder, signed, keys)  # only what the model names is verified, and only that is opened


def test_attack_86_swapped_files_are_refused(folder: Path, signed: bytes, keys: Keys) -> None:
    (folder / "weights.bin").write_bytes(WEIGHTS[::-1].tobytes())
    assert "weights.bin" in refused("ART-004", folder, signed, keys)


def test_attack_86_a_file_that_the_signature_lacks_is_refused(folder: Path, keys: Keys) -> None:
    alone = folder / "alone.onnx"
    alone.write_bytes(model(None).SerializeToString())
    sign_model(alone, keys.private, folder / "alone.sig")
    with pytest.raises(SignatureRefused) as caught:
        verify_model(
            "alone.onnx",
            alone.read_bytes(),
            (folder / "alone.sig").read_bytes(),
            keys.public.read_bytes(),
            {"more.bin": b"x"},
        )
    assert caught.value.code == "ART-004"


def test_attack_86_a_signed_file_that_is_no_part_of_the_model_is_refused(
    folder: Path, signed: bytes, keys: Keys
) -> None:
    refused("ART-007", folder, signed, keys, external={})


def test_attack_86_a_missing_file_is_refused(folder: Path, signed: bytes, keys: Keys) -> None:
    assert signed
    (folder / "weights.bin").unlink()
    found = run(folder, keys)
    assert found["failures"] == 1
    assert "cannot be read" in str(found["signature"])


def test_attack_87_a_renamed_file_is_refused(folder: Path, signed: bytes, keys: Keys) -> None:
    refused("ART-007", folder, signed, keys, name="int8.onnx")
    alone = model(None).SerializeToString()
    (folder / "fp32.onnx").write_bytes(alone)
    sign_model(folder / "fp32.onnx", keys.private, folder / "fp32.sig")
    with pytest.raises(SignatureRefused) as caught:
        verify_model("int8.onnx", alone, (folder / "fp32.sig").read_bytes(), keys.public.read_bytes())
    assert caught.value.code == "BND-001"


def test_attack_87_equal_files_under_exchanged_names_have_another_closure_digest() -> None:
    one, two = {"a.bin": "1" * 64, "b.bin": "2" * 64}, {"a.bin": "2" * 64, "b.bin": "1" * 64}
    assert closure_digest(one) != closure_digest(two)
    assert closure_digest(one) == closure_digest(dict(reversed(one.items())))


def test_attack_88_a_signature_that_allows_links_is_refused(folder: Path, signed: bytes, keys: Keys) -> None:
    refused("ART-008", folder, bent(signed, keys, allow_symlinks=True), keys)


def test_attack_88_links_and_special_files_are_not_read(folder: Path, tmp_path: Path) -> None:
    path = folder / "m.onnx"
    (tmp_path / "outside").write_bytes(WEIGHTS.tobytes())
    (folder / "weights.bin").unlink()
    (folder / "weights.bin").symlink_to(tmp_path / "outside")
    not_opened("ART-010", path)
    (folder / "weights.bin").unlink()
    os.link(tmp_path / "outside", folder / "weights.bin")
    not_opened("ART-008", path)
    (folder / "weights.bin").unlink()
    os.mkfifo(folder / "weights.bin")
    not_opened("ART-008", path)
    (folder / "weights.bin").unlink()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/w.bin").write_bytes(WEIGHTS.tobytes())
    (folder / "sub").symlink_to(tmp_path / "elsewhere")
    path.write_bytes(model("sub/w.bin").SerializeToString())
    not_opened("ART-010", path)


def test_a_signature_of_the_encoding_before_format_1_is_refused(folder: Path, signed: bytes, keys: Keys) -> None:
    """Trap M10: the library falls back to what version 0.2 signed by mistake."""
    bundle = json.loads(signed)
    payload = base64.b64decode(bundle["dsseEnvelope"]["payload"])
    kind = "application/vnd.in-toto+json"
    old = f"DSSEV1 {len(kind)} {kind} {len(payload)} {payload!r}".encode()
    sig = keys.secret.sign(old, ec.ECDSA(hashes.SHA256()))
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(sig).decode()
    assert "before 1.0" in refused("ART-009", folder, json.dumps(bundle).encode(), keys)


def test_a_signature_under_a_certificate_is_refused(folder: Path, signed: bytes, keys: Keys) -> None:
    """Traps M6 and M7: the library checks certificates at the present time, and for no identity."""
    bundle = json.loads(signed)
    bundle["verificationMaterial"]["certificate"] = {"rawBytes": "AAAA"}
    refused("ART-001", folder, json.dumps(bundle).encode(), keys)


# ONNX files


@pytest.mark.parametrize(
    "location",
    ["../w.bin", "/etc/passwd", "C:\\w.bin", "a\\b", "a/../../w", "w\0.bin", "", "con", "-rf", "https://x/w"],
)
def test_attack_89_weights_outside_the_folder_are_refused(folder: Path, location: str) -> None:
    (folder / "m.onnx").write_bytes(model(location).SerializeToString())
    scanned = scan_model(folder / "m.onnx")
    assert scanned.external == ""
    not_opened("ART-010", folder / "m.onnx")
    not_opened("ART-010", folder / "m.onnx", scanned.digests)


@pytest.mark.parametrize(
    ("offset", "length"), [("49", "1"), ("0", "49"), ("-1", "4"), ("9" * 20, "1"), ("0", "x"), ("48", "1")]
)
def test_attack_89_bytes_outside_the_file_are_refused(folder: Path, offset: str, length: str) -> None:
    (folder / "m.onnx").write_bytes(model(offset=offset, length=length).SerializeToString())
    not_opened("ART-010", folder / "m.onnx", scan_model(folder / "m.onnx").digests)


def test_attack_90_weights_that_no_digest_covers_are_refused(folder: Path) -> None:
    with pytest.raises(ModelProblem) as caught:
        open_model(folder / "m.onnx")
    assert caught.value.code == "ART-011"
    assert "field `external` of the model card" in caught.value.fix
    scanned = scan_model(folder / "m.onnx")
    assert "not pinned" in not_opened("ART-011", folder / "m.onnx", {"m.onnx": scanned.sha256})
    more = scanned.digests | {"more.bin": "0" * 64}
    assert "keeps no weights there" in not_opened("ART-011", folder / "m.onnx", more)
    (folder / "weights.bin").write_bytes(bytes(48))
    assert "`weights.bin` has the digest" in not_opened("ART-011", folder / "m.onnx", scanned.digests)
    assert scan_model(folder / "m.onnx").external != scanned.external


def test_attack_90_weights_hidden_in_attributes_functions_and_sparse_tensors_are_found(folder: Path) -> None:
    hidden = numpy_helper.from_array(np.zeros(2, np.float32), "c")
    hidden.ClearField("raw_data")
    hidden.data_location = TensorProto.EXTERNAL
    entry = hidden.external_data.add()
    entry.key, entry.value = "location", "../hidden.bin"
    sparse = helper.make_sparse_tensor(hidden, numpy_helper.from_array(np.zeros(2, np.int64), "i"), [4])
    in_attribute = helper.make_node("Constant", [], ["c"], value=hidden)
    in_sparse = helper.make_node("Constant", [], ["c"], sparse_value=sparse)
    function = helper.make_function("own", "F", [], ["c"], [in_attribute], [helper.make_opsetid("", 18)])
    for made in (
        model(None, nodes=[in_attribute]),
        model(None, nodes=[in_sparse]),
        model(None, functions=[function], imports=[helper.make_opsetid("own", 1)]),
    ):
        (folder / "m.onnx").write_bytes(made.SerializeToString())
        not_opened("ART-010", folder / "m.onnx")


def test_attack_91_operators_of_unknown_domains_are_refused(folder: Path) -> None:
    node = helper.make_node("Run", ["y"], ["z"], domain="evil.example")
    made = model(None, nodes=[node], imports=[helper.make_opsetid("evil.example", 1)])
    (folder / "m.onnx").write_bytes(made.SerializeToString())
    assert "evil.example::Run" in not_opened("ART-012", folder / "m.onnx")


def test_attack_91_a_function_cannot_hide_an_operator_of_the_runtime(folder: Path) -> None:
    """`EPContext` of onnxruntime loads a binary; a harmless function of that name must not make it look like one's own."""
    body = helper.make_function(
        "com.microsoft",
        "EPContext",
        ["a"],
        ["b"],
        [helper.make_node("Identity", ["a"], ["b"])],
        [helper.make_opsetid("", 18)],
    )
    node = helper.make_node("EPContext", ["y"], ["z"], domain="com.microsoft", ep_cache_context="evil.so")
    made = model(None, nodes=[node], functions=[body], imports=[helper.make_opsetid("com.microsoft", 1)])
    (folder / "m.onnx").write_bytes(made.SerializeToString())
    not_opened("ART-012", folder / "m.onnx")


def test_attack_91_no_code_loads_operator_libraries() -> None:
    source = Path(__file__).resolve().parents[3] / "src"
    offenders = [p for p in source.rglob("*.py") if "register_custom_ops" in p.read_text("utf-8")]
    assert offenders == []


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (os.system, ("touch /tmp/casework-was-here",))


PICKLES = [pickle.dumps(Evil(), protocol=n) for n in range(6)]


@pytest.mark.parametrize("content", PICKLES, ids=[f"protocol {n}" for n in range(6)])
def test_attack_92_pickles_are_refused_wherever_they_are(folder: Path, content: bytes) -> None:
    path = folder / "m.onnx"
    (folder / "weights.bin").write_bytes(content)
    not_opened("ART-013", path)
    path.write_bytes(content)
    not_opened("ART-013", path)
    carrying = model(None)
    node = carrying.graph.node.add()
    node.CopyFrom(helper.make_node("Identity", ["y"], ["z"], payload=content))
    path.write_bytes(carrying.SerializeToString())
    not_opened("ART-013", path)
    assert not Path("/tmp/casework-was-here").exists()


def test_attack_92_the_archive_of_pytorch_is_refused(folder: Path) -> None:
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("model/data.pkl", PICKLES[2])
    (folder / "m.onnx").write_bytes(out.getvalue())
    not_opened("ART-013", folder / "m.onnx")


def test_weights_and_models_are_no_pickles() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        assert not is_pickle(rng.normal(size=256).astype(np.float32).tobytes())
        assert not is_pickle(rng.integers(-128, 127, 512, dtype=np.int8).tobytes())
    assert not is_pickle(model(None).SerializeToString())
    for text in (b"", b".", b"N.", b"NOTSET", b"same_upper", b"constant", b"linear"):
        assert not is_pickle(text)


def test_a_model_too_large_with_its_weights_is_refused(folder: Path) -> None:
    size = (folder / "m.onnx").stat().st_size
    with pytest.raises(ModelProblem, match="are left of what is allowed"):
        open_model(folder / "m.onnx", limit=size + 47)
