"""Offers as markets know them: the products they are of, and the rules an offer must keep. May import floor 0; knows no grid and no solver."""
