"""The chart of orders: what it calls them, whom it leaves out, and what it says of their distance."""

from typing import Any

import pytest

from backend.charts.data import RunData
from tests.backend.charts.test_charts import drawn, result, run

TRAIN, PRUNE, FOLD = ("train: adam", "prune: magnitude 90 %", "fold: batch norm")


def ended(name: str, labels: list[str], accuracy: float, size: int = 500, **more: Any) -> RunData:
    results = tuple(
        result(index, label, accuracy, size).model_copy(update={"kind": label.partition(":")[0]})
        for index, label in enumerate(labels)
    )
    return run(name, results=results, **more)


def test_orders_are_called_by_what_they_do_not_share() -> None:
    figure = drawn("orders", ended("a", [TRAIN, PRUNE, FOLD], 0.9), ended("b", [TRAIN, FOLD, PRUNE], 0.8, 400))
    assert [trace["name"] for trace in figure["data"]] == ["prune → fold", "fold → prune"]
    assert [(trace["x"], trace["y"]) for trace in figure["data"]] == [([500.0], [0.9]), ([400.0], [0.8])]
    text = figure["layout"]["meta"]["summary"]
    assert text.startswith("Orders lie 10.00 points of accuracy and 100 bytes apart; with one seed each")


def test_stages_of_one_kind_are_told_apart() -> None:
    channels = "prune: channels 40 %"
    figure = drawn("orders", ended("a", [TRAIN, PRUNE, channels], 0.9), ended("b", [TRAIN, channels, PRUNE], 0.8))
    assert figure["data"][0]["name"] == "magnitude 90 % → channels 40 %"


def test_seeds_of_one_order_are_one_mean_beside_their_spread() -> None:
    runs = [ended("a", [PRUNE, FOLD], accuracy, seed=seed) for seed, accuracy in enumerate([0.8, 0.9])]
    figure = drawn("orders", *runs, ended("b", [FOLD, PRUNE], 0.7))
    mean, _, seeds = figure["data"]
    assert mean["y"] == [pytest.approx(0.85)] and seeds["y"] == [0.8, 0.9]
    assert "15.00 points" in (text := figure["layout"]["meta"]["summary"]) and "seeds of one order up to 10.00" in text


def test_a_run_that_is_not_at_its_end_is_dim_and_not_judged() -> None:
    figure = drawn("orders", ended("a", [TRAIN, PRUNE, FOLD], 0.9), ended("b", [TRAIN, FOLD], 0.8))
    assert [trace["name"] for trace in figure["data"]] == ["train → prune → fold", "train → fold → …"]
    assert figure["data"][1]["marker"]["opacity"] < 0.5
    assert "80" not in figure["layout"]["meta"]["summary"]


def test_orders_that_come_to_the_same_place_share_a_label() -> None:
    figure = drawn("orders", ended("a", [TRAIN, PRUNE, FOLD], 0.9), ended("b", [TRAIN, FOLD, PRUNE], 0.9))
    assert [trace["text"] for trace in figure["data"]] == [["prune → fold<br>fold → prune"], [""]]
