"""A user's study: what its folder says, what is refused, and the claims judged on it."""

import json

import numpy as np
import pandas  # noqa: F401  # here, as a session within a session would import it twice
import pytest

from same_eyes import cli, folder, studies
from same_eyes.types import UNSEEN, BadInput

pytest_plugins = ["pytester"]

CLASSES = ["finch", "tit", "wren"]
IMAGES = [f"photo{i}" for i in range(400)]


@pytest.fixture
def make(tmp_path):
    """Writes a study's folder; what is given as a dict is a table, what is None is left out."""

    def write(name="birds", **changed):
        random = np.random.default_rng(0)
        truth = random.integers(0, 3, len(IMAGES))

        def answers(right):
            return np.where(random.random(len(truth)) < right, truth, random.integers(0, 3, len(truth)))

        people = [("image", "annotator", "label")]
        for who, right in (("Ann", 0.9), ("Ben", 0.8), ("Cem", 0.85)):
            people += [(image, who, CLASSES[c]) for image, c in zip(IMAGES, answers(right), strict=True)]
        tables = {
            "truth.csv": [("image", "label"), *zip(IMAGES, truth, strict=True)],
            "people.csv": people,
            "one.csv": [("image", "label"), *zip(reversed(IMAGES), reversed(answers(0.9)), strict=True)],
            "two.csv": [("label",), *((c,) for c in answers(0.8))],
        }
        description = {
            "classes": CLASSES,
            "truth": "truth.csv",
            "people": "people.csv",
            "machines": {"One": "one.csv", "Two": "two.csv"},
        }
        path = tmp_path / name
        path.mkdir()
        for file, rows in (tables | changed.pop("tables", {})).items():
            text = rows if isinstance(rows, str) else "\n".join(",".join(map(str, row)) for row in rows)
            (path / file).write_text(text + "\n")
        description = {key: value for key, value in (description | changed).items() if value is not None}
        machines = description.pop("machines", None)
        lines = [f"{key} = {json.dumps(value)}" for key, value in description.items()]
        if machines is not None:
            lines += ["[machines]", *(f"{json.dumps(key)} = {json.dumps(value)}" for key, value in machines.items())]
        (path / "study.toml").write_text("\n".join(lines))
        return path

    return write


def long(*answers):
    return [("image", "annotator", "label"), *answers]


def test_people_who_saw_every_image_are_persons(make):
    found = folder.read(make())
    assert found.people.names == ("Ann", "Ben", "Cem")
    assert found.notes == ()
    assert (found.name, found.classes, len(found.images)) == ("birds", tuple(CLASSES), len(IMAGES))
    assert found.compared.all()
    assert found.people.counts.sum() == 3 * len(IMAGES)


def test_where_pairs_are_missing_people_are_slots(make):
    rows = long(
        *(("b", who, label) for who, label in (("x", 0), ("y", 1), ("z", 2), ("w", 2))),
        *(("a", who, label) for who, label in (("z", 1), ("x", 2))),
        ("c", "x", 0),
    )
    found = folder.read(make(truth=None, tables={"people.csv": rows}))
    assert found.images.tolist() == ["b", "a", "c"]
    assert found.compared.tolist() == [True, True, False]  # c was shown to one
    assert found.people.names == ("Answer 1", "Answer 2")
    assert found.people.labels.tolist() == [[0, 1], [1, 2]]
    assert found.people.counts.tolist() == [[1, 1, 2], [0, 1, 1]]  # of all answers
    assert "2 answers to each image, of 2 to 4" in found.notes[0]
    assert "1 of 3 images have fewer than two answers" in found.notes[1]


def test_no_more_answers_than_asked_for_are_compared(make):
    rows = long(*((image, f"w{(i + j) % 7}", 0) for i, image in enumerate(IMAGES) for j in range(5)))
    names = {
        most: len(folder.read(make(f"b{most}", answers=most, tables={"people.csv": rows})).people.names)
        for most in (2, 4, 9)
    }
    assert names == {2: 2, 4: 4, 9: 5}


