"""The evidence log: an append-only Merkle tree of what a case holds, with a signed checkpoint.

It is what notices that something was *removed*: a failed result, a hazard, a newer version of the trust policy.
"""
