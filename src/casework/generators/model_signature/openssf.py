"""OpenSSF model signatures of a single file, by `model_signing`, with the doors closed that the library leaves open.

The library takes the list of ignored paths from the signature itself, skips `.git` and `.github`, signs a digest that
does not cover file names, and raises whatever comes. So the bundle is read strictly first; the model and the signature
are verified as private copies of the bytes that were read; and any exception is a refusal.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from casework.artifact.digest import sha256_bytes
from casework.artifact.onnx_model import scan_model
from casework.generators.protocol import GeneratorProblem

MEDIA_TYPE: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "https://model_signing/signature/v1.0"
SIZE_LIMIT: Final = 1 << 20
_GIT_PATHS: Final = frozenset({".git", ".github", ".gitattributes", ".gitignore"})
"""What the library ignores unless told otherwise. It can hide nothing here: the one resource must be the model itself."""


class SignatureRefused(Exception):  # noqa: N818 - it is a verdict, not an error of ours
    """The signature does not hold for the model; the text says why."""


def verify_model(name: str, content: bytes, signature: bytes, public_key: bytes) -> None:
    """Verify that a signature by a key binds exactly this file name to exactly these bytes.

    Args:
        name: File name of the model.
        content: Its bytes.
        signature: Bytes of the Sigstore bundle.
        public_key: PEM of an elliptic-curve key (P-256, P-384, P-521).

    Raises:
        SignatureRefused: It does not.
    """
    folder_form = _check_bundle(name, content, signature)
    from model_signing import verifying

    configure: Any = verifying.Config  # untyped in the library
    with _private_copies(name, {"signature": signature, "key.pem": public_key}, content) as (model, beside):
        strict = _everything()
        judge = configure().set_hashing_config(strict)
        try:
            judge.use_elliptic_key_verifier(public_key=beside / "key.pem")
            judge.verify(model.parent if folder_form else model, beside / "signature")
        except Exception as error:  # the library raises ValueError, KeyError, InvalidSignature, TypeError and others
            text = str(error).strip() or type(error).__name__
            raise SignatureRefused(f"does not verify: {text.splitlines()[0]}") from error


def sign_model(model_path: Path, private_key_pem: Path, out: Path) -> None:
    """Sign a model file with an elliptic-curve key and write the signature, atomically.

    The signature ignores no path and names the file as its subject.

    Args:
        model_path: ONNX file; must be readable as a model.
        private_key_pem: PEM file of a P-256, P-384 or P-521 key, without a password.
        out: Where the Sigstore bundle goes.

    Raises:
        ModelProblem: The model cannot be opened.
        GeneratorProblem: The key cannot be used.
        OSError: The signature cannot be written.
    """
    from model_signing import signing

    content = scan_model(model_path).content
    configure: Any = signing.Config  # untyped in the library
    with _private_copies(model_path.name, {}, content) as (model, beside):
        strict = _everything()
        try:
            signer = configure().use_elliptic_key_signer(private_key=private_key_pem).set_hashing_config(strict)
            signer.sign(model, beside / "signature")
        except (ValueError, TypeError, OSError) as error:
            raise GeneratorProblem(
                f"{private_key_pem} cannot sign: {str(error).splitlines()[0]}",
                "Give a P-256, P-384 or P-521 key in PEM without a password.",
            ) from error
        signed = (beside / "signature").read_bytes()
    temporary = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    temporary.write_bytes(signed)
    temporary.replace(out)


def _everything() -> Any:
    """Return a hashing configuration that leaves nothing out."""
    from model_signing import hashing

    configure: Any = hashing.Config  # untyped in the library
    return configure().set_ignored_paths(paths=[], ignore_git_paths=False).set_allow_symlinks(False)


@contextmanager
def _private_copies(name: str, files: dict[str, bytes], content: bytes) -> Iterator[tuple[Path, Path]]:
    """Yield the path of a copy of the model, alone in its folder, and a folder beside it with further files."""
    with tempfile.TemporaryDirectory(prefix="casework-") as root:
        alone, beside = Path(root) / "model", Path(root) / "beside"
        alone.mkdir()
        beside.mkdir()
        (alone / name).write_bytes(content)
        for file, held in files.items():
            (beside / file).write_bytes(held)
        yield alone / name, beside


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise SignatureRefused("a key is given twice")
    return found


def _object(text: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=_unique)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise SignatureRefused(f"the {what} is not JSON") from error
    if not isinstance(value, dict):
        raise SignatureRefused(f"the {what} is not a JSON object")
    return value


def _at(value: Any, *route: str | int) -> Any:
    for step in route:
        fits = isinstance(value, dict) if isinstance(step, str) else isinstance(value, list)
        if not fits or (isinstance(step, str) and step not in value) or (isinstance(step, int) and step >= len(value)):
            raise SignatureRefused(f"the bundle lacks {'.'.join(map(str, route))}")
        value = value[step]
    return value


def _need(fact: bool, text: str) -> None:
    if not fact:
        raise SignatureRefused(text)


def _check_bundle(name: str, content: bytes, signature: bytes) -> bool:
    """Check a bundle's shape and that its statement names this file; True if it signs a folder that holds only it."""
    _need(len(signature) <= SIZE_LIMIT, f"the bundle has more than {SIZE_LIMIT} bytes")
    bundle = _object(signature, "bundle")
    _need(bundle.get("mediaType") == MEDIA_TYPE, f"the bundle's media type is not {MEDIA_TYPE}")
    _need(
        bool(_at(bundle, "verificationMaterial", "publicKey", "hint")),
        "the bundle does not say by which key it was made",
    )
    envelope = _at(bundle, "dsseEnvelope")
    _need(_at(envelope, "payloadType") == PAYLOAD_TYPE, f"the payload type is not {PAYLOAD_TYPE}")
    signatures = _at(envelope, "signatures")
    _need(isinstance(signatures, list) and len(signatures) == 1, "the envelope holds not exactly one signature")
    try:
        payload = base64.b64decode(_at(envelope, "payload"), validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise SignatureRefused("the payload is not base64") from error
    return _check_statement(_object(payload, "payload"), name, content)


def _check_ignored(ignored: Any, name: str) -> None:
    """Accept only what the library always ignores: files of git, and the signature beside the model."""
    _need(
        isinstance(ignored, list) and all(isinstance(p, str) for p in ignored), "the ignored paths are no list of texts"
    )
    odd = [p for p in ignored if p not in _GIT_PATHS and not (p.endswith(".sig") and "/" not in p and p != name)]
    _need(not odd, f"the signature ignores {', '.join(map(repr, odd))}; it covers not all")


def _check_statement(statement: dict[str, Any], name: str, content: bytes) -> bool:
    _need(
        set(statement) == {"_type", "subject", "predicateType", "predicate"},
        "the statement has other fields than it should",
    )
    _need(statement["_type"] == STATEMENT_TYPE, f"the statement's type is not {STATEMENT_TYPE}")
    _need(statement["predicateType"] == PREDICATE_TYPE, f"the predicate's type is not {PREDICATE_TYPE}")
    serialization = _at(statement, "predicate", "serialization")
    _need(
        not _at(statement, "predicate").keys() - {"serialization", "resources"},
        "the predicate has other fields than it should",
    )
    _need(isinstance(serialization, dict), "the statement says nothing of its serialization")
    _check_ignored(serialization.get("ignore_paths", []), name)
    plain = {"method": "files", "hash_type": "sha256", "allow_symlinks": False}
    _need({k: v for k, v in serialization.items() if k != "ignore_paths"} == plain, f"the serialization is not {plain}")
    digest = sha256_bytes(content)
    resources = _at(statement, "predicate", "resources")
    _need(isinstance(resources, list) and len(resources) == 1, "the signature covers not exactly one file")
    signed = _at(resources, 0, "name")
    _need(resources[0] == {"name": signed, "algorithm": "sha256", "digest": digest}, "the signature is of other bytes")
    subject = _at(statement, "subject")
    _need(isinstance(subject, list) and len(subject) == 1, "the statement has not exactly one subject")
    _need(
        _at(subject, 0, "digest") == {"sha256": sha256_bytes(bytes.fromhex(digest))},
        "the subject's digest is not that of the resources",
    )
    # The subject's digest leaves names out, so the name must be bound by the one place that carries it.
    named = _at(subject, 0, "name") if signed == "." else signed
    _need(named == name, f"the signature is of a file named {named!r}, not {name!r}")
    return bool(signed != ".")
