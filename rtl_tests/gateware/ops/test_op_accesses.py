"""Accesses of op lists against the gateware, list by list; bytes of samples against a link."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from boldhost.graph_device import GraphDevice
from boldhost.link import Link
from support import simulate
from support.counted_engine import CountedEngine
from support.graph_driver import NETWORKS, SIZE, connect, make_graph, make_samples, with_places
from support.meter import Meter
from support.op_board import OpBoard
from support.op_engines import SHAPES

from boldhw.energy import op_accesses
from boldhw.energy.op_accesses import OpAccesses
from boldhw.flow.op_lists import program_of
from boldhw.spec.network import Network
from boldhw.spec.ops.cycles import cycles
from boldhw.spec.ops.kinds import End, Mac, Segment, Turn, Window
from boldhw.spec.ops.program import LISTS


@pytest.mark.parametrize("shape", SHAPES)
def test_model_agrees_with_the_gateware(shape):
    size = SHAPES[shape]
    simulate.run(
        CountedEngine(size), "bench_op_accesses", "verilator", tests=3, made_from=size,
        parameters={"size": asdict(size), "networks": 12, "cycles": 2_500}, cycles=5_000,
    )  # fmt: skip


@pytest.fixture(scope="module")
def program():
    return program_of(Network.parse("10x10-5k3p2-6"), SIZE)


class TestPerSample:
    COUNTERS = {"samples": 500, "active": 100, "updates": 30}  # the last batches were flushed

    def test_lists_are_weighted_by_the_counters(self, program):
        found = op_accesses.per_sample(program, self.COUNTERS)
        runs = {"forward": 1, "backward": 0.2, "update": 0.06}
        gathered = 100 / 30
        total, took = OpAccesses(), 0
        for name in LISTS:
            kinds = op_accesses.per_kind(program.lists[name], SIZE, gathered)
            own = sum((each * runs[name] for each in kinds.values()), OpAccesses())
            assert found["passes"][name] == pytest.approx(asdict(own))
            mac = kinds.get(Mac, OpAccesses()) * runs[name]
            assert found["lists"][name].get("MAC", asdict(OpAccesses())) == asdict(mac)
            total, took = total + own, took + runs[name] * sum(cycles(program.lists[name], SIZE))
        assert found["total"] == pytest.approx(asdict(total))
        assert found["cycles"] == pytest.approx(took)
        assert found["array_xnors"] == pytest.approx(total.array * 4 * 16)
        assert found["rows_written_by_host"] == 10

    def test_every_op_has_accesses_but_segments(self, program):
        for ops in program.lists.values():
            found = op_accesses.per_op(ops, SIZE)
            assert len(found) == len(ops)
            for op, own in zip(ops, found, strict=True):
                assert (own == OpAccesses()) == isinstance(op, Segment | Window)
                assert (sum(vars(own).values()) == own.list_reads) == isinstance(
                    op, Segment | Window | End
                )

    def test_samples_that_a_batch_lacks_are_not_turned(self, program):
        full = op_accesses.per_kind(program.lists["update"], SIZE)
        assert full == op_accesses.per_kind(program.lists["update"], SIZE, SIZE.batch)
        short = op_accesses.per_kind(program.lists["update"], SIZE, 1)
        assert short[Turn].data_reads * SIZE.batch == full[Turn].data_reads
        assert {kind for kind in full if full[kind] != short[kind]} == {Turn}

    def test_bits_are_rows_times_their_width(self):
        size = SHAPES["four_planes"]  # of 4 x 16 lanes
        one = OpAccesses(
            data_reads=2, list_reads=3, data_writes=5, weight_reads=7, weight_writes=11,
            delta_reads=13, delta_writes=17, unit_reads=19, counter_reads=23, counter_writes=29,
            score_reads=31, score_writes=37,
        )  # fmt: skip
        assert one.bits(size) == {
            "data": {"read": (2 + 3) * 4 * 64, "written": 5 * 64},
            "weight": {"read": 7 * 4 * 16, "written": 11 * 4 * 4},
            "delta": {"read": 13 * 4 * 32, "written": 17 * 4},
            "unit": {"read": 19 * 4 * 32, "written": 0},
            "counter": {"read": 23 * 4 * 32, "written": 29 * 32},
            "score": {"read": 31 * 16, "written": 37 * 16},
        }

    @pytest.mark.parametrize("inference", [False, True])
    def test_what_is_only_inferred_has_one_list(self, inference):
        size = replace(SIZE, inference=inference, segments=8)
        network = "10x10-5k3p2-6" if inference else with_places("pixels")
        found = op_accesses.per_sample(program_of(Network.of(network), size), self.COUNTERS)
        assert list(found["lists"]) == list(found["passes"]) == ["forward"]
        assert ("counter" in found["bits"]) == (not inference)
        assert found["passes"]["forward"] == found["total"]


def test_cycles_are_those_that_a_board_counts():
    graph = make_graph("10x10-5k3p2-6")
    device = connect(OpBoard(SIZE), graph)
    device.train(*make_samples(graph, 40))
    device.flush()
    stat = device.stat()
    assert 0 < stat["active"] < stat["samples"]
    counted = {name: value for name, value in stat.items() if name != "flips"}
    runs = {name: stat[name] for name in ("samples", "active", "updates")}
    found, derived = (op_accesses.per_sample(device.program, each) for each in (counted, runs))
    assert found == derived


@pytest.mark.parametrize("text", NETWORKS)
@pytest.mark.parametrize("samples", [1, 2, 3, 40])
def test_link_bytes_are_those_of_a_link(text, samples):
    graph = make_graph(text)
    meter = Meter(OpBoard(SIZE))
    with GraphDevice(Link(meter)) as device:
        device.load(graph)
        sizes = []
        for count in (0, samples):  # whatever else train() does comes along without samples too
            bits, labels = make_samples(graph, samples)
            meter.sent = meter.received = 0
            device.train(bits[:count], labels[:count])
            sizes.append(np.array([meter.sent, meter.received]))
        found = tuple((sizes[1] - sizes[0]).tolist())
        assert found == op_accesses.link_bytes(device.program, samples)
