"""Stamping over real HTTP: what an honest authority gives, what a bad one may try, and what stays of it in the files."""

from __future__ import annotations

import argparse
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from casework.attest.dating.stamps import MAX_TOKEN_BYTES, judge_tokens, load_authorities
from casework.attest.dsse import Envelope, countersign, read_envelope
from casework.attest.keys import FileKey, generate_private_pem, load_private_key
from casework.attest.opening import Anchors, open_record, sealed_name
from casework.attest.seal import seal, seal_policy
from casework.attest.trust.policy import open_policy
from casework.attest.verify import judge
from casework.cli import stamp_command
from casework.model.policy import TrustPolicy
from casework.model.problem import CallProblem
from casework.model.result import PREDICATE_TYPE, STATEMENT_TYPE, Statement
from casework.workflow.evidence.stamping import (
    fetch_token,
    look_at,
    pinned_authorities,
    post_query,
    sealed_files,
    stamp_record,
)
from doubles.tsa import REPLY_TYPE, Reply, Tsa, rejection

DAY = date(2026, 6, 1)
STARTED = datetime(2026, 5, 1, 10, tzinfo=UTC)
AT = STARTED + timedelta(hours=1)
TSA = Tsa("lab", clock=lambda: AT)
FOREIGN = Tsa("foreign", clock=lambda: AT)
KEYS: dict[str, FileKey] = {
    name: load_private_key(generate_private_pem("ed25519")) for name in ("root", "ci", "verifier")
}


def policy(tsa: dict[str, str] | None) -> bytes:
    keys = {
        name: {"public_key_pem": key.public.pem.decode(), "person": name, "valid_from": date(2026, 1, 1)}
        for name, key in KEYS.items()
    }
    value = {
        "schema": "casework/trust-policy/v1", "name": "lab", "version": 1, "expires": date(2027, 1, 1), "keys": keys,
        "root": {"threshold": 1, "keys": ("root",)},
        "persons": {name: {"name": name, "roles": (name,)} for name in KEYS},
        "roles": {name: (name,) for name in KEYS},
        "evidence_types": {"*": {"require": {"ci": 1}, "timestamp": True, "sign_within_hours": 72}},
        "tsa": tsa,
    }  # fmt: skip
    return seal_policy(TrustPolicy.model_validate(value), [KEYS["root"]])


def statement(evidence: str) -> Statement:
    record = {
        "evidence": evidence, "generator": {"name": "dataset", "version": 1}, "digests": {"data": "c" * 64},
        "started": STARTED.isoformat().replace("+00:00", "Z"), "duration_s": 1.0, "status": "complete", "metrics": (),
    }  # fmt: skip
    subject = {"name": "data", "digest": {"sha256": "c" * 64}}
    value = {"_type": STATEMENT_TYPE, "subject": (subject,), "predicateType": PREDICATE_TYPE, "predicate": record}
    return Statement.model_validate(value)


@dataclass
class World:
    """A case on disk with two sealed records."""

    root: Path

    def put(self, evidence: str, *signers: str) -> str:
        data = seal(statement(evidence), [KEYS[name] for name in signers])
        path = f"evidence/{evidence}/{sealed_name(data)}"
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(data)
        return path

    def envelope(self, path: str) -> Envelope:
        found = read_envelope((self.root / path).read_bytes())
        assert isinstance(found, Envelope)
        return found

    def verified(self, path: str) -> bool:
        roots = (self.root / "evidence/trust/root.pub").read_bytes()
        opened = open_policy((self.root / "evidence/trust/policy.dsse.json").read_bytes(), roots, DAY)
        anchors = Anchors(opened.trust, AUTHORITIES)
        record = open_record([(path, (self.root / path).read_bytes())], anchors)
        return judge(record, path.split("/")[1], opened.trust, datetime(2026, 6, 1, tzinfo=UTC)).verified


