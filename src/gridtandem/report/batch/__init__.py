"""Many scenarios answered together: the object a batch returns, its words and documents, and its duration curves."""
