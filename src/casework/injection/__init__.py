"""Faults in an ONNX model: what a fault is, how it is put in, what becomes of it, how many are needed, what helps against it.

The way of a campaign: a model is prepared (`network`), faults are drawn as data (`faults`), each is put into the running model by
the cheapest engine that is exact for it (`engines`), its effect is judged against the golden run (`outcomes`), and rates follow
with their intervals (`sampling`). `campaign` is the straight line through these rooms, with canary and audit. `hardening` writes a
model that withstands more. Nothing here reads a case, signs, or judges a requirement.

Imports within the room point down only:
campaign | hardening / engines / outcomes | sampling / network / faults.
"""
