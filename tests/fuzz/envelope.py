"""Fuzz all that is signed, as a file and as a payload under real signatures: nothing raises, and no changed file is believed."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from harness import Target, fuzz, reach

WAYS = 8


def load() -> Target:  # noqa: C901 - a table of ways to read, each of them short
    from test_act import LAB as ACTS
    from trust_lab import KEYS, NOW, TODAY, judge, resealed, roots, seal_lab_policy, sealed

    from casework.attest.act import read_act, verify_act
    from casework.attest.dsse import read_envelope, sign_envelope
    from casework.attest.opening import sealed_name
    from casework.attest.release import open_seal, read_manifest
    from casework.attest.sigstore.shape import read_bundle
    from casework.attest.trust.policy import open_policy
    from casework.model.policy import POLICY_PAYLOAD_TYPE
    from doubles.loglab import honest

    good, policy, log = sealed("ci", "verifier-2", generator="validation"), seal_lab_policy(), honest()

    def one_input(data: bytes) -> None:  # noqa: C901 - as above
        way, rest = (data[0] % WAYS if data else 0), data[1:]
        match way:
            case 0:
                if judge(rest).verified and rest != good and b'"sig"' not in rest:
                    raise AssertionError("verified without a signature")
            case 1:
                verdict = judge(resealed(rest)) if rest else judge(b"")
                if not verdict.verified and not verdict.findings:
                    raise AssertionError("refused without a reason")
            case 2:
                if open_policy(rest, roots(), TODAY).trust is not None and rest != policy:
                    raise AssertionError("a changed policy was opened")
            case 3:
                one = sign_envelope(POLICY_PAYLOAD_TYPE, rest or b"{}", [KEYS["root-a"]])
                if open_policy(one, roots(), TODAY).trust is not None:
                    raise AssertionError("one root was enough")
                open_policy(
                    sign_envelope(POLICY_PAYLOAD_TYPE, rest or b"{}", [KEYS["root-a"], KEYS["root-b"]]), roots(), TODAY
                )
            case 4:
                read_act(rest)
                verify_act(f"evidence/acts/{sealed_name(rest)}", rest, ACTS, NOW)
            case 5:
                if log.but(entries=rest).codes() == [] and rest != log.entries:
                    raise AssertionError("other entries fit the checkpoint")
            case 6:
                changed = log.but(checkpoint=rest)
                if (
                    changed.codes() == []
                    and log.checkpoint is not None
                    and not rest.startswith(log.checkpoint.split(b"\n\n")[0])
                ):
                    raise AssertionError("another checkpoint was believed")
            case _:
                read_envelope(rest)
                read_bundle(rest)
                read_manifest(rest)
                open_seal(rest)

    return one_input


def seeds() -> Iterable[bytes]:
    import base64
    import json

    reach()
    from sigstore_lab import honest as bundle
    from test_act import record, seal
    from trust_lab import seal_lab_policy, sealed

    from casework.attest.act import statement_of_act
    from doubles.loglab import honest

    good, policy, log = sealed("ci", "verifier-2", generator="validation"), seal_lab_policy(), honest()
    payload, rules = (base64.b64decode(json.loads(data)["payload"]) for data in (good, policy))
    act = record()
    for way, data in enumerate(
        [good, payload, policy, rules, seal(act), log.entries, log.checkpoint, json.dumps(bundle()).encode()]
    ):
        yield bytes([way]) + (data or b"")
    yield b"\x04" + statement_of_act(act)


if __name__ == "__main__":
    fuzz(load, seeds)
