"""Who may tell whom what: architectures in words, as tables, as verdicts beside published ones, and as pictures."""
