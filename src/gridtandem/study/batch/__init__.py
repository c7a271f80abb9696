"""Many scenarios of a case under outages: what is asked, blocks of cases answered together, results, and the run file that grows by blocks."""
