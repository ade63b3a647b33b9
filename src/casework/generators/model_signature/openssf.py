"""OpenSSF model signatures by `model_signing`, with the doors closed that the library leaves open.

What is signed is the closure of a model: its file, and the files that it keeps weights in. The library takes the list of ignored
paths from the signature itself, skips `.git` and `.github` and empty folders, signs a digest that does not cover file names, and
raises whatever comes. So the bundle is read strictly first, and must list exactly the closure by name and digest; then the
signature is verified over private copies of the bytes that were read; and any exception is a refusal.

Not accepted at all: signatures by certificate, whose chain the library checks at the present time and for no identity, and
signatures of the time before format 1.0, with another encoding of what is signed. A model signature bears no time stamp: the
sealed record that binds it by digest does.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from casework.artifact.digest import sha256_bytes
from casework.artifact.onnx_model import ModelProblem, scan_model
from casework.artifact.safe_names import unsafe_reason
from casework.generators.protocol import GeneratorProblem

MEDIA_TYPE: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "https://model_signing/signature/v1.0"
SIZE_LIMIT: Final = 1 << 20
_GIT_PATHS: Final = frozenset({".git", ".github", ".gitattributes", ".gitignore"})
"""What the library ignores unless told otherwise. It can hide nothing here: the one resource must be the model itself."""


class SignatureRefused(Exception):  # noqa: N818 - it is a verdict, not an error of ours
    """The signature does not hold for the model; the text says why, and the code which attack it looks like.

    Codes: `ART-001` bundle, statement or serialization of another form; `ART-002` paths that the signature ignores; `ART-003`
    a file in a folder of git; `ART-004` changed or missing file; `ART-007` file that is signed and no part of the model;
    `ART-008` links allowed; `ART-009` the signature itself; `BND-001` another name or digest than what is signed.
    """

    def __init__(self, text: str, code: str = "ART-001") -> None:
        super().__init__(text)
        self.code = code


def verify_model(
    name: str, content: bytes, signature: bytes, public_key: bytes, external: Mapping[str, bytes] = MappingProxyType({})
) -> None:
    """Verify that a signature by a key binds exactly these file names to exactly these bytes.

    Args:
        name: File name of the model.
        content: Its bytes.
        signature: Bytes of the Sigstore bundle.
        public_key: PEM of an elliptic-curve key (P-256, P-384, P-521).
        external: Bytes of the files that hold its weights, by their location relative to the model's folder.

    Raises:
        SignatureRefused: It does not.
    """
    _refuse_places(external)
    files = {**external, name: content}
    folder_form = _check_bundle(name, files, signature)
    from model_signing import verifying

    configure: Any = verifying.Config  # untyped in the library
    with _private_copies(files, {"signature": signature, "key.pem": public_key}) as (folder, beside):
        strict = _everything()
        judge = configure().set_hashing_config(strict)
        try:
            judge.use_elliptic_key_verifier(public_key=beside / "key.pem")
            judge.verify(folder if folder_form else folder / name, beside / "signature")
        except Exception as error:  # the library raises ValueError, KeyError, InvalidSignature, TypeError and others
            text = str(error).strip() or type(error).__name__
            raise SignatureRefused(f"does not verify: {text.splitlines()[0]}", "ART-009") from error
        _refuse_old_encoding(signature, beside / "key.pem")


def _refuse_old_encoding(signature: bytes, key_file: Path) -> None:
    """Refuse a signature that fits only the encoding of format 0.2, to which the library falls back without a word.

    The library tells not which encoding fitted, so the right one alone is tried here, with the library's own parts. Should they
    change with a version of it, every signature is refused until this is mended.
    """
    envelope = _object(signature, "bundle")["dsseEnvelope"]
    try:
        from model_signing._signing import sign_ec_key, sign_sigstore_pb

        parts: Any = sign_ec_key
        key = parts.Verifier(key_file)._public_key  # it offers no other way to ask for one encoding
        message = sign_sigstore_pb.pae(base64.b64decode(envelope["payload"], validate=True))
        scheme = parts.ec.ECDSA(parts.get_ec_key_hash(key))
        key.verify(base64.b64decode(_at(envelope, "signatures", 0, "sig")), message, scheme)
    except Exception as error:
        raise SignatureRefused("the signature is over the encoding of a format before 1.0", "ART-009") from error


def _refuse_places(external: Mapping[str, bytes]) -> None:
    for location in external:
        if any(part.casefold().startswith(".git") for part in location.split("/")):
            raise SignatureRefused(f"{location!r} lies in a folder of git, which signatures leave out", "ART-003")
        if unsafe_reason(location):
            raise SignatureRefused(f"{location!r} {unsafe_reason(location)}", "ART-010")


def sign_model(model_path: Path, private_key_pem: Path, out: Path) -> None:
    """Sign a model file, and the files that it keeps weights in, with an elliptic-curve key; write the signature, atomically.

    The signature ignores no path. It names the file as its subject, or where there are several files each by its name.

    Args:
        model_path: ONNX file; must be readable as a model.
        private_key_pem: PEM file of a P-256, P-384 or P-521 key, without a password.
        out: Where the Sigstore bundle goes.

    Raises:
        ModelProblem: The model cannot be opened, or keeps weights where they cannot be signed.
        GeneratorProblem: The key cannot be used.
        OSError: The signature cannot be written.
    """
    from model_signing import signing

    model = scan_model(model_path)
    for one in model.external_files:
        if one.problem:
            raise ModelProblem(
                f"{model_path}: `{one.location}`: {one.problem}", "Save the model as one file.", one.code
            )
    files = {**{one.location: one.content for one in model.external_files}, model_path.name: model.content}
    configure: Any = signing.Config  # untyped in the library
    with _private_copies(files, {}) as (folder, beside):
        strict = _everything()
        try:
            signer = configure().use_elliptic_key_signer(private_key=private_key_pem).set_hashing_config(strict)
            signer.sign(folder if len(files) > 1 else folder / model_path.name, beside / "signature")
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
def _private_copies(model: Mapping[str, bytes], files: Mapping[str, bytes]) -> Iterator[tuple[Path, Path]]:
    """Yield a folder with copies of the model's files and nothing else, and a folder beside it with further files."""
    with tempfile.TemporaryDirectory(prefix="casework-") as root:
        alone, beside = Path(root) / "model", Path(root) / "beside"
        alone.mkdir()
        beside.mkdir()
        for folder, held in ((alone, model), (beside, files)):
            for name, content in held.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
        yield alone, beside


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


