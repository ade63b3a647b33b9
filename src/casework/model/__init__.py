"""What a safety case consists of: frozen values named by the standards.

This room does no input or output, reads no clock and hashes nothing. Everything above it speaks in its values: nodes
(`node`, `requirement`, `hazard`, `learning`, `argument`, `process`), the one currency of trouble (`finding`), the record
that a generator yields (`result`), what verification says of it (`verdict`) and what the gate says (`decision`).
"""
