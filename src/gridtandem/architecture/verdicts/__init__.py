"""Nine structural verdicts on a graph before anything runs: definitions, what they find, what mends it, and how far published verdicts agree."""
