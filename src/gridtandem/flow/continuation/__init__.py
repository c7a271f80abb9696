"""Continuation power flow: how voltages move as load and generation grow, past the point where no more can be carried, and what is met on the way.

May import what `gridtandem.flow` may.
"""
