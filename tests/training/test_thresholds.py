"""From what probability on kinds and captions are stored: chosen on one half of the files, told on the other."""

from __future__ import annotations

from training.thresholds import Judged, choose, halves, stored, told, told_kind


def judged(half: int, sure_right: int, sure_wrong: int, unsure_right: int, unsure_wrong: int) -> list[Judged]:
    counts = ((0.9, True, sure_right), (0.9, False, sure_wrong), (0.4, True, unsure_right), (0.4, False, unsure_wrong))
    return [
        Judged(half=half, probability=probability, right=right) for probability, right, count in counts for _ in range(count)
    ]


def test_all_pages_of_a_file_are_in_one_half() -> None:
    pages = [("slide", "a"), ("slide", "a"), ("slide", "b"), ("form", "x"), ("slide", "c"), ("form", "y")]
    assert halves(pages) == [0, 0, 1, 0, 0, 1]


def test_the_least_probability_is_where_nine_of_ten_are_right() -> None:
    assert choose(judged(0, 19, 1, 5, 15)) == 0.45
    assert choose(judged(0, 19, 1, 19, 1)) == 0.3


def test_where_nine_of_ten_is_never_reached_a_third_is_still_stored() -> None:
    found = [Judged(half=0, probability=0.9, right=False), *judged(0, 0, 0, 6, 4)]
    assert choose(found) == 0.3


def test_its_worth_is_told_on_the_other_half() -> None:
    report = told(judged(0, 19, 1, 0, 20) + judged(1, 5, 5, 20, 0))
    assert report["chosen"] == {"least": 0.45, "pages": 40.0, "kept": 0.5, "right": 0.95}
    assert report["held_out"] == {"least": 0.45, "pages": 30.0, "kept": 0.333, "right": 0.5}
    assert stored([], 0.5)["right"] == 0


def test_a_caption_tells_its_kind_by_its_first_words() -> None:
    assert told_kind("a stacked bar chart with a legend") == "chart"
    assert told_kind("a scan of a tax form filled in by hand") == "form"
    assert told_kind("an empty sky") is None
