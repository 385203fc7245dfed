"""``report.md``: the figures by relative links, the reasons, and text that stays text."""

from same_eyes.report.markdown import text


def test_it_begins_with_what_was_judged_and_how_it_ended(found):
    said = text(found)
    counts = "5 claims: 1 reproduced, 1 inconclusive, 2 not reproduced, 1 not testable."
    assert said.startswith(f"# same-eyes: cifar10n, recipe small\n\n{counts}\n")
    assert "simulated" not in said
    assert "simulated: no claim was checked" in text(found | {"simulated": True})


def test_a_figure_is_linked_beside_the_file_with_its_words(found):
    said = text(found)
    assert "![Where two are wrong. (a) two people: 0.36 \\[0.33, 0.39\\]](figure2.svg)" in said
    assert "*Left out: figure 7: it needs two machines*" in said


def test_what_does_not_reproduce_is_told_with_its_reason(found):
    said = text(found)
    part = said.split("## 1. accurate is so. (as reported)")[1].split("\n## ")[0]
    assert "Allowed because: it was said." in part
    assert "Known deviation: known \\| why_not." in part
    assert "| CE" not in part  # it reproduces
    assert found["claims"][0]["shown"].replace("[", "\\[").replace("]", "\\]") in part
    assert "## 42. teams is so." not in said
    assert "no runs" in said.split("ours is so.")[-1]


def test_a_table_has_as_many_cells_in_every_row(found):
    rows = [line.replace("\\|", "") for line in text(found).splitlines() if line.startswith("|")]
    tables = text(found).count("|\n|--") + text(found).count("|\n|:-")
    assert tables == 1 + 4 + 2  # all claims, four that do not reproduce, two of the machine's own
    assert {line.count("|") for line in rows} <= {4, 6, 7, 10}


def test_a_long_table_beside_the_claims_is_left_to_the_other_files(found):
    found["sections"][0]["tables"][0]["rows"] *= 20
    count = len(found["sections"][0]["tables"][0]["rows"])
    assert f"### In numbers\n\n{count} rows, which report.html and report.json hold." in text(found)


def test_a_name_cannot_become_markup(found):
    said = text(found)
    assert "<script" not in said
    assert "&lt;script>planted()&lt;/script> \\| 50 % &amp; _more_" in said
