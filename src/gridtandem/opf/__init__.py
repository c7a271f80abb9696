"""Optimal power flow: problems put together from resources and forms of the network equations. May import grid, program, resources."""
