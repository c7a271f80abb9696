"""Architectures as they were seen to work: ledgers of letters and of messages read back as graphs, and laid beside what was declared.

May import: tables, errors, graphs of the room above, verdicts; cases and boundary for the ledger of a run.
"""
