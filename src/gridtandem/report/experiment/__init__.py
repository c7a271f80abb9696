"""Scripted experiments: found by name, what was varied and held, tables and pictures. One file for each kind of experiment."""
