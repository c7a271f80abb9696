"""A day of energy and reserve, secure in frequency: its plan, what feeders deliver of it, and experiments on it."""
