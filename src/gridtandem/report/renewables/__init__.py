"""What sun and wind will give, as a table, in words, as a profile, and as a picture."""
