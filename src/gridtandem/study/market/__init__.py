"""Studies of markets: seats, plans, books and checks of a day that is cleared rather than only flows. Same floor as `gridtandem.study`."""
