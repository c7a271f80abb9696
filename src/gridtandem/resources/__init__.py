"""What units, storage, vehicles and flexible demand can do, as blocks of a program, and what sun and wind will give.

May import grid, orders, program; knows no network equations.
"""
