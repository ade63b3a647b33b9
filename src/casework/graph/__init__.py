"""The traceability graph: `Case`, its entries and links, and every question asked of them.

The graph that commands query and that users extend is a networkx multigraph (`Case.network`); hot paths use plain
adjacency that is built once beside it, because building and importing networkx would cost more than the whole check.
"""