AUTHORITIES = load_authorities({"lab": TSA.pem})[0]


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path / "case")
    trust = made.root / "evidence/trust"
    trust.mkdir(parents=True)
    (made.root / "casework.yaml").write_text("schema: casework/v1\nname: Lab\nroots: [requirements]\n")
    (made.root / "requirements").mkdir()
    (trust / "root.pub").write_bytes(KEYS["root"].public.pem)
    (trust / "policy.dsse.json").write_bytes(policy({"lab": TSA.pem}))
    return made


@pytest.fixture
def path(world: World) -> str:
    return world.put("EV-1", "ci", "verifier")


# Honest


def test_each_signature_gets_its_token_and_the_name_stays(world: World, path: str) -> None:
    assert not world.verified(path)
    before = world.envelope(path)
    with TSA.serving() as server:
        done = stamp_record(world.root, path, server.url, AUTHORITIES)
    assert (done.proven, done.missing, done.added, done.dropped, done.problem) == (0, 2, 2, 0, "")
    after = world.envelope(path)
    assert (after.payload, after.signatures) == (before.payload, before.signatures)
    times = judge_tokens(after.timestamps, [one.sig for one in after.signatures], AUTHORITIES)
    assert times == ({one.sig: AT for one in after.signatures}, ())
    assert path.endswith(sealed_name((world.root / path).read_bytes()))
    assert world.verified(path)
    assert [p.name for p in (world.root / path).parent.iterdir()] == [path.rpartition("/")[2]]
    assert (world.root / path).stat().st_mode & 0o777 == 0o644


def test_what_is_stamped_is_not_asked_for_again_and_only_the_digest_leaves(world: World, path: str) -> None:
    with TSA.serving() as server:
        stamp_record(world.root, path, server.url, AUTHORITIES)
        data = (world.root / path).read_bytes()
        done = stamp_record(world.root, path, server.url, AUTHORITIES)
        assert (done.proven, done.missing, done.added) == (2, 0, 0)
        assert (world.root / path).read_bytes() == data
        assert len(server.queries) == 2
        assert not any(one.sig in query for one in world.envelope(path).signatures for query in server.queries)
        assert max(len(query) for query in server.queries) < 80


def test_a_countersignature_is_stamped_beside_the_older_one(world: World) -> None:
    path = world.put("EV-1", "ci")
    with TSA.serving() as server:
        stamp_record(world.root, path, server.url, AUTHORITIES)
        (world.root / path).write_bytes(countersign((world.root / path).read_bytes(), KEYS["verifier"]))
        assert look_at(world.root, path, AUTHORITIES).missing == 1
        assert stamp_record(world.root, path, server.url, AUTHORITIES).added == 1
        assert len(server.queries) == 2
    assert look_at(world.root, path, AUTHORITIES).proven == 2


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    world: World, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with TSA.serving() as server:
        assert stamp_record(world.root, path, server.url, AUTHORITIES).added == 2
        with pytest.raises(CallProblem, match="cannot be reached"):
            post_query("http://tsa.invalid/", b"query", 2)


# Authorities that fail, refuse, or try something


def refused(world: World, path: str, url: str, words: str, timeout_s: float = 5.0) -> None:
    """Check that nothing is written, and that the problem says what happened."""
    data = (world.root / path).read_bytes()
    with pytest.raises(CallProblem) as raised:
        stamp_record(world.root, path, url, AUTHORITIES, timeout_s=timeout_s)
    assert words in str(raised.value)
    assert str(raised.value).isprintable()
    assert (world.root / path).read_bytes() == data
    assert len(list((world.root / path).parent.iterdir())) == 1


