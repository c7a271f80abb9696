"""MATPOWER case files in and out, with the unit conversions behind their tables carried out."""
