"""What a market buys beside energy: capacity of regulation up and down [MW], and mileage up and down, the way made within an hour [MW]."""

from __future__ import annotations

PRODUCTS = ("up", "down", "mileage_up", "mileage_down")
UP, DOWN, MILEAGE_UP, MILEAGE_DOWN = range(4)