BAD: dict[str, tuple[Callable[[bytes], Reply], str]] = {
    "rejection": (lambda _: Reply(rejection("no \x1b[31mquota", failure=25)), "no \\x1b[31mquota"),
    "giant answer": (lambda _: Reply(bytes(10 * MAX_TOKEN_BYTES)), "more than 65536 bytes"),
    "giant answer of no stated length": (
        lambda _: Reply(bytes(2 * MAX_TOKEN_BYTES), headers={"Content-Length": "99999999999"}), "more than 65536 bytes",
    ),
    "wrong nonce": (lambda query: Reply(TSA.answer(query, nonce=1)), "nonce"),
    "no nonce": (lambda query: Reply(TSA.answer(query, nonce=None)), "nonce"),
    "wrong content type": (lambda query: Reply(TSA.answer(query), content_type="text/html"), "answers with `text/html`"),
    "foreign authority": (lambda query: Reply(FOREIGN.answer(query)), "does not pin"),
    "something else": (lambda query: Reply(TSA.answer(query, digest=bytes(32))), "something else"),
    "weak hash": (lambda query: Reply(TSA.answer(query, signer_hash="sha1")), "hash that is not accepted"),
    "expired authority": (lambda query: Reply(TSA.answer(query, datetime(2036, 1, 1, tzinfo=UTC))), "were not valid"),
    "web page": (lambda _: Reply(b"<html>", content_type=REPLY_TYPE), "is broken"),
    "nothing": (lambda _: Reply(b""), "is broken"),
    "cut short": (lambda query: Reply(TSA.answer(query)[:200]), "is broken"),
    "server error": (lambda _: Reply(b"sorry", status=500), "answers 500"),
    "redirect": (
        lambda _: Reply(b"", status=302, headers={"Location": "file:///etc/passwd"}), "a redirect to file:///etc/passwd",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_answer_is_not_kept(world: World, path: str, name: str) -> None:
    reply, words = BAD[name]
    with TSA.serving(reply) as server:
        refused(world, path, server.url, words)
        assert len(server.queries) == 1


def test_an_old_answer_played_again_is_not_kept() -> None:
    kept: list[bytes] = []

    def replay(query: bytes) -> Reply:
        kept.append(TSA.answer(query))
        return Reply(kept[0])

    with TSA.serving(replay) as server:
        fetch_token(server.url, b"one", AUTHORITIES)
        with pytest.raises(CallProblem, match="nonce"):
            fetch_token(server.url, b"one", AUTHORITIES)


def test_an_authority_that_is_down(world: World, path: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    refused(world, path, f"http://127.0.0.1:{port}/", "cannot be reached")


def test_an_authority_that_does_not_answer_in_time(world: World, path: str) -> None:
    with TSA.serving(lambda query: Reply(TSA.answer(query), delay_s=0.6)) as server:
        refused(world, path, server.url, "", timeout_s=0.2)


@contextmanager
def rude(act: Callable[[socket.socket], None]) -> Iterator[str]:
    """Let a server do anything with its first connection."""

    def serve() -> None:
        with suppress(OSError):
            connection = listening.accept()[0]
            with connection:
                connection.recv(65_536)
                act(connection)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)
        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        thread.join()


def test_an_authority_that_answers_byte_by_byte(world: World, path: str) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: {REPLY_TYPE}\r\nContent-Length: 999\r\n\r\n".encode())
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.05)

    with rude(drip) as url:
        began = time.monotonic()
        refused(world, path, url, "does not answer within 0.4 s", timeout_s=0.4)
        assert time.monotonic() - began < 3


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 O", b"\0\xff\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Type"])
def test_an_authority_that_breaks_off(world: World, path: str, start: bytes) -> None:
    with rude(lambda connection: connection.sendall(start)) as url:
        refused(world, path, url, url)


def test_https_to_a_server_that_has_no_certificate(world: World, path: str) -> None:
    with TSA.serving() as server:
        refused(world, path, server.url.replace("http:", "https:"), "cannot be reached")


@pytest.mark.parametrize(
    "url",
    [
        "", "tsa", "file:///etc/passwd", "ftp://127.0.0.1/", "http://", "http:///x", "http://127.0.0.1:port/", "http://[::1/",
        "http://user:secret@127.0.0.1/", "data:application/timestamp-reply,x", "http://127.0.0.1/a b\r\nHost: x",
    ],
)  # fmt: skip
def test_an_address_of_no_use(world: World, path: str, url: str) -> None:
    with pytest.raises(CallProblem) as raised:
        stamp_record(world.root, path, url, AUTHORITIES, timeout_s=1)
    assert str(raised.value).startswith("--tsa") or " " in url
    assert "secret" not in str(raised.value)


# Files


def test_a_broken_stamp_is_told_and_dropped_only_on_demand(world: World, path: str) -> None:
    envelope = world.envelope(path)
    good, foreign = (tsa.token(envelope.signatures[0].sig, AT) for tsa in (TSA, FOREIGN))
    broken = Envelope(envelope.payload_type, envelope.payload, envelope.signatures, (good, b"junk", foreign, good))
    (world.root / path).write_bytes(broken.to_bytes())
    with TSA.serving() as server:
        left = stamp_record(world.root, path, server.url, AUTHORITIES)
        assert "time stamp 2 is broken" in left.problem
        assert "--drop-broken" in left.problem
        assert (world.root / path).read_bytes() == broken.to_bytes()
        done = stamp_record(world.root, path, server.url, AUTHORITIES, drop_broken=True)
        assert (done.proven, done.missing, done.added, done.dropped, done.problem) == (1, 1, 1, 3, "")
    assert world.envelope(path).timestamps[0] == good
    assert world.verified(path)


def test_a_file_that_changes_while_the_authority_answers_is_not_overwritten(world: World, path: str) -> None:
    def reply(query: bytes) -> Reply:
        (world.root / path).write_bytes(b"edited meanwhile")
        return Reply(TSA.answer(query))

    with TSA.serving(reply) as server:
        done = stamp_record(world.root, path, server.url, AUTHORITIES)
    assert "changed by another program" in done.problem
    assert done.added == 0
    assert (world.root / path).read_bytes() == b"edited meanwhile"
    assert len(list((world.root / path).parent.iterdir())) == 1


def test_a_file_that_cannot_be_written_is_told(world: World, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("casework.workflow.evidence.stamping.os.replace", full)
    with TSA.serving() as server:
        done = stamp_record(world.root, path, server.url, AUTHORITIES)
    assert "No space left" in done.problem
    assert len(list((world.root / path).parent.iterdir())) == 1


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b'{"payload":"eA==","payloadType":"t","signatures":[]}'])
def test_a_file_that_is_no_envelope_is_told_and_nobody_is_asked(world: World, path: str, data: bytes) -> None:
    (world.root / path).write_bytes(data)
    done = stamp_record(world.root, path, "http://127.0.0.1:1/", AUTHORITIES)
    assert done.problem
    assert (world.root / path).read_bytes() == data


