"""What is connected to what: reach, loops, radial order, electrical distance."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from gridtandem.grid.nodal import Nodal
from gridtandem.tables import Flag, Index, Real


def links(nodal: Nodal) -> sparse.csr_array:
    """Node-to-node adjacency with ones."""
    br, n = nodal.branches, nodal.nodes
    ones = np.ones(len(br.start))
    return sparse.coo_array((ones, (br.start, br.end)), shape=(n, n)).tocsr()


def reached(nodal: Nodal, roots: Index) -> Flag:
    """Nodes with a path to one of the roots."""
    _, part = csgraph.connected_components(links(nodal), directed=False)
    home = roots[roots >= 0]
    return np.asarray(np.isin(part, part[home]))


def linear_drops(nodal: Nodal, root: int) -> tuple[Real, Real]:
    r"""Linear voltage drop from the root to each node along a spanning tree: of all loads, and of the node's own load alone. [per unit]

    .. math:: \Delta_n = \sum_{k \in \text{path}(n)} |z_k| \sum_{m \text{ beyond } k} |S_m|, \qquad \delta_n = |S_n| \sum_{k \in \text{path}(n)} |z_k|

    Orders of magnitude, to tell a heavy load from a wrong unit; feeders of the library stay below 0.12 and 0.06.
    """
    order, before = csgraph.breadth_first_order(links(nodal), root, directed=False)
    size = np.zeros(nodal.nodes)
    np.add.at(size, nodal.loads.node, abs(nodal.loads.s))
    own = size.copy()
    br = nodal.branches
    z: dict[tuple[int, int], float] = {}
    for a, b, zab in zip(br.start.tolist(), br.end.tolist(), abs(br.z).tolist(), strict=True):
        key = (min(a, b), max(a, b))
        z[key] = min(zab, z.get(key, np.inf))
    for k in order[:0:-1]:
        size[before[k]] += size[k]
    drop, far = np.zeros(nodal.nodes), np.zeros(nodal.nodes)
    for k in order[1:]:
        up = int(before[k])
        step = z[min(up, int(k)), max(up, int(k))]
        drop[k], far[k] = drop[up] + step * size[k], far[up] + step
    return drop, far * own
