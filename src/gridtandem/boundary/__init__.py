"""The seam between companies: letters, how a letter splits by party and joins again, the mailbox that counts them, the wire, and what is taken home.

May import: floor 0 and orders. A letter is arrays and numbers in MW, Mvar, currency and per unit of the interface's nominal voltage;
positive power flows from transmission into the feeder. Nothing but letters crosses.
"""