def test_counts_are_drawn_as_they_stand(make):
    counts = [(3, 1, 0), (0, 2, 0), (1, 1, 1)]
    rows = [("image", *CLASSES), *((image, *count) for image, count in zip("abc", counts, strict=True))]
    found = folder.read(make(truth=None, answers=2, tables={"people.csv": rows}))
    assert found.people.counts.tolist() == [list(count) for count in counts]
    drawn = folder.drawn(np.array(counts))
    assert [np.bincount(row[row != UNSEEN], minlength=3).tolist() for row in drawn] == [list(count) for count in counts]
    assert (found.people.labels == drawn[:, :2]).all()


def test_seconds_stand_with_their_answers(make):
    rows = [
        ("image", "annotator", "label", "seconds"),
        ("a", "x", 0, 1.5),
        ("a", "y", 1, 2),
        ("b", "y", 2, ""),
        ("b", "x", 1, 4),
    ]
    people = folder.read(make(truth=None, tables={"people.csv": rows})).people
    assert people.names == ("x", "y")
    np.testing.assert_array_equal(people.seconds, [[1.5, 2], [4, np.nan]])


def test_na_and_none_are_names_like_others(make):
    rows = long(("NA", "NA", "None"), ("NA", "nan", "tit"), ("null", "nan", "tit"), ("null", "NA", "None"))
    found = folder.read(make(truth=None, classes=["None", "tit"], tables={"people.csv": rows}))
    assert found.images.tolist() == ["NA", "null"]
    assert found.people.names == ("NA", "nan")
    assert found.people.labels.tolist() == [[0, 1], [0, 1]]


def test_names_of_images_are_text(make):
    images = [f"{i:04}" for i in range(len(IMAGES))]
    tables = {
        "truth.csv": [("image", "label"), *((image, "tit") for image in images)],
        "people.csv": long(*((image, who, "tit") for image in images for who in "xy")),
        "one.csv": [("Image", "label"), *((image, 1) for image in images)],
    }
    found = folder.read(make(tables=tables))
    assert (found.predictions()["One"][0].labels_predicted == 1).all()


def test_machines_are_put_into_the_images_order(make):
    found = folder.read(make())
    study = found.study(found.predictions())
    right = {name: float((runs[0].labels_predicted == study.truth).mean()) for name, runs in study.machines.items()}
    assert right["One"] > 0.8  # its rows are given in reverse, by name
    assert right["Two"] > 0.7
    assert study.machines["One"][0].labels_only


def test_several_files_are_several_trainings(make):
    found = folder.read(make(machines={"One": ["one.csv", "two.csv"]}))
    assert len(found.study(found.predictions()).machines["One"]) == 2


