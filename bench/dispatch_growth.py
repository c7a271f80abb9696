"""How boundary-SQP grows with the number of feeders, beside one owner: ``python -m bench.dispatch_growth``.

Rounds, processor time of both sides, and that of one feeder's letter; medians of five on one thread. See `bench.dispatch`.
"""

from __future__ import annotations

import statistics

import bench  # noqa: F401 — one thread for every library, before numpy wakes any
from bench.dispatch import SIZES, boundary, letter, owner, sat
from bench.measure import timed
from gridtandem.coordinate import coordinate
from gridtandem.schemes.copf import Copf


def main() -> None:
    """The table."""
    print("| feeders | rounds | boundary-SQP, ms | one owner, ms | ratio | one letter, ms |")
    print("|---|---|---|---|---|---|")
    for name in ("T118Dn4", *SIZES):
        scheme = Copf()
        rounds = coordinate(sat(name).mailbox(scheme), scheme).rounds
        sqp, whole, one = (statistics.median(timed(prepare(name), 5)[0]) for prepare in (boundary, owner, letter))
        print(f"| {name} | {rounds} | {sqp:.1f} | {whole:.1f} | {sqp / whole:.2f} | {one:.1f} |", flush=True)


if __name__ == "__main__":
    main()
