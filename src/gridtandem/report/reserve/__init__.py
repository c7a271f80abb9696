"""Energy, reserve and frequency: a day, what a loss asks of reserve, inertia as committed, and the fall after a loss; in words and pictures."""
