"""Telling: what a run returns to a person. Tables, pictures and sentences from results; nothing is computed about a grid here.

May import: study and below, for reading; matplotlib and pandas on use.
"""
