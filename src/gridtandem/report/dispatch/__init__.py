"""AC dispatch: a plan in words and pictures, what a feeder can exchange, and what networks that only carry would cost."""
