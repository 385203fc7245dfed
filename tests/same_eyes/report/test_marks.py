"""Interval plots: dots are where the numbers are, bands where the allowed ends are."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from same_eyes.report.marks import EDGE, WIDE, interval, scale

numbers = st.floats(-1e3, 1e3).map(lambda x: round(x, 6))


def case(value, low, high, bounds=(None, None), check="greater", **more):
    return {"measured": value, "low": low, "high": high, "bounds": list(bounds), "check": check, "paper": "x"} | more


def drawn(*arguments):
    """What is drawn, by class."""
    parts = {}
    for each in ElementTree.fromstring(str(interval(*arguments))):
        parts.setdefault(each.get("class"), []).append(each)
    return parts


def place(each):
    return float(each.get("cx") or each.get("d").split()[0][1:])


@given(st.lists(numbers, min_size=3, max_size=3).map(sorted), numbers, numbers)
def test_a_number_is_drawn_inside_the_band_where_it_is_allowed(ends, one, other):
    low, value, high = ends
    bounds = sorted((one, other))
    seen = case(value, low, high, bounds)
    parts = drawn(seen, scale([seen]))
    (band,), (dot,), (whisker,) = parts["band"], parts["dot"], parts["whisker"]
    left = float(band.get("x"))
    right = left + float(band.get("width"))
    assert EDGE <= place(dot) <= WIDE - EDGE
    near = 0.11  # places are rounded to a tenth
    assert (left - near <= place(dot) <= right + near) or not bounds[0] <= value <= bounds[1]
    start, end = place(whisker), float(whisker.get("d").split("H")[1])
    assert start - near <= place(dot) <= end + near


def test_an_open_end_runs_to_the_edge():
    seen = case(0.5, 0.4, 0.6, (0.1, None))
    (band,) = drawn(seen, scale([seen]))["band"]
    assert float(band.get("x")) + float(band.get("width")) == WIDE
    seen = case(0.5, 0.4, 0.6, (None, 0.1))
    assert float(drawn(seen, scale([seen]))["band"][0].get("x")) == 0
    assert "band" not in drawn(case(0.5, 0.4, 0.6), scale([seen]))


def test_zero_is_drawn_where_it_is_near():
    assert scale([case(0.85, 0.84, 0.86)]).low > 0.8
    near = case(0.3, 0.1, 0.5)
    assert scale([near]).low < 0
    assert "zero" in drawn(near, scale([near]))
    far = case(0.85, 0.84, 0.86)
    assert "zero" not in drawn(far, scale([far]))


def test_the_papers_number_is_hollow_where_it_is_the_number_measured():
    seen = case(0.83, 0.82, 0.84, (0.80, 0.90), "close")
    axis = scale([seen])
    assert place(drawn(seen, axis)["paper"][0]) == pytest.approx(axis.x(0.85, 0), abs=0.1)
    assert "paper" not in drawn(case(0.83, 0.82, 0.84, (0.80, 0.90), "equivalent"), axis)
    own = {"measured": 0.83, "low": 0.82, "high": 0.84, "paper": 0.86}
    assert place(drawn(own, scale([own]))["paper"][0]) == pytest.approx(scale([own]).x(0.86, 0), abs=0.1)
    zero = {"measured": 0.01, "low": -0.1, "high": 0.1, "paper": 0.0}
    assert "paper" in drawn(zero, scale([zero]))


def test_other_cases_are_strokes_where_all_are_allowed_the_same():
    cases = [case(x, x - 0.1, x + 0.1, (0, None)) for x in (0.1, 0.3, 0.5)]
    assert len(drawn(cases[0], scale(cases), cases)["other"]) == 3
    cases[2]["bounds"] = [0.2, None]
    assert "other" not in drawn(cases[0], scale(cases), cases)


def test_what_was_not_measured_is_not_drawn():
    missing = case(None, None, None)
    assert scale([missing]) is None
    assert interval(missing, None) == ""
    both = [missing, case(0.5, 0.4, 0.6)]
    assert interval(missing, scale(both)) == ""
    assert interval(both[1], scale(both))


def test_a_number_without_width_has_an_axis():
    seen = case(0.9, 0.9, 0.9)
    assert EDGE < place(drawn(seen, scale([seen]))["dot"][0]) < WIDE - EDGE
    zero = case(0.0, 0.0, 0.0)
    assert EDGE < place(drawn(zero, scale([zero]))["dot"][0]) < WIDE - EDGE
