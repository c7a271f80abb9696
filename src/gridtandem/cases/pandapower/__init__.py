"""pandapower's JSON in and out, parsed here; pandapower itself is never imported."""
