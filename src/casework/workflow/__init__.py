"""The straight lines through the house, and nothing else.

`assess`: store -> Case -> attest -> facts -> appraise -> rules -> gate. `run`: plan -> generator -> seal -> write.
`publish`: assessment -> pictures and documents. A stage takes the values of those before it and adds findings.
"""
