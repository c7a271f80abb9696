"""Architectures: who may tell whom what between transmission, distribution and customers, as graphs; a catalogue of published ones, and their words.

`verdicts` judges a graph by its structure alone. What both that and a simulation read of it, one relation per line of the source, is `relations`.

May import: tables, errors; boundary, schemes and study where architectures are run.
"""
