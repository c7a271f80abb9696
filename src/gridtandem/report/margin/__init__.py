"""How far the load may grow: the object a margin returns, its words and documents, and pictures of its curves."""