def test_links_and_paths_out_of_the_case_are_refused(world: World, path: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside.dsse.json"
    outside.write_bytes((world.root / path).read_bytes())
    (world.root / "evidence/EV-1/link.dsse.json").symlink_to(outside)
    for name in ("evidence/EV-1/link.dsse.json", "../outside.dsse.json", str(outside), "evidence/EV-1/gone.dsse.json"):
        assert stamp_record(world.root, name, "http://127.0.0.1:1/", AUTHORITIES).problem


# Which files, and the command


def test_what_is_stamped(world: World) -> None:
    first, second = world.put("EV-1", "ci"), world.put("a__EV-2", "ci")
    act = "evidence/acts/" + "0" * 64 + ".dsse.json"
    (world.root / act).parent.mkdir()
    (world.root / act).write_bytes((world.root / first).read_bytes())
    assert sealed_files(world.root, "evidence", []) == sorted([first, second, act])
    assert sealed_files(world.root, "evidence", ["a::EV-2", first]) == sorted([first, second])
    assert sealed_files(world.root, "evidence", ["acts"]) == [act]
    for nothing in ("EV-9", "evidence/EV-1/none.dsse.json"):
        with pytest.raises(CallProblem, match="nothing sealed"):
            sealed_files(world.root, "evidence", [nothing])


def test_without_a_pinned_authority_nothing_is_stamped(world: World) -> None:
    assert pinned_authorities(world.root, DAY) == ("evidence", AUTHORITIES)
    target = world.root / "evidence/trust/policy.dsse.json"
    target.write_bytes(policy(None))
    with pytest.raises(CallProblem, match="pins no time-stamp authority"):
        pinned_authorities(world.root, DAY)
    target.write_bytes(b"{}")
    with pytest.raises(CallProblem, match="cannot be opened: P"):
        pinned_authorities(world.root, DAY)
    target.unlink()
    with pytest.raises(CallProblem, match="cannot be opened: there is none"):
        pinned_authorities(world.root, DAY)


def command(world: World, *arguments: str) -> int:
    parser = argparse.ArgumentParser()
    stamp_command.configure(parser)
    return stamp_command.run(parser.parse_args(["--root", str(world.root), "--now", DAY.isoformat(), *arguments]))


def test_the_command_stamps_everything_once(world: World, path: str, capsys: pytest.CaptureFixture[str]) -> None:
    other = world.put("EV-2", "ci")
    assert command(world, "--list") == 0
    assert f"{path}: 2 of 2 signatures without a time stamp" in capsys.readouterr().out
    with TSA.serving() as server:
        assert command(world, "EV-2", "--tsa", server.url) == 0
        assert f"{other}: 1 of 1 signatures time-stamped\n1 files:" in capsys.readouterr().out
        assert command(world, "--all", "--tsa", server.url, "--format", "json") == 0
        told = json.loads(capsys.readouterr().out)
        assert [(one["path"], one["proven"], one["added"]) for one in told] == [(path, 0, 2), (other, 1, 0)]
        assert len(server.queries) == 3
    assert command(world, "--list", "--format", "json") == 0
    assert [one["missing"] for one in json.loads(capsys.readouterr().out)] == [0, 0]


def test_an_interrupted_command_goes_on_where_it_stopped(world: World, path: str) -> None:
    other = world.put("EV-2", "ci")
    answers = [True, True, False]

    def reply(query: bytes) -> Reply:
        return Reply(TSA.answer(query)) if not answers or answers.pop(0) else Reply(b"", status=503)

    with TSA.serving(reply) as server:
        with pytest.raises(CallProblem, match=r"answers 503 .*\(1 of 2 files were stamped before that"):
            command(world, "--all", "--tsa", server.url)
        assert world.verified(path)
        assert not world.verified(other)
        assert command(world, "--all", "--tsa", server.url) == 0
        assert world.verified(other)
        assert len(server.queries) == 4


def test_the_command_tells_of_files_that_it_left(world: World, path: str, capsys: pytest.CaptureFixture[str]) -> None:
    other = world.put("EV-2", "ci")
    (world.root / path).write_bytes(b"{}")
    with TSA.serving() as server:
        assert command(world, "--all", "--tsa", server.url) == 1
    out = capsys.readouterr().out
    assert f"{path}: no envelope" in out
    assert "1 signatures time-stamped, 1 files left as they are" in out
    assert world.verified(other)


def test_wrong_calls(world: World, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CASEWORK_TSA", raising=False)
    with pytest.raises(CallProblem, match="say what to stamp"):
        command(world, "--tsa", "http://127.0.0.1:1/")
    with pytest.raises(CallProblem, match="say what to stamp"):
        command(world, "EV-1", "--all", "--tsa", "http://127.0.0.1:1/")
    with pytest.raises(CallProblem, match="say who is to stamp"):
        command(world, "--all")
    monkeypatch.setitem(os.environ, "CASEWORK_TSA", "file:///x")
    with pytest.raises(CallProblem, match="http"):
        command(world, "--all")
