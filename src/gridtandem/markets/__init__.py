"""Markets: clearing, prices and books as functions of orders. May import orders, program; network rows reach it as blocks built by the caller."""
