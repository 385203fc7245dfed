"""``junit.xml``: a test case a claim's case, in the form that build servers read.

A case that reproduces passes. One that does not fails, unless ``expected/deviations.toml`` knows of it: then, and where
it is not testable, it is skipped, with the reason. pytest's own ``--junitxml`` speaks of tests instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # characters that XML 1.0 cannot hold


def xml(found: Mapping[str, Any]) -> str:
    """The claims as a JUnit file."""
    suite = ElementTree.Element("testsuite", name=_legal(f"same-eyes: {found['study']}, {found['describe']}"))
    outcomes = []
    for row in found["claims"]:
        for case in row["cases"]:
            name = f"{row['reading']}: {case['name']}" if case["name"] else row["reading"]
            test = ElementTree.SubElement(
                suite, "testcase", classname=_legal(f"{row['topic']}.{row['id']}"), name=_legal(name), time="0"
            )
            outcomes.append(_outcome(case))
            if outcomes[-1] != "passed":
                message = case["reason"] or case["note"] or f"here {case['shown']}, allowed {case['allowed']}"
                how = ElementTree.SubElement(
                    test, outcomes[-1], type=_legal(_kind(case)), message=_legal(f"{case['verdict']}: {message}")
                )
                how.text = _legal(_whole(row, case))
    for what, count in (
        ("tests", len(outcomes)),
        ("failures", outcomes.count("failure")),
        ("skipped", outcomes.count("skipped")),
        ("errors", 0),
    ):
        suite.set(what, str(count))
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _outcome(case: Mapping[str, Any]) -> str:
    if case["verdict"] == "reproduced":
        return "passed"
    return "skipped" if case["verdict"] == "not testable" or case["reason"] else "failure"


def _kind(case: Mapping[str, Any]) -> str:
    return "known deviation" if case["reason"] else case["verdict"]


def _whole(row: Mapping[str, Any], case: Mapping[str, Any]) -> str:
    """What a reader of the failure needs, without the report."""
    lines = [
        f"{row['says']} [{row['where']}]",
        f"paper:   {case['paper']}",
        f"here:    {case['shown'] or 'not measured'}",
        f"allowed: {case['allowed']}, because {row['why']}",
        f"note:    {case['note']}" if case["note"] else "",
        f"known:   {case['reason']}" if case["reason"] else "",
    ]
    return "\n".join(filter(None, lines))


def _legal(text: str) -> str:
    return NOT_XML.sub("\ufffd", text)
