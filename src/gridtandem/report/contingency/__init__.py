"""Outages ranked by severity: the object an analysis returns, its words and documents, its pictures, and shares of renewables side by side."""
