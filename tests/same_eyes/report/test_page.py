"""``report.html``: all there, escaped, from one file; how it behaves in a browser is in tests/browser."""

import base64
import re
from html.parser import HTMLParser

import pytest

from same_eyes.report import page

pytest.importorskip("jinja2")

VOID = {"meta", "link", "img", "input", "br"}


class Read(HTMLParser):
    """Tags with their attributes, and what each element says."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, words):
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(words)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


PIXEL = "data:image/png;base64,AAAA"


@pytest.fixture
def text(found, folder):
    rows = [each["row"] for kind in ("people lead", "machines lead") for each in found["differ"][kind]]
    return page.html(found, folder, (dict.fromkeys(rows, PIXEL), "from your own copy"))


@pytest.fixture
def read(text):
    return Read(text)


def test_elements_are_closed_and_names_are_unique(read):
    assert read.open == []
    names = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(names) == len(set(names))


def test_nothing_is_asked_of_a_network(text, read):
    for _, attributes in read.tags:
        for what in ("src", "href", "action", "srcset", "poster", "data"):
            assert re.match(r"#|data:", attributes.get(what, "#")), attributes
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|import\(|https?://", text)


def test_links_lead_somewhere(read):
    names = {attributes["id"] for _, attributes in read.tags if "id" in attributes}
    targets = {attributes["href"][1:] for attributes in read.all("a")}
    assert targets <= names
    assert {"c-accurate", "c-ours", "figure-2", "own-1", "images", "tables"} <= targets


def test_every_claim_and_case_is_told(found, read):
    said = " ".join(" ".join(read.words).split())
    for row in found["claims"]:
        for what in ("says", "where", "paper", "shown", "why"):
            assert row[what] in said
        for case in row["cases"]:
            assert case["shown"] in said
    assert "known | why_not" in said
    assert said.count("no runs") == 1
    assert "Figure 7 is not drawn: it needs two machines" in said
    for each in found["differ"]["people lead"]:
        assert f"image {each['image']}" in said


def test_a_name_is_never_markup(text, found):
    assert text.count("<script") == 1
    assert "&lt;script&gt;planted()&lt;/script&gt; | 50 % &amp; _more_" in text
    assert "planted()<" not in text


def test_pictures_and_figures_are_inside_and_say_what_they_show(read, found, folder):
    images = read.all("img")
    assert all(each["alt"] for each in images)
    (figure,) = [each for each in images if each["alt"].startswith("Figure 2.")]
    kind, _, content = figure["src"].partition(",")
    assert (kind, base64.b64decode(content)) == ("data:image/svg+xml;base64", (folder / "figure2.svg").read_bytes())
    assert sum(each["src"] == PIXEL for each in images) == len(images) - 1 > 0


def test_without_pictures_it_says_how_to_get_them(found, folder):
    read = Read(page.html(found, folder, ({}, "get them so & so")))
    assert len(read.all("img")) == 1
    assert "get them so & so" in " ".join(read.words)


def test_tables_can_be_read_aloud(text):
    tables = re.findall(r"<table.*?</table>", text, re.S)
    assert len(tables) == text.count("<table") > 3
    assert "aria-sort" in text
    for table in tables:
        assert re.search(r"<caption[^>]*>\s*\S", table)
        assert "<th scope=" in table.split("</thead>")[0] or 'class="sr"' in table.split("</thead>")[0]
        for row in re.findall(r"<tr.*?</tr>", table.split("<tbody>")[1], re.S):
            assert '<th scope="row">' in row
        for head in re.findall(r"<th [^>]*aria-sort[^>]*>.*?</th>", table, re.S):
            assert '<button type="button">' in head


def test_a_long_table_is_folded(found, folder, text):
    assert 'class="long"' not in text
    found["sections"][0]["tables"][0]["rows"] *= 20
    read = Read(page.html(found, folder, ({}, "")))
    assert read.open == []
    assert sum(each.get("class") == "long" for each in read.all("details")) == 1


def test_simulated_people_are_named_as_such(found, folder, text):
    assert "Simulated people" not in text
    assert "no claim of the paper is checked" in page.html(found | {"simulated": True}, folder, ({}, ""))


def test_a_report_of_hardly_anything_is_a_page(found, folder):
    bare = {"accuracies": [], "gains": [], "differ": None, "sections": [], "figures": [], "left_out": []}
    topics = [{"name": "further", "title": "Further", "claims": [0], "figures": [], "missing": []}]
    read = Read(page.html(found | bare | {"claims": found["claims"][-1:], "topics": topics}, folder, ({}, "")))
    assert read.open == []
    assert "no runs" in " ".join(read.words)