def _need(fact: bool, text: str, code: str = "ART-001") -> None:
    if not fact:
        raise SignatureRefused(text, code)


def _check_bundle(name: str, files: Mapping[str, bytes], signature: bytes) -> bool:
    """Check a bundle's shape and that its statement names these files; True if it signs a folder that holds only them."""
    _need(len(signature) <= SIZE_LIMIT, f"the bundle has more than {SIZE_LIMIT} bytes")
    bundle = _object(signature, "bundle")
    _need(bundle.get("mediaType") == MEDIA_TYPE, f"the bundle's media type is not {MEDIA_TYPE}")
    material = _at(bundle, "verificationMaterial")
    _need(
        isinstance(material, dict) and not material.keys() & {"certificate", "x509CertificateChain"},
        "the bundle is signed under a certificate, and only pinned keys count",
    )
    _need(bool(_at(material, "publicKey", "hint")), "the bundle does not say by which key it was made")
    envelope = _at(bundle, "dsseEnvelope")
    _need(_at(envelope, "payloadType") == PAYLOAD_TYPE, f"the payload type is not {PAYLOAD_TYPE}")
    signatures = _at(envelope, "signatures")
    _need(isinstance(signatures, list) and len(signatures) == 1, "the envelope holds not exactly one signature")
    try:
        payload = base64.b64decode(_at(envelope, "payload"), validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise SignatureRefused("the payload is not base64") from error
    return _check_statement(_object(payload, "payload"), name, files)


def _check_ignored(ignored: Any, name: str) -> None:
    """Accept only what the library always ignores: files of git, and the signature beside the model."""
    _need(
        isinstance(ignored, list) and all(isinstance(p, str) for p in ignored), "the ignored paths are no list of texts"
    )
    odd = [p for p in ignored if p not in _GIT_PATHS and not (p.endswith(".sig") and "/" not in p and p != name)]
    _need(not odd, f"the signature ignores {', '.join(map(repr, odd))}; it covers not all", "ART-002")


def _check_statement(statement: dict[str, Any], name: str, files: Mapping[str, bytes]) -> bool:
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
    _need(serialization.get("allow_symlinks") is False, f"the serialization is not {plain}: it allows links", "ART-008")
    _need({k: v for k, v in serialization.items() if k != "ignore_paths"} == plain, f"the serialization is not {plain}")
    digests = {path: sha256_bytes(content) for path, content in files.items()}
    resources = _at(statement, "predicate", "resources")
    _need(isinstance(resources, list) and bool(resources), "the signature covers no file")
    subject = _at(statement, "subject")
    _need(isinstance(subject, list) and len(subject) == 1, "the statement has not exactly one subject")
    single = len(resources) == 1 and _at(resources, 0, "name") == "."
    # The subject's digest leaves names out, so the names must be bound by the one place that carries them.
    listed = [(_at(subject, 0, "name") if single else _at(r, "name"), r) for r in resources]
    _check_listed(listed, digests)
    covered = b"".join(bytes.fromhex(r["digest"]) for r in resources)
    _need(
        _at(subject, 0, "digest") == {"sha256": sha256_bytes(covered)},
        "the subject's digest is not that of the resources",
    )
    return not single


def _check_listed(listed: list[tuple[Any, Any]], digests: Mapping[str, str]) -> None:
    """Compare what is signed with the model's files: the same names, each once, with the same digests."""
    names = [named for named, _resource in listed]
    if len(listed) == len(digests) == 1 and names != list(digests):
        (expected,) = digests
        raise SignatureRefused(f"the signature is of a file named {names[0]!r}, not {expected!r}", "BND-001")
    _need(all(isinstance(n, str) for n in names) and len(set(names)) == len(names), "a file is listed twice")
    extra = sorted(set(names) - digests.keys())
    count = (
        f"the signature covers not exactly one file but {len(names)}"
        if len(digests) == 1
        else "the signature covers more"
    )
    _need(not extra, f"{count}: {', '.join(map(repr, extra))}", "ART-007")
    missing = sorted(digests.keys() - set(names))
    _need(not missing, f"the signature does not cover {', '.join(map(repr, missing))}", "ART-004")
    _need(names == sorted(names), "the files are not listed in the order of their names")
    for named, resource in listed:
        signed = resource.get("name") if isinstance(resource, dict) else None
        expected_resource = {"name": signed, "algorithm": "sha256", "digest": digests[named]}
        _need(resource == expected_resource, f"the signature is of other bytes of {named!r}", "ART-004")
