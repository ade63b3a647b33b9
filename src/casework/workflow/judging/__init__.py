"""The main line: a tree of files in, an assessment and a decision out; by itself, by a base, and against a baseline."""
