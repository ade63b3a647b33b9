"""Time-stamping sealed records: which signatures lack proof of their time, and asking an authority for it over HTTP.

A record is stamped in place: its payload, its signatures and so its name stay, only `timestamps` of the envelope grows. Each
file is written whole as soon as its tokens are there, so an interrupted run goes on where it stopped.

Source: RFC 3161, 3.4, Time-Stamp Protocol via HTTP.
"""

from __future__ import annotations

import http.client
import ipaddress
import os
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from casework.model.problem import CallProblem
from casework.model.version import __version__

if TYPE_CHECKING:
    from casework.attest.dating.stamps import Authority
    from casework.attest.dsse import Envelope

QUERY_TYPE: Final = "application/timestamp-query"
REPLY_TYPE: Final = "application/timestamp-reply"
SUFFIX: Final = ".dsse.json"
TIMEOUT_S: Final = 30.0
_CHUNK: Final = 16_384


@dataclass(frozen=True, slots=True)
class Stamping:
    """How the signatures of one file stand with proof of their time.

    Attributes:
        path: The file.
        proven: Signatures that had a token that holds.
        missing: Signatures that had none.
        added: Tokens added.
        dropped: Tokens removed that did not hold.
        problem: Why the file was left as it is; empty otherwise.
    """

    path: str
    proven: int = 0
    missing: int = 0
    added: int = 0
    dropped: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Look:
    """A file before it is stamped: without an envelope it cannot be; the envelope is without tokens that do not hold."""

    state: Stamping
    envelope: Envelope | None = None
    unproven: tuple[bytes, ...] = ()
    before: bytes = b""


def sealed_files(root: Path, evidence: str, wanted: Sequence[str]) -> list[str]:
    """Return the sealed files of some evidence nodes, or all of them, relative to the root, sorted.

    Args:
        root: Root of the case.
        evidence: Folder of the evidence, relative to the root.
        wanted: Keys of evidence nodes, `acts` for sealed acts, or paths of files; everything if empty.

    Raises:
        CallProblem: Nothing sealed lies where it was asked for.
    """
    from casework.store.working_tree import WorkingTree

    tree = WorkingTree(root)
    if not wanted:
        everything = [seen.path for seen in tree.list(evidence, (SUFFIX,))]
        return [path for path in everything if not path.startswith(f"{evidence}/trust/")]
    found: set[str] = set()
    for name in wanted:
        folder = f"{evidence}/{name.replace('::', '__')}"
        paths = [name] if name.endswith(SUFFIX) else [seen.path for seen in tree.list(folder, (SUFFIX,))]
        if not paths or not (root / paths[0]).is_file():
            raise CallProblem(f"{name}: nothing sealed lies in {folder}; seal it with `casework run` first")
        found.update(paths)
    return sorted(found)


def pinned_authorities(root: Path, today: date) -> tuple[str, tuple[Authority, ...]]:
    """Return the folder of the evidence, and the time-stamp authorities that the case's trust policy pins.

    Raises:
        CallProblem: The policy cannot be opened, or pins no authority: no token would count.
    """
    from casework.attest.dating.stamps import load_authorities
    from casework.graph.assessment import Today
    from casework.store.tree import case_from_texts
    from casework.store.working_tree import WorkingTree
    from casework.workflow.judging.configuration import read_project
    from casework.workflow.judging.inputs import Inputs
    from casework.workflow.judging.trusting import NO_PINS, open_trust

    tree = WorkingTree(root)
    project = read_project(tree)[0]
    opened, _anchors = open_trust(tree, case_from_texts({})[0], project, Today(today), Inputs(), NO_PINS)
    if opened is None or opened.trust is None:
        why = "; ".join(f"{one.code} {one.message}" for one in opened.findings) if opened else "there is none"
        raise CallProblem(f"the trust policy cannot be opened: {why}")
    authorities, problems = load_authorities(opened.trust.policy.tsa)
    if not authorities:
        why = "; ".join(one.message for one in problems) or "it has no `tsa`"
        raise CallProblem(f"the trust policy pins no time-stamp authority, so no time stamp would count: {why}")
    return project.evidence, authorities


