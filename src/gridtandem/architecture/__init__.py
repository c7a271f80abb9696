"""Architectures: who may tell whom what between transmission, distribution and customers, as graphs; a catalogue of published ones, and their words.

`verdicts` judges a graph by its structure alone; `simulation` carries it out on one grid over a day; `observed` reads a ledger back as a graph;
`use_cases` reads step tables of IEC 62559-2. What all read of a graph, one relation per line of the source, is `relations`.

May import: tables, errors; boundary, schemes and study where architectures are run.
"""
