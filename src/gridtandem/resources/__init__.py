"""What units, storage, vehicles and flexible demand can do, as blocks of a program. May import grid, orders, program; knows no network equations."""
