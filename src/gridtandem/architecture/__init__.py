"""Architectures: who may tell whom what between transmission, distribution and customers, as graphs; a catalogue of published ones, and their words.

May import: tables, errors; boundary, schemes and study where architectures are run.
"""
