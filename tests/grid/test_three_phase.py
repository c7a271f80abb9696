"""Three-phase tables: their checks, their coils, and the one matrix they compute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gridtandem.cases.folder.csv_text import parsed, written
from gridtandem.errors import InvalidCase
from gridtandem.grid import phase_elements as pe
from gridtandem.grid.three_phase import ThreePhaseNetwork
from tests.grid.phase_networks import village
from tests.tolerances import IDENTITY

Change = Callable[[ThreePhaseNetwork], ThreePhaseNetwork]


def lines(**columns: object) -> Change:
    return lambda n: replace(n, lines=replace(n.lines, **columns))


def loads(**columns: object) -> Change:
    return lambda n: replace(n, loads=replace(n.loads, **columns))


def transformers(**columns: object) -> Change:
    return lambda n: replace(n, transformers=replace(n.transformers, **columns))


REGULATOR = pe.Regulators(name=["r"], transformer=[0], v_target_v=[120.0], band_v=[2.0], pt_ratio=[20.0], ct_primary_a=[100.0])
BROKEN: list[tuple[Change, str, str]] = [
    (lines(to_phase=[[1, 2, 2], [1, 2, 3]]), "case-070", "does not lead each conductor to a phase of its own"),
    (lines(to_phase=[[0, 0, 0], [1, 2, 3]], r_ohm=np.zeros((2, 3, 3)), x_ohm=np.zeros((2, 3, 3))), "case-070", "does not lead"),
    (lines(to_phase=[[1, 2, 0], [1, 2, 3]]), "case-071", "has numbers where there is no conductor"),
    (lines(x_ohm=np.zeros((2, 3, 3)), r_ohm=np.zeros((2, 3, 3))), "case-030", "are both 0"),
    (lines(to_bus=[1, 1]), "case-031", "is the bus it comes from"),
    (lines(to_bus=[1, 3]), "case-032", "use a transformer"),
    (lines(to_bus=[1, 9]), "case-020", "refers to row 9"),
    (lines(to_phase=[[1, 2, 4], [1, 2, 3]]), "case-015", "must be one of none, a, b, c"),
    (loads(terminals=[[0, 1, 2], [1, 2, 3], [1, 2, 0]]), "case-073", "do not make a coil"),
    (loads(terminals=[[1, 1, 2], [1, 2, 3], [1, 2, 0]]), "case-073", "do not make a coil"),
    (loads(terminals=[[1, 2, 3], [1, 2, 3], [1, 0, 0]]), "case-073", "a delta needs two or three"),
    (loads(v_low_pu=[0.9, 0.9, 1.2], v_high_pu=[1.1, 1.1, 1.1]), "case-033", "lies above v_high_pu"),
    (transformers(terminals_to=[[1, 0, 0]]), "case-074", "another number of coils"),
    (lambda n: replace(n, buses=replace(n.buses, phases=[[True] * 3, [True] * 3, [True, True, False], [True] * 3])), "case-072", "that a bus"),
    (lambda n: replace(n, buses=replace(n.buses, phases=[[False, True, True]] + [[True] * 3] * 3)), "case-072", "lacks a phase"),
    (lambda n: replace(n, regulators=replace(REGULATOR, coil=[4])), "case-078", "is 4, and the transformer has 3"),
    (lambda n: replace(n, sources=pe.PhaseSources.empty()), "case-075", "say where the feeder is fed"),
]


@pytest.mark.parametrize(("change", "code", "words"), BROKEN, ids=[f"{code}-{k}" for k, (_, code, _) in enumerate(BROKEN)])
def test_a_broken_promise_is_named(change: Change, code: str, words: str) -> None:
    with pytest.raises(InvalidCase) as caught:
        change(village()).check()
    found = {f.code: str(f) for f in caught.value.faults}
    assert code in found
    assert any(words in str(f) for f in caught.value.faults)


def test_a_sound_network_has_no_fault_and_a_digest_of_its_content() -> None:
    net = village()
    assert net.check() is net
    assert net.digest() == village().digest()
    assert net.digest() != loads(p_mw=[0.2, 0.3, 0.5])(net).digest()


def test_coils_of_every_connection() -> None:
    assert pe.coils(pe.WYE, np.array([1, 2, 3])) == [(1, 0), (2, 0), (3, 0)]
    assert pe.coils(pe.WYE, np.array([3, 1, 0])) == [(3, 0), (1, 0)]
    assert pe.coils(pe.DELTA, np.array([1, 2, 3])) == [(1, 2), (2, 3), (3, 1)]
    assert pe.coils(pe.DELTA, np.array([1, 2, 3]), turn=-1) == [(1, 3), (2, 1), (3, 2)]
    assert pe.coils(pe.DELTA, np.array([3, 1, 0])) == [(3, 1)]


def test_rated_voltage_of_a_coil() -> None:
    terminals = np.array([[1, 2, 3], [2, 0, 0], [1, 2, 3], [1, 2, 0]])
    kv = pe.coil_kv(np.array([0, 0, 1, 0]), terminals, np.full(4, 12.0))
    np.testing.assert_allclose(kv, [12 / np.sqrt(3), 12.0, 12.0, 12 / np.sqrt(3)], rtol=IDENTITY)


def test_the_source_matrix_has_the_stated_sequence_values() -> None:
    a = np.exp(2j * np.pi / 3)
    fortescue = np.array([[1, 1, 1], [1, a**2, a], [1, a, a**2]])
    source = pe.PhaseSources(name=["s"], bus=[0], nominal_kv=[10.0], r_positive_ohm=[0.1], x_positive_ohm=[0.5], r_zero_ohm=[0.3], x_zero_ohm=[1.1])
    sequence = np.linalg.inv(fortescue) @ source.matrix()[0] @ fortescue
    np.testing.assert_allclose(sequence, np.diag([0.3 + 1.1j, 0.1 + 0.5j, 0.1 + 0.5j]), atol=IDENTITY)


def test_matrices_become_columns_of_a_frame() -> None:
    frame = village().lines.frame()
    assert frame["x_ohm[ab]"].tolist() == village().lines.x_ohm[:, 0, 1].tolist()
    assert frame["to_phase[c]"].tolist() == ["c", "c"]
    assert list(pe.PhaseLines.empty().frame().columns) == list(frame.columns)


def test_a_matrix_in_a_csv_is_nine_columns_and_its_faults_say_which() -> None:
    net = village()
    names = {"buses": net.buses.name}
    text = written(net.lines, names)
    assert text.splitlines()[0].startswith("name,from_bus,to_bus,to_phase[a],to_phase[b],to_phase[c],r_ohm[aa],r_ohm[ab]")
    assert parsed(pe.PhaseLines, text, names).table.digest() == net.lines.digest()
    fault = parsed(pe.PhaseLines, text.replace("0.9,0.2", "0.9,much", 1), names).faults[0]
    assert str(fault) == "lines[first].r_ohm [ab] is 'much'; write a number (case-003)"
    missing = parsed(pe.PhaseLines, text.replace("x_ohm[bc]", "x_ohm[cd]", 1), names).faults
    assert [f.column for f in missing] == ["x_ohm[cd]", "x_ohm[bc]"]
