"""The periods of a feeder one by one, each made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import final

from gridtandem.opf.feeder import FeederProblem


@final
@dataclass(frozen=True, slots=True, eq=False)
class Hours:
    """As good as a tuple of problems. Most are never needed, since curves of all periods are walked from the problem of the day."""

    size: int
    make: Callable[[int], FeederProblem]  # by period of the window
    _made: dict[int, FeederProblem] = field(default_factory=dict)

    def __iter__(self) -> Iterator[FeederProblem]:
        return (self[t] for t in range(self.size))

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, period: int) -> FeederProblem:
        if not 0 <= period < self.size:
            raise IndexError(period)
        if period not in self._made:
            self._made[period] = self.make(period)
        return self._made[period]


EachHour = tuple[FeederProblem, ...] | Hours
