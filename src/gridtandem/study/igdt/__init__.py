"""Information-gap decisions: how much error of a forecast a company can stand at a cost it names, and how much luck would earn it."""