def stamp_record(
    root: Path, path: str, url: str, authorities: Sequence[Authority], *, drop_broken: bool = False,
    timeout_s: float = TIMEOUT_S,
) -> Stamping:  # fmt: skip
    """Add a token for each signature of one sealed file that has none, and write the file anew in its place.

    Args:
        root: Root of the case.
        path: The file, relative to the root.
        url: Of the time-stamp authority, http or https.
        authorities: Pinned authorities; a token of any other is refused.
        drop_broken: Whether tokens that do not hold are removed; else such a file is left as it is.
        timeout_s: Longest time for one answer.

    Returns:
        What was done. A fault of the file is told in `problem`.

    Raises:
        CallProblem: The authority cannot be reached, refuses, or answers with something that must not be kept; the file
            is as it was.
    """
    look = _look(root, path, authorities, drop_broken=drop_broken)
    state = look.state
    if look.envelope is None or not (look.unproven or state.dropped):
        return state
    tokens = [fetch_token(url, one, authorities, timeout_s) for one in look.unproven]
    made = replace(look.envelope, timestamps=(*look.envelope.timestamps, *tokens)).to_bytes()
    problem = _write(root / path, look.before, made)
    return replace(state, problem=problem, dropped=0) if problem else replace(state, added=len(tokens))


def look_at(root: Path, path: str, authorities: Sequence[Authority]) -> Stamping:
    """Say how the signatures of one sealed file stand with proof of their time; nothing is written."""
    return _look(root, path, authorities, drop_broken=False).state


def _look(root: Path, path: str, authorities: Sequence[Authority], *, drop_broken: bool) -> _Look:
    from casework.attest.carrier import Problem
    from casework.attest.dating.stamps import MAX_TOKENS, judge_tokens
    from casework.attest.dsse import read_envelope

    data = _read(root, path)
    if isinstance(data, str):
        return _Look(Stamping(path, problem=data))
    envelope = read_envelope(data)
    if isinstance(envelope, Problem):
        return _Look(Stamping(path, problem=f"{envelope.message} ({envelope.code})"))
    signatures = list(dict.fromkeys(one.sig for one in envelope.signatures))
    kept = _holding(envelope, signatures, authorities) if drop_broken else envelope.timestamps
    times, problems = judge_tokens(kept, signatures, authorities)
    unproven = tuple(one for one in signatures if one not in times)
    state = Stamping(path, len(times), len(unproven), 0, len(envelope.timestamps) - len(kept))
    if problems:
        return _Look(replace(state, problem=f"{problems[0].message} ({problems[0].code}); --drop-broken removes it"))
    if len(kept) + len(unproven) > MAX_TOKENS:
        return _Look(replace(state, problem=f"it would have more than {MAX_TOKENS} time stamps"))
    return _Look(state, replace(envelope, timestamps=kept), unproven, data)


def _holding(envelope: Envelope, signatures: Sequence[bytes], authorities: Sequence[Authority]) -> tuple[bytes, ...]:
    from casework.attest.dating.stamps import judge_tokens

    kept: list[bytes] = []
    for token in envelope.timestamps:
        if not judge_tokens([*kept, token], signatures, authorities)[1]:
            kept.append(token)
    return tuple(kept)


def _read(root: Path, path: str) -> bytes | str:
    from casework.artifact.safe_names import unsafe_reason

    if reason := unsafe_reason(path):
        return f"its path {reason}"
    target = root / path
    if target.resolve() != root.resolve() / path:
        return "it is reached through a link, or lies outside the case"
    try:
        return target.read_bytes()
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"


def _write(target: Path, before: bytes, made: bytes) -> str:
    """Replace a file, whole or not at all, unless it changed meanwhile; return why it could not be done."""
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(made)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)  # evidence is to be read by everyone
            if target.read_bytes() != before:
                return "it was changed by another program meanwhile; stamp it again"
            os.replace(temporary, target)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        return f"it cannot be written: {error.strerror or error}"
    return ""


