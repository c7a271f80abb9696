"""Network equations, one form per file: what limits nodal injections."""
