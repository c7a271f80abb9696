"""Outages of a case ranked: what is asked, what is found, step by step, and the run file that keeps it."""
