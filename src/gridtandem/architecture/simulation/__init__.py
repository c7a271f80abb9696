"""Architectures run: one shared grid over a day, dispatched by whoever a graph lets dispatch, judged by one AC load flow.

A `Play` is read off the graph; a `Day` is the grid; stages carry the play out; a ledger keeps every message along the edge it took.
May import: everything below the room `architecture`, and the graph.
"""