def test_images_without_answers_are_left_out_of_the_machines_too(make):
    people = long(*((image, who, 0) for image in IMAGES[::2] for who in "xy"))
    found = folder.read(make(tables={"people.csv": people}))
    study = found.study(found.predictions())
    assert study.index.tolist() == list(range(0, len(IMAGES), 2))
    assert len(study.machines["One"][0].probs) == len(study.truth) == len(IMAGES) // 2


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"classes": None}, "does not say 'classes'"),
        ({"people": None}, "does not say 'people'"),
        ({"classes": ["one"]}, "two or more different names"),
        ({"classes": 10_001}, "two or more different names"),
        ({"classes": ["tit", "Tit"]}, "two or more different names"),
        ({"colour": "blue"}, "'colour', which means nothing"),
        ({"people": 3}, "people must be the name of a file"),
        ({"answers": 1}, "a whole number from 2"),
        ({"machines": None}, "names none"),
        ({"simulated": "no"}, "simulated must be true or false"),
        ({"machines": {"One": []}}, "give a file"),
        ({"machines": {"One": "lost.csv"}}, "lost.csv cannot be read"),
        ({"truth": "lost.csv"}, "lost.csv does not exist"),
        ({"truth": "9" * 300}, "File name too long"),
        (
            {"tables": {"truth.csv": [("image", "label"), ("photo0", "owl")]}},
            "says 'owl'; the classes are finch, tit, wren",
        ),
        ({"tables": {"truth.csv": [("image", "label"), ("a", 0), ("a", 1)]}}, "'a' occurs twice"),
        ({"tables": {"truth.csv": [("image", "label"), ("a", 0)]}}, "is not among the images of the truth"),
        ({"tables": {"people.csv": [("image", "label"), ("photo0", 0)]}}, "image, annotator and label"),
        ({"tables": {"people.csv": long(("photo0", "x", 0), ("photo0", "x", 1))}}, "'x' answers image 'photo0' twice"),
        ({"tables": {"people.csv": long(("photo0", "x", 0))}}, "no image has two answers"),
        ({"tables": {"people.csv": long(*((image, "x", 0) for image in IMAGES))}}, "no image has two answers"),
        ({"tables": {"people.csv": long(("photo0", "x", 0), ("photo0", "", 1))}}, "row 1 names no annotator"),
        ({"tables": {"people.csv": long(("photo0", "x", 0), (" ", "y", 1))}}, "row 1 names no image"),
        ({"tables": {"people.csv": long(("photo0", "x", 0), ("photo0", "y", ""))}}, "row 1 says ''; the classes are"),
        ({"tables": {"people.csv": [("image", "finch"), ("photo0", 1)]}}, "a count for each class (tit)"),
        ({"tables": {"people.csv": [("image", *CLASSES), ("photo0", 1, -1, 3)]}}, "negative count"),
        ({"tables": {"people.csv": [("image", *CLASSES), ("photo0", 1, "many", 3)]}}, "whole numbers"),
        ({"tables": {"people.csv": [("image", *CLASSES), ("photo0", 1, 10_001, 3)]}}, "a count of 10001: is it one"),
        ({"tables": {"people.csv": [("image", *CLASSES), ("photo0", 1, 10**30, 3)]}}, "whole numbers"),
        ({"tables": {"people.csv": "<!doctype html>"}}, "a column `image`"),
        ({"tables": {"one.csv": [("image", "label"), ("owl", 0)]}}, "the study has no image 'owl'"),
        ({"tables": {"two.csv": [("label",), (0,), (1,)]}}, "two.csv"),
    ],
)
def test_what_does_not_fit_is_one_line_that_names_the_file(make, changed, message):
    path = make(**changed)
    with pytest.raises(BadInput, match=r"birds") as refused:
        folder.read(path).predictions()
    assert message in str(refused.value)


def test_a_folder_without_a_study(tmp_path):
    with pytest.raises(BadInput, match="Start one with: same-eyes new-study"):
        folder.read(tmp_path)
    with pytest.raises(BadInput, match="no study 'nowhere': give a folder"):
        studies.origin("nowhere")


# --- The suite on a study of one's own

QUICK = ("--replicates", "60", "-p", "no:cacheprovider", "-q")


def judged(pytester, path, report):
    """The claims by id, and how pytest ended."""
    from same_eyes.places import leaf

    ended = pytester.runpytest_inprocess(leaf("benchmark"), "--study", str(path), "--report", str(report), *QUICK)
    found = json.loads((report / "report.json").read_text())
    return {claim["id"]: claim for claim in found["claims"]}, found, ended


