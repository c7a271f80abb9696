"""gridtandem: transmission and distribution run as one grid, without handing over models."""
