"""Voltage security: how much load and generation can grow, of one network or of transmission and feeders together."""
