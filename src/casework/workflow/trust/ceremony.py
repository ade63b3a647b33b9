"""The key ceremony: public keys that persons hand over, and private keys made on demand, encrypted, outside the case."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from casework.attest.keys import Algorithm, generate_private_pem, load_private_key
from casework.model.problem import CallProblem
from casework.workflow.trust.edits import KeyOf


@dataclass(frozen=True, slots=True)
class Maker:
    """How keys are made."""

    algorithm: str
    passphrase: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pair:
    """A public key, and its encrypted private half where it was made here."""

    name: str
    public: KeyOf
    private: bytes = field(default=b"", repr=False)


def key_of(text: str, suffix: str, read: Callable[[str], bytes], maker: Maker | None) -> Pair:
    """Return the key that `PERSON=FILE` names, or make one for `PERSON`. Raises CallProblem."""
    person, equals, path = text.partition("=")
    if equals and person and path:
        return Pair(person + suffix, KeyOf(person, read(path)))
    if equals or maker is None:
        raise CallProblem(f"{text}: write PERSON=FILE with a public key, or give --generate FOLDER to have one made")
    pem = generate_private_pem(cast(Algorithm, maker.algorithm), maker.passphrase)
    public = load_private_key(pem, maker.passphrase).public.pem
    return Pair(person + suffix, KeyOf(person, public), pem)


def keep_keys(folder: Path, root: Path, pairs: Sequence[Pair]) -> list[str]:
    """Write the key pairs that were made, and return their paths; private keys readable by their owner only.

    Raises:
        CallProblem: The folder lies in the case, where private keys have no place; or a file is there already.
    """
    made = [one for one in pairs if one.private]
    if folder.resolve().is_relative_to(root.resolve()):
        raise CallProblem(f"{folder} lies in the case; private keys never go there: name a folder outside it")
    names = [f"{one.name}.pem" for one in made]
    twice = sorted({name for name in names if names.count(name) > 1})
    names += [f"{one.name}.pub" for one in made]
    there = [name for name in names if (folder / name).exists()]
    if twice or there:
        raise CallProblem(f"{folder / (twice or there)[0]} {'would be written twice' if twice else 'exists already'}")
    written: list[str] = []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for one in made:
            written.append(_new_file(folder / f"{one.name}.pem", one.private, 0o600))
            written.append(_new_file(folder / f"{one.name}.pub", one.public.pem, 0o644))
    except OSError as error:
        raise CallProblem(f"{error.filename or folder} cannot be written: {error.strerror or error}") from error
    return written


def _new_file(path: Path, data: bytes, mode: int) -> str:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    return str(path)
