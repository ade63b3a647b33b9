"""The gate is monotonic: with less, or with less that can be verified, nothing passes that was blocked before.

One exception lies in the nature of things and is tested as such: where a newer, worse record supersedes an older one, its
removal cannot be seen within one revision. `gate.ratchet.vanished` sees it against a base revision.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hypothesis import assume, given, settings
from hypothesis import strategies as st

sys.path.insert(
    0, str(Path(__file__).resolve().parents[1] / "rules")
)  # the constructed case lives with the rules' tests
from sealed import GOOD, NEAR, World, all_findings, rate, world

from casework.artifact.digest import sha256_bytes
from casework.gate.decide import decide
from casework.gate.ratchet import vanished, with_findings
from casework.model.result import Metric, SelfCheck
from casework.model.verdict import FileFact, ManifestFact, Signer

OTHER = sha256_bytes(b"other")
METRICS: dict[str, list[tuple[Metric, ...]]] = {
    "EV-1": [
        GOOD["EV-1"], GOOD["EV-1"], (rate("recall", 880, 1000), rate("recall", 495, 500, NEAR)),
        (rate("recall", 20, 20), rate("recall", 20, 20, NEAR)), (rate("recall", 990, 1000),), (), (*GOOD["EV-1"], rate("recall", 1, 9)),
    ],
    "EV-2": [GOOD["EV-2"], GOOD["EV-2"], (Metric(name="metric_drop", value=5.0, unit="pp", ci_low=4.0, ci_high=6.0, confidence=0.95, method="bootstrap"),)],
}  # fmt: skip
WAIVED = [
    ("DAT-009", "DS-T"), ("DAT-001", "DS-T"), ("DAT-001", "DS-V"), ("MDL-001", "MC-1"), ("MDL-002", "MC-1"), ("EVD-001", "EV-1"),
    ("EVD-002", "REQ-1"), ("EVD-004", "EV-1"), ("EVD-005", "EV-2"), ("DAT-005", "DS-V"), ("TQK-004", "REQ-2"),
]  # fmt: skip


def build(rng: random.Random) -> World:
    """Return a case in order but for at most three faults, so that losing one of them might let it pass."""
    w = world(sealed=False)
    w.edit(
        "  rationale: Budget of the system.\n",
        "  rationale: Budget of the system.\n  verified_by: ['tests/test_a.py::test_a']\n",
    )
    w.tests = {"tests/test_a.py": frozenset({"test_a"})}
    for key in ("EV-1", "EV-2"):
        w.seal(key, started="2026-02-10T00:00:00Z")
    for bend in rng.sample(BENDS, rng.choice([0, 1, 1, 1, 2, 3])):
        bend(w, rng)
    return w


def bad_record(w: World, rng: random.Random) -> None:
    """Put a bad record in the place of a good one, or after it, or before it."""
    key = rng.choice(["EV-1", "EV-2"])
    started = rng.choice(["2026-02-09T00:00:00Z", "2026-02-11T00:00:00Z"])
    if rng.random() < 0.5:
        w.verdicts = [v for v in w.verdicts if v.evidence != key]
    match rng.choice(["figures", "status", "check", "unverified"]):
        case "figures":
            w.seal(key, rng.choice(METRICS[key][2:]), started=started)
        case "status":
            w.seal(key, (), started=started, status=rng.choice(["inconclusive", "error"]))
        case "check":
            w.seal(
                key,
                started=started,
                self_checks=(SelfCheck(name="noise", outcome=rng.choice(["failed", "skipped"]), detail=""),),
            )
        case _:
            w.seal(key, started=started, verified=False)


def good_record(w: World, rng: random.Random) -> None:
    w.seal(rng.choice(["EV-1", "EV-2"]), started="2026-02-12T00:00:00Z")


def drop_licence(w: World, rng: random.Random) -> None:
    head, tail = w.text.split("  licence: Apache-2.0\n", 1)
    w.text = head + tail
    if rng.random() < 0.7:
        waive(w, rng, "DAT-009", "DS-T")


def waive(w: World, rng: random.Random, code: str = "", node: str = "") -> None:
    chosen = (code, node) if code else rng.choice(WAIVED)
    person = rng.choice(["rosa", "rosa", "vera"])  # vera does not hold the role
    w.more += (
        f"- {{type: waiver, id: W-{w.more.count('waiver')}, of: {chosen[0]}, node: {chosen[1]}, by: {person}, role: safety-manager, "
        "reason: so, expires: 2026-12-31}\n"
    )


def flip(w: World, rng: random.Random) -> None:
    path = rng.choice(sorted(w.files) or ["model/int8.onnx"])
    w.files[path] = FileFact(path, exists=True, size=9, sha256=OTHER)


def lose_file(w: World, rng: random.Random) -> None:
    if w.files:
        del w.files[rng.choice(sorted(w.files))]


def hide_file(w: World, rng: random.Random) -> None:
    if w.files:
        path = rng.choice(sorted(w.files))
        w.files[path] = FileFact(path, exists=False)


def lose_manifest(w: World, rng: random.Random) -> None:
    if w.manifests:
        del w.manifests[rng.choice(sorted(w.manifests))]


def break_manifest(w: World, rng: random.Random) -> None:
    if w.manifests:
        path = rng.choice(sorted(w.manifests))
        w.manifests[path] = ManifestFact(path, "", problem="line 1 is no JSON")


def share_items(w: World, _rng: random.Random) -> None:
    if len(w.manifests) == 2:
        train = w.manifests["data/train.jsonl"]
        w.manifests["data/test.jsonl"] = replace(
            w.manifests["data/test.jsonl"], digests=(("test", dict(train.digests).get("train", frozenset())),)
        )


def lose_tests(w: World, _rng: random.Random) -> None:
    w.tests = {}


def lose_policy(w: World, _rng: random.Random) -> None:
    w.policy = None


def unverify(w: World, rng: random.Random) -> None:
    if w.verdicts:
        n = rng.randrange(len(w.verdicts))
        w.verdicts[n] = replace(w.verdicts[n], verified=False, signers=())


def unread(w: World, rng: random.Random) -> None:
    if w.verdicts:
        n = rng.randrange(len(w.verdicts))
        w.verdicts[n] = replace(w.verdicts[n], verified=False, signers=(), statement=None)


def lose_signer(w: World, rng: random.Random) -> None:
    if w.verdicts:
        n = rng.randrange(len(w.verdicts))
        w.verdicts[n] = replace(w.verdicts[n], signers=(Signer("k", "dev", frozenset({"developer"})),))


def lose_record(w: World, rng: random.Random) -> None:
    if w.verdicts:
        w.verdicts.pop(rng.randrange(len(w.verdicts)))


Act = Callable[[World, random.Random], None]
BENDS: list[Act] = [
    flip,
    share_items,
    lose_file,
    lose_manifest,
    lose_tests,
    bad_record,
    bad_record,
    good_record,
    drop_licence,
    waive,
]
LESS: list[Act] = [
    lose_file,
    hide_file,
    lose_manifest,
    break_manifest,
    lose_tests,
    lose_policy,
    unverify,
    unread,
    lose_signer,
]


def word(w: World) -> str:
    return decide(all_findings(w), w.assess()).word


def superseding(w: World) -> bool:
    keys = [v.evidence for v in w.verdicts]
    return len(set(keys)) < len(keys)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.sampled_from(LESS), min_size=1, max_size=4), st.integers(0, 2**32))
def test_less_that_can_be_read_or_verified_never_passes(seed: int, acts: list[Act], choice: int) -> None:
    w = build(random.Random(seed))
    assume(word(w) == "blocked")
    rng = random.Random(choice)
    for act in acts:
        act(w, rng)
        assert word(w) == "blocked", act.__name__


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_removing_a_record_never_passes(seed: int, choice: int) -> None:
    w = build(random.Random(seed))
    assume(word(w) == "blocked")
    base = w.assess()
    several = superseding(w)
    lose_record(w, random.Random(choice))
    if several:  # the exception: what is left may be an older, better record, and only the base revision tells
        now = w.assess()
        assert with_findings(decide(all_findings(w), now), vanished(now, base)).word == "blocked"
    else:
        assert word(w) == "blocked"


def test_the_worlds_are_both_blocked_and_passed() -> None:
    found = [word(build(random.Random(seed))) for seed in range(60)]
    assert 5 <= found.count("pass") <= 55, found.count("pass")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.randoms(use_true_random=False))
def test_the_order_of_findings_and_records_never_matters(seed: int, rng: random.Random) -> None:
    w = build(random.Random(seed))
    first = decide(all_findings(w), w.assess())
    rng.shuffle(w.verdicts)
    found = all_findings(w)
    rng.shuffle(found)
    assert decide(found, w.assess()) == first