# Asking an authority


def fetch_token(url: str, message: bytes, authorities: Sequence[Authority], timeout_s: float = TIMEOUT_S) -> bytes:
    """Have a message time-stamped: a signature's raw bytes, or what a renewal covers.

    Returns:
        The token, verified: it covers the message, answers our query and is by a pinned authority.

    Raises:
        CallProblem: There is no such token, and why.
    """
    from casework.attest.carrier import Problem
    from casework.attest.dating.stamps import accept_response, request_for

    query = request_for(message)
    token = accept_response(post_query(url, query, timeout_s), message, authorities, request=query)
    if isinstance(token, Problem):
        raise CallProblem(f"{url}: {token.message}")
    return token


def post_query(url: str, query: bytes, timeout_s: float = TIMEOUT_S) -> bytes:
    """Post a query to an authority and return the body of its answer, of which nothing is verified.

    Redirects are not followed. Proxies are taken from the environment, but never for this machine itself.

    Raises:
        CallProblem: The address is of no use, or no answer of the right kind and size came in time.
    """
    from casework.attest.codes import shown

    host = _host(url)
    headers = {"Content-Type": QUERY_TYPE, "Accept": REPLY_TYPE, "User-Agent": f"casework/{__version__}"}
    try:
        request = urllib.request.Request(url, data=query, headers=headers, method="POST")  # noqa: S310 - see _host
        with closing(_opener(host).open(request, timeout=timeout_s)) as response:
            kind = str(response.headers.get_content_type())
            if kind != REPLY_TYPE:
                raise CallProblem(
                    f"{url} answers with `{shown(kind)}`, not with `{REPLY_TYPE}`: no time-stamp authority"
                )
            return _body(url, response, timeout_s)
    except urllib.error.HTTPError as error:
        with error:
            aim = error.headers.get("Location", "") if error.headers else ""
            to = f", a redirect to {shown(aim, 200)}; give that address if you trust it" if aim else ""
            raise CallProblem(f"{url} answers {error.code} {shown(str(error.reason))}{to}") from error
    except urllib.error.URLError as error:
        raise CallProblem(f"{url} cannot be reached: {shown(str(error.reason), 200)}") from error
    except TimeoutError as error:
        raise CallProblem(f"{url} does not answer within {timeout_s:g} s") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CallProblem(f"{url} cannot be asked: {shown(str(error) or type(error).__name__, 200)}") from error


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError as error:
        raise CallProblem(f"--tsa {url}: {error}") from error
    if parts.scheme not in ("http", "https") or not host:
        raise CallProblem(f"--tsa {url}: give the authority's address, http://... or https://...")
    if parts.username is not None or parts.password is not None:
        raise CallProblem(f"--tsa: the address of {host} holds a user name or password, which are not supported")
    return host


def _opener(host: str) -> urllib.request.OpenerDirector:
    """Return an opener for http and https alone: no redirects, no files, no other schemes."""
    opener = urllib.request.OpenerDirector()
    proxies = urllib.request.ProxyHandler({} if _is_this_machine(host) else None)
    for handler in (
        proxies, urllib.request.HTTPHandler(), urllib.request.HTTPSHandler(), urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(), urllib.request.UnknownHandler(),
    ):  # fmt: skip
        opener.add_handler(handler)
    return opener


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _body(url: str, response: http.client.HTTPResponse, timeout_s: float) -> bytes:
    """Read an answer that is small and comes in time; a socket's own time limit starts anew with each byte."""
    from casework.attest.dating.stamps import MAX_TOKEN_BYTES

    end = time.monotonic() + timeout_s
    body = bytearray()
    while chunk := response.read1(_CHUNK):
        body += chunk
        if len(body) > MAX_TOKEN_BYTES:
            raise CallProblem(f"{url} answers with more than {MAX_TOKEN_BYTES} bytes: no time stamp")
        if time.monotonic() > end:
            raise TimeoutError
    return bytes(body)
