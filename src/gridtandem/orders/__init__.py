"""Offers as markets know them: steps of power and price, the rules an offer must keep. May import floor 0; knows no grid and no solver."""
