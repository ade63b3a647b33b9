"""Demo keys that come with Casework, private halves and all, so that a case can be tried without making keys.

They are known here by id: a policy that rests on them is a demo whatever it says of itself, and no other policy may
list them.
"""

from __future__ import annotations

from typing import Final

PUBLISHED_KEYIDS: Final = frozenset(
    {
        "4c39967582b96daf1260e0aa0439d58fe9c15f37ac861c45451866c95fd0eae2",  # demo-ci
        "f19cebc7c92f18c73cfd70c5d0f91fd55d9bf64bed601ff5e12454f44cab57ba",  # demo-data-engineer
        "0fb46aa90fe2efac3b98376e4566726dd175f211a683770e527985ee1495e07e",  # demo-log
        "53b369f0380e8d25eb5296b60284484340399727faaed2a2a8f748ab969ca418",  # demo-ml-engineer
        "c66dec99d64afd94a80f4f8796409826234fba0e1f06319401b260c079dae491",  # demo-model-signing
        "650628d57e08714e24398b88ad5b57bab9c4aeab2b735bf89e91bf226040b97c",  # demo-root
        "0d7e56f75b95e9386cc179436088600f9d7f33b87828429622def899f9251357",  # demo-safety-engineer
        "7a884af3700f8ce66d651ad32bffebfe3185f5156f2cc88f3870734c071ba867",  # demo-safety-manager
        "7ea7a01dd066c08a3073d722214572cca151232d616703fee2a162e2fecc7256",  # demo-tsa
        "387b9e6a2a0bf767d8d12a38145b6b716d9f388d71f75b05a89d99f61efc2f0d",  # demo-tsa-root
        "146d052f37340962bb01ddd2f1319125a4135f506c876cb8e540002152715c26",  # demo-verifier
    }
)
"""Key ids of `evidence/trust/demo-keys/`."""
