"""``boldhw demo --network`` trains a board of op lists, and stops at the first difference."""

from dataclasses import replace

import pytest
from support.graph_driver import SIZE
from support.op_board import OpBoard

from boldhw.cli import graph_demo
from boldhw.cli.graph_demo import DEFAULT

LINE = ("demo", "--network", "8x8-4k3p2-10", "--train-size", 60, "--epochs", 1)


@pytest.fixture
def board(monkeypatch, tmp_path):
    """A golden board in place of the simulated one, and digits of 8 x 8."""
    monkeypatch.chdir(tmp_path)
    board = OpBoard(SIZE)
    monkeypatch.setattr("boldhost.client.open_transport", lambda *_: board)
    monkeypatch.setattr(graph_demo, "ENGINE", SIZE)
    monkeypatch.setattr(graph_demo, "DEFAULT", replace(DEFAULT, data="digits", test_size=20))
    return board


def test_it_trains_and_compares(call, board):
    found, code, err = call(*LINE)
    assert code == 0
    assert (found["bit_exact"], found["samples"]) == (True, 60)
    assert found["updates_checked"] == found["updates"] > 5
    assert "training samples/s by simulated cycles x clock of 24 MHz" in err
    assert "epoch  1: " in err
    with open(found["report"]) as file:
        assert "8x8-4k3p2-10 learned digits" in file.read()


def test_a_difference_is_exit_code_1(call, board):
    board._infer = lambda addr, payload: bytes(20 * addr)
    found, code, _ = call(*LINE)
    assert code == 1
    assert "score" in found["first_difference"]


def test_a_network_that_does_not_fit_is_refused(refused, board):
    refused(("needs data_rows=",), "demo", "--network", "8x8-30k3-30k3-10", "--train-size", 60)
    refused(("64 pixels", "takes 28x28"), "demo", "--network", "28x28-4k3p2-10", "--train-size", 60)
