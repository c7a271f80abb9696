"""What couples beyond neighbours in the compiled Newton iteration: which ratios move and where, and what stands in the border of the blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from gridtandem.flow.control import Held
from gridtandem.flow.jacobian import Wiring
from gridtandem.flow.roles import Roles
from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Code, Complex, Index, Real

if TYPE_CHECKING:
    from gridtandem.flow.blocks import Blocks


@final
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Border:
    """Arrays as `gridtandem.flow.kernels_newton` takes them, for one set of free transformers."""

    tap: Index  # branch of each transformer that moves
    values: tuple[Real, Real]  # admittance of all other branches, off and on the diagonal
    moving: tuple[Index, Index, Complex, Complex, Index, Index, Index]  # end, line, series, turn, group, home, mend
    edge: tuple[Index, Code, Index, Real]  # node, part, which, share

    @property
    def couples(self) -> tuple[object, object]:
        """Moving transformers and edge; two times None where nothing couples beyond neighbours."""
        return (self.moving, self.edge) if len(self.tap) + len(self.edge[0]) else (None, None)

    @staticmethod
    def of(nodal: Nodal, blocks: Blocks, wiring: Wiring, held: Held, roles: Roles) -> Border:
        """For what is at a limit.

        A group all of whose transformers end at the node they hold moves in that node's place; other groups, and the slack, make the border.
        """
        free, share = held.free(nodal, roles), roles.shared_slack(nodal.units, nodal.nodes)
        br, place, tap = nodal.branches, blocks.place, nodal.taps.branch[free]
        node, group = np.unique(nodal.taps.node[free], return_inverse=True)
        at, end = place[node], np.stack([place[br.start[tap]], place[br.end[tap]]], -1)
        afar = np.bincount(group, (end != at[group][:, None]).all(-1), len(at)) > 0
        home, given = np.where(afar, -1, at), np.arange(len(blocks.factors[1]), nodal.nodes) if len(share) else np.empty(0, np.int64)
        y = 1 / br.z[tap]
        lines = np.stack([blocks.line(end[:, 0], end[:, 1]), blocks.line(end[:, 1], end[:, 0])], -1)
        ratio = br.ratio[tap]
        same = held.ratio is blocks.ratio and not len(tap)
        return Border(
            tap=tap, values=blocks.values if same else blocks.admittance(nodal, wiring, held.ratio, without=tap),
            moving=(end, lines, np.stack([y, 0.5j * br.b[tap]], -1), ratio / abs(ratio), group, home, _mend(blocks, end, group, home)),
            edge=(
                np.concatenate([at[afar], given]), np.repeat(np.array([1, 0], np.int8), [afar.sum(), len(given)]),
                np.concatenate([np.flatnonzero(afar), np.full(len(given), len(at))]), share[blocks.order] if len(share) else share,
            ),
        )  # fmt: skip


def _mend(blocks: Blocks, end: Index, group: Index, home: Index) -> Index:
    """(row, slot, source) of blocks whose second column belongs to a ratio: emptied (source −1), then 2 transformer + end added."""
    at, column, slot = blocks.lines
    diagonal, m = blocks.factors[1], len(blocks.factors[1])
    own = home[home >= 0]
    moves = np.zeros(len(blocks.order), bool)
    moves[own] = True
    row = np.repeat(np.arange(len(blocks.order)), np.diff(at[:, 0]))
    cleared = np.flatnonzero(moves[column] & (row < m))
    to = home[group]
    k, c = np.nonzero((end < m) & (to >= 0)[:, None])
    i, r = end[k, c], to[k]
    there = np.where(i == r, diagonal[r], slot[blocks.line(i, np.where(i == r, end[k, 1 - c], r))])
    parts = (own, diagonal[own], np.full(len(own), -1)), (row[cleared], slot[cleared], np.full(len(cleared), -1)), (i, there, 2 * k + c)
    mend = np.concatenate([np.stack(part, -1) for part in parts]).astype(np.int64)
    return mend[np.lexsort((mend[:, 2], mend[:, 1], mend[:, 0]))]
