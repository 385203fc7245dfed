"""The three records: what they refuse, and that nobody can change them."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from same_eyes.types import UNSEEN, Annotators, BadInput, NoConfidence, Predictions, Study

PROBS = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.3, 0.4, 0.3]])
LABELS = np.array([[0, 0, 1], [2, -1, 2], [1, 0, -1], [-1, -1, -1]])


def study(**changes):
    truth = np.array([0, 2, 1])
    given = {
        "name": "own",
        "truth": truth,
        "people": Annotators(LABELS[:3], classes=3),
        "machines": {"CE": [Predictions(PROBS)]},
        "classes": ("a", "b", "c"),
    }
    return Study(**(given | changes))


# --- Predictions


@st.composite
def simplices(draw):
    shape = draw(st.tuples(st.integers(1, 6), st.integers(2, 5)))
    raw = draw(hnp.arrays(np.float64, shape, elements=st.floats(0.001, 1)))
    return raw / raw.sum(1, keepdims=True)


@given(simplices())
def test_predictions_keep_what_they_are_given(probs):
    predictions = Predictions(probs)
    assert predictions.probs.dtype == np.float32
    assert predictions.probs == pytest.approx(probs, abs=1e-6)
    assert predictions.index.tolist() == list(range(len(probs)))
    assert predictions.confidence == pytest.approx(probs.max(1), abs=1e-6)
    assert (predictions.probs[np.arange(len(probs)), predictions.labels_predicted] == predictions.confidence).all()


@given(simplices(), st.data())
def test_one_bad_value_is_refused_and_named(probs, data):
    row = data.draw(st.integers(0, len(probs) - 1))
    column = data.draw(st.integers(0, probs.shape[1] - 1))
    probs[row, column] = data.draw(st.sampled_from([np.nan, np.inf, -np.inf, -0.5, 1.5]))
    with pytest.raises(BadInput, match=rf"predictions of 'mine' on 'heldout'.*row {row}"):
        Predictions(probs, method="mine")


@pytest.mark.parametrize(
    ("probs", "message"),
    [
        (np.empty((0, 3)), r"\(n, k\) with k >= 2, got shape \(0, 3\)"),
        (PROBS[0], r"got shape \(3,\)"),
        (PROBS[None], r"got shape \(1, 3, 3\)"),
        (np.ones((4, 1)), r"got shape \(4, 1\)"),
        (np.eye(3, dtype=int), "must be floats, got int64"),
        (PROBS * 1.01, r"3 rows do not sum to 1, the first is row 0 \(sum 1.01\). Normalise"),
        (np.log(PROBS), "row 0 leaves .*Give probabilities, not logits"),
        ([[0.7, 0.5, -0.2]], r"row 0 leaves \[0, 1\], it runs from -0.2 to 0.7"),
        ([[0.2, 1.5, 0.1]], r"row 0 leaves \[0, 1\], it runs from 0.1 to 1.5"),
        ([[0.5, 0.5], [1.0]], "no array .*Give numbers, each row as many as the others"),
    ],
)
def test_what_is_no_table_of_probabilities_is_refused(probs, message):
    with pytest.raises(BadInput, match=message):
        Predictions(probs)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ([0, 1], r"3 rows, but the index has shape \(2,\)"),
        ([0, 1, 1], "an image occurs twice"),
        ([0.0, 1.0, 2.0], "index: expected integers, got float64"),
    ],
)
def test_an_index_that_does_not_fit_is_refused(index, message):
    with pytest.raises(BadInput, match=message):
        Predictions(PROBS, index)


def test_what_rounding_adds_is_let_through():
    for row in ([1.0, 0.0], [1.001, 0.0], [1.000001, -1e-6]):
        assert Predictions([row]).labels_predicted.tolist() == [0]
    with pytest.raises(BadInput, match="leaves"):
        Predictions([[1.0, -1.1e-6]])


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.longdouble])
def test_floats_of_any_width_are_probabilities(kind):
    rows = np.full((4, 1000), 1 / 1000, kind, order="F")  # added up in float16, column by column, they miss 1
    assert Predictions(rows).probs.dtype == np.float32


def test_the_lowest_class_wins_a_tie():
    assert Predictions([[0.4, 0.4, 0.2], [0.2, 0.4, 0.4]]).labels_predicted.tolist() == [0, 1]


def test_predictions_cannot_be_changed():
    ours = PROBS.copy()
    predictions = Predictions(ours)
    ours[0] = 0
    assert predictions.probs[0, 0] == np.float32(0.7)
    with pytest.raises(ValueError, match="read-only"):
        predictions.probs[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        predictions.index[0] = 1
    with pytest.raises(FrozenInstanceError):
        predictions.method = "other"


def test_a_machine_of_labels_only_is_sure_of_nothing():
    machine = Predictions.from_labels([2, 0], 3, [7, 5], method="mine", split="official")
    assert machine.probs.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert machine.index.tolist() == [7, 5]
    assert (machine.method, machine.split, machine.labels_only) == ("mine", "official", True)
    assert machine.labels_predicted.tolist() == [2, 0]
    with pytest.raises(NoConfidence, match=r"^mine gives labels only, and this asks how sure it is$"):
        machine.confidence  # noqa: B018


def test_of_labels_only_the_name_and_the_images_may_be_left_out():
    machine = Predictions.from_labels([1, 0], 2)
    assert (machine.method, machine.split, machine.index.tolist()) == ("own", "heldout", [0, 1])


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ([0, 3], r"expected \(n,\) classes 0 to 2, got shape \(2,\)"),
        ([-1, 0], "classes 0 to 2"),
        ([[0, 1]], r"got shape \(1, 2\)"),
        ([], "expected integers, got float64"),
        (np.empty(0, int), r"got shape \(0,\)"),
        ([0.0, 1.0], "expected integers, got float64"),
    ],
)
def test_labels_that_are_no_classes_are_refused(labels, says):
    with pytest.raises(BadInput, match=f"^labels of 'mine': .*{says}"):
        Predictions.from_labels(labels, 3, method="mine")


# --- Annotators


@given(hnp.arrays(np.int64, st.tuples(st.integers(1, 8), st.integers(1, 4)), elements=st.integers(-1, 3)))
def test_counts_are_the_answers_and_the_majority_is_among_the_most_frequent(labels):
    people = Annotators(labels, classes=4)
    assert people.counts.tolist() == [[list(row).count(c) for c in range(4)] for row in labels.tolist()]
    for counts, answer in zip(people.counts, people.majority(), strict=True):
        assert answer == UNSEEN if counts.sum() == 0 else counts[answer] == counts.max()
    assert (people.majority(3) == people.majority(3)).all()
    counted = Annotators.from_counts(people.counts)
    assert (counted.counts == people.counts).all()
    assert (counted.majority(3) == people.majority(3)).all()
    assert counted.labels.shape == (len(labels), 0)
    assert counted.classes == 4


def test_ties_fall_either_way_by_the_seed():
    people = Annotators(np.tile([0, 2], (1000, 1)), classes=3)
    first, second = people.majority(0), people.majority(1)
    assert (people.majority() == first).all()
    assert set(first) == {0, 2}
    assert abs((first == 0).mean() - 0.5) < 0.05
    assert (first != second).any()


def test_people_have_names():
    assert Annotators(LABELS, classes=3).names == ("Human 1", "Human 2", "Human 3")
    people = Annotators(LABELS, classes=3, names=["Ada", "Ben", "Cy"])
    assert people.column("Ben").tolist() == [0, -1, 0, -1]


@pytest.mark.parametrize(
    ("labels", "more", "message"),
    [
        ([[0, 3]], {}, "labels run from 0 to 3, but there are classes 0 to 2"),
        ([[-2, 0]], {}, "labels run from -2"),
        ([0, 1], {}, r"labels must be \(n, r\), one column a rater; got shape \(2,\)"),
        ([["cat"]], {}, "expected integers, got <U3"),
        ([[0.0]], {}, "expected integers, got float64"),
        ([[0, 1]], {"names": ["Ada"]}, "2 columns but 1 names"),
        ([[0, 1]], {"workers": [[7]]}, r"workers has shape \(1, 1\), labels \(1, 2\)"),
        ([[0, 1]], {"seconds": [1.0, 2.0]}, r"seconds has shape \(2,\)"),
        ([[0, 1]], {"seconds": [["1", "2"]]}, "seconds holds <U1, not numbers"),
        ([[0, 1]], {"workers": [[1], [2, 3]]}, "workers: no array"),
        ([[0, 1]], {"names": ["Ada", "Ada"]}, "two of Ada, Ada have one name"),
        ([[0], [1, 2]], {}, "^annotators: no array"),
        (np.array([[2**63]], np.uint64), {}, "^annotators: 9223372036854775808 is no class"),
    ],
)
def test_people_who_answer_otherwise_are_refused(labels, more, message):
    with pytest.raises(BadInput, match=message):
        Annotators(labels, classes=3, **more)


@pytest.mark.parametrize("counts", [[1, 2, 3], [[1, -1]]])
def test_counts_that_count_nothing_are_refused(counts):
    with pytest.raises(BadInput, match="numbers of answers"):
        Annotators.from_counts(counts)
    with pytest.raises(BadInput, match=r"^counts: expected integers"):
        Annotators.from_counts([[0.5]])


def test_no_image_at_all_has_no_answers():
    assert Annotators.from_counts(np.empty((0, 3), int)).majority().shape == (0,)
    assert Annotators(np.empty((0, 2), int), classes=3).counts.shape == (0, 3)


def test_annotators_cannot_be_changed():
    seconds = np.ones((4, 3))
    people = Annotators(LABELS, classes=3, workers=LABELS, seconds=seconds)
    seconds[:] = 0
    assert people.seconds.min() == 1
    for array in (people.labels, people.workers, people.seconds, Annotators.from_counts([[1, 2]]).counts):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 0
    with pytest.raises(FrozenInstanceError):
        people.classes = 4


# --- Study


@given(st.data())
def test_machines_in_another_order_are_refused(data):
    n = data.draw(st.integers(2, 9))
    order = data.draw(st.permutations(range(n)))
    people = Annotators(np.zeros((n, 2), int), classes=3)
    probs = np.tile(PROBS[0], (n, 1))
    machines = {"CE": [Predictions(probs, order)]}
    if order == list(range(n)):
        assert Study("own", np.zeros(n, int), people, machines, "abc").machine_labels().shape == (n, 1)
    else:
        with pytest.raises(BadInput, match=r"machine 'CE' predicted other images.*in another order.*study's order"):
            Study("own", np.zeros(n, int), people, machines, "abc")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"truth": [0, 1]}, "people labelled 3 images, truth has 2"),
        ({"truth": [0.0, 1.0, 2.0]}, "truth: expected integers"),
        ({"truth": [[0, 1, 2]]}, r"truth must be \(n,\) with n >= 1, got shape \(1, 3\)"),
        ({"truth": np.empty(0, int)}, r"got shape \(0,\)"),
        ({"truth": [0, 1, 3]}, "truth runs from 0 to 3, but there are classes 0 to 2"),
        ({"truth": [0, 1, -1]}, "truth runs from -1"),
        ({"people": Annotators(LABELS[:3], classes=4)}, "has 3 classes, its people know 4"),
        ({"index": [0, 1]}, r"index has shape \(2,\)"),
        ({"index": [0.0, 1.0, 2.0]}, "^index: expected integers"),
        ({"group": [0, 1]}, r"group has shape \(2,\)"),
        ({"aggregate": [0, 1]}, r"aggregate has shape \(2,\)"),
        ({"aggregate": [0.5, 1.0, 1.0]}, "aggregate: expected integers"),
        ({"index": [40_000, 40_001, 40_002]}, "3 rows starting at image 0, expected 3 starting at 40000"),
        ({"machines": {"CE": [Predictions(PROBS[:2])]}}, "2 rows starting at image 0, expected 3"),
        ({"machines": {"CE": [Predictions([[0.5, 0.5]] * 3)]}}, "'CE' knows 2 classes, study 'own' has 3"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(BadInput, match=message):
        study(**changes)


def test_a_person_and_a_machine_meet_as_two_label_vectors():
    whole = study(machines={"CE": [Predictions(PROBS), Predictions(PROBS[:, ::-1])], "GCE": [Predictions(PROBS)] * 2})
    assert whole.machine_labels().tolist() == [[0, 0], [2, 2], [1, 1]]
    assert whole.machine_labels(1).tolist() == [[2, 0], [0, 2], [1, 1]]
    assert study(machines={}).machine_labels().shape == (3, 0)
    assert study(machines={}).machine_labels().dtype == np.int64


def test_a_study_cannot_be_changed():
    machines, group = {"CE": [Predictions(PROBS)]}, np.array([5, 5, 6])
    whole = study(machines=machines, group=group, aggregate=np.array([0, 2, 0]), index=np.arange(3))
    machines.clear()
    group[:] = 0
    assert list(whole.machines) == ["CE"]
    assert whole.group.tolist() == [5, 5, 6]
    for array in (whole.truth, whole.group, whole.aggregate, whole.index):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(TypeError):
        whole.machines["GCE"] = ()
    assert replace(whole, name="twin").truth.tolist() == whole.truth.tolist()


def test_rows_are_taken_of_everything_together():
    people = Annotators(LABELS[:3], 3, workers=LABELS[:3] + 7, seconds=LABELS[:3] + 0.5, _counts=np.eye(3, dtype=int))
    machines = {"CE": [Predictions(PROBS), Predictions(PROBS[:, ::-1])]}
    whole = study(people=people, machines=machines, group=np.array([5, 5, 6]), aggregate=np.array([0, 2, 0]))
    rows = np.array([2, 0])
    for taken in (whole.take(rows), whole.take(np.array([True, False, True])).take(slice(None, None, -1))):
        for of, before, names in (
            (taken, whole, ("truth", "index", "group", "aggregate")),
            (taken.people, whole.people, ("labels", "workers", "seconds", "counts")),
            (taken.machines["CE"][1], whole.machines["CE"][1], ("probs", "index")),
        ):
            for name in names:
                np.testing.assert_array_equal(getattr(of, name), getattr(before, name)[rows], name)
        assert (taken.name, taken.classes, taken.people.names) == (whole.name, whole.classes, people.names)
    assert study(machines=machines).take(rows).group is None
