"""Markets: a cleared day, an offer, welfare, a company that moves the price, and how far a forecast may be off; in words and pictures."""
