"""Every resource and what it is really paid: the price at its bus, or what it offered or was posted, where the scheme settles so."""

from __future__ import annotations

import numpy as np

from gridtandem.study.market.choice import settlement
from gridtandem.study.market.results import DeviceResults
from gridtandem.study.market.run import FeederPlan, MarketResult
from gridtandem.study.market.tables import feeder_devices, feeder_of, transmission_devices
from gridtandem.tables import Real, stacked


def devices(result: MarketResult) -> DeviceResults:
    """Every resource of every company."""
    if result.transmission is None:
        return DeviceResults.empty()
    inside = [feeder_devices(p, feeder_of(result, p), _paid(result, p)) for p in result.feeders]
    return stacked(DeviceResults, [transmission_devices(result.seats.wholesale, result.transmission), *inside])


def _paid(result: MarketResult, plan: FeederPlan) -> tuple[Real | None, ...]:
    """By kind of resource (period, resource); none where units chose their market, whose payments are those of a day. [currency]"""
    done = settlement(result, plan)
    return (None,) * len(done.own) if done.settled else tuple(np.asarray(paid) for paid in done.own)