def test_every_claim_is_judged_or_named_with_what_it_lacks(pytester, tmp_path, make):
    claims, found, _ = judged(pytester, make(), tmp_path / "report")
    ends = {name: claim["verdict"] for name, claim in claims.items()}
    assert found["study"] == "birds"
    assert ends["people-err-apart"] in ("reproduced", "not reproduced", "inconclusive")
    assert ends["machines-above-people-strict"] != "not testable"
    assert len(claims["machines-above-people-strict"]["cases"]) == 2 * 3
    lacking = {name: claims[name]["cases"][0]["note"] for name, end in ends.items() if end == "not testable"}
    assert "its own people" in lacking["machines-accuracy"]
    assert "how sure" in lacking["people-lead-at-low-confidence"]  # these machines give labels only
    assert "no machines of its own" in lacking["machines-match-across-labels"]
    assert "CE" in lacking["weaker-person-helps-more"]
    assert "no times" in lacking["slow-images-mislead-people"]
    assert all(lacking.values())


def test_without_the_truth_what_needs_it_is_not_testable(pytester, tmp_path, make):
    path = make(truth=None)
    claims, _, ended = judged(pytester, path, tmp_path / "report")
    assert {claim["verdict"] for claim in claims.values()} == {"not testable"}
    assert "nobody knows the truth" in claims["people-err-apart"]["cases"][0]["note"]
    ended.stdout.fnmatch_lines(["*nothing was measured*"])
    assert ended.ret != 0


# --- The commands


@pytest.mark.parametrize("name", ['my "birds"', "birds\\of", "Vögel"])
def test_a_new_study_may_be_called_anything(capsys, tmp_path, name):
    assert cli.main(["new-study", str(tmp_path / name)]) == 0
    assert folder.read(tmp_path / name).name == name


def test_a_new_study_can_be_checked_and_judged(capsys, tmp_path):
    path = tmp_path / "new"
    assert cli.main(["new-study", str(path)]) == 0
    assert cli.main(["check", str(path)]) == 0
    said = capsys.readouterr().out
    assert "300 images, 3 classes" in said
    assert "people are slots: 3 answers to each image, of 3 to 3" in said
    assert "simulated" in said
    assert cli.main(["new-study", str(path)]) == 1
    assert "is not empty" in capsys.readouterr().err


def test_check_says_where_nobody_knows_the_truth(capsys, make):
    assert cli.main(["check", str(make(truth=None))]) == 0
    assert "nobody knows it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("called", "says"),
    [
        ("ann", "machine 'ann' is called like one of the people"),
        ("Aggre", "is what the people's majority is called"),
        ("CE vs PLS", "must not hold ' vs '"),
    ],
)
def test_a_name_that_would_stand_for_two_is_refused(make, called, says):
    with pytest.raises(BadInput, match=f"study.toml: .*{says}"):
        folder.read(make(machines={called: "one.csv"}))


@pytest.mark.parametrize("name", ["cifar10n", "digits", "cifar10h"])
def test_a_study_is_not_called_like_one_of_the_suites(make, name):
    path = make()
    (path / "study.toml").write_text(f'name = "{name}"\n' + (path / "study.toml").read_text())
    with pytest.raises(BadInput, match=f"{name!r} is a study of the suite's own"):
        folder.read(path)


def test_spaces_around_an_annotators_name_make_no_other_person(make):
    rows = [("image", "annotator", "label"), ("a", "Ann ", 0), ("a", "Ben", 0), ("b", " Ann", 1), ("b", "Ben", 1)]
    assert folder.read(make(truth=None, tables={"people.csv": rows})).people.names == ("Ann", "Ben")


def test_fractions_are_no_counts(make):
    pytest.importorskip("pyarrow")
    import pandas as pd

    path = make(truth=None, answers=2)
    counts = {name: [2.0, 1.0] for name in CLASSES}
    pd.DataFrame({"image": ["a", "b"], **counts}).to_parquet(path / "people.csv")
    assert folder.read(path).people.counts.tolist() == [[2, 2, 2], [1, 1, 1]]
    pd.DataFrame({"image": ["a", "b"], **counts, CLASSES[0]: [1.9, 1.0]}).to_parquet(path / "people.csv")
    with pytest.raises(BadInput, match="counts must be whole numbers"):
        folder.read(path)
