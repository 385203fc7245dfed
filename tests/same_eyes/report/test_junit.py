"""``junit.xml``: one test case a claim's case; what is known is skipped, what is not fails."""

from xml.etree import ElementTree

from same_eyes.report.junit import xml


def cases(found):
    return ElementTree.fromstring(xml(found)).findall("testsuite/testcase")


def test_every_case_is_there_once(found):
    named = [(each.get("classname"), each.get("name")) for each in cases(found)]
    expected = [
        (f"{row['topic']}.{row['id']}", ": ".join(filter(None, [row["reading"], case["name"]])))
        for row in found["claims"]
        for case in row["cases"]
    ]
    assert named == expected
    assert len(set(named)) == 7


def test_outcomes(found):
    outcomes = [[(how.tag, how.get("type")) for how in each] for each in cases(found)]
    assert outcomes == [
        [],
        [("skipped", "known deviation")],
        [("failure", "not reproduced")],
        [("failure", "inconclusive")],
        [],
        [],
        [("skipped", "not testable")],
    ]


def test_the_suite_counts_them(found):
    suite = ElementTree.fromstring(xml(found)).find("testsuite")
    assert [suite.get(what) for what in ("tests", "failures", "skipped", "errors")] == ["7", "2", "2", "0"]
    assert suite.get("name") == "same-eyes: cifar10n, recipe small"


def test_a_message_says_what_is_needed(found):
    known, failed, missing = (cases(found)[i][0] for i in (1, 2, 6))
    assert known.get("message") == "not reproduced: known | why_not"
    assert failed.get("message") == "not reproduced: p = 0.8"
    assert missing.get("message") == "not testable: no runs"
    assert failed.text.splitlines() == [
        "wrong-together is so. [Figure 2, Test 1]",
        "paper:   1 in 2",
        "here:    0.00 [-0.10, 0.10]",
        "allowed: difference > 0.1, because it was said",
        "note:    p = 0.8",
    ]


def test_a_name_that_xml_cannot_hold_is_replaced(found):
    found["claims"][0]["cases"][0]["name"] = "a\x00b\x1b[31m\ud800"
    assert cases(found)[0].get("name") == "as reported: a\ufffdb\ufffd[31m\ufffd"
