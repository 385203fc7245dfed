"""A report of the digits study, and a browser that looks at it. Playwright drives the chromium that is installed."""

import json
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest

from same_eyes.places import CHECKOUT
from same_eyes.report import page as written
from same_eyes.report import pictures
from same_eyes.report.content import VERDICTS

PATIENCE = 120_000  # milliseconds: a busy machine is no failure
HOSTILE = "<script>window.planted = true</script><img src=x onerror='window.planted = true'>"


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium():
    """The browser, started once."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("no chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def digits_report(tmp_path_factory):
    """What `pytest benchmark --study digits --report` writes from the stored runs."""
    folder = tmp_path_factory.mktemp("digits")
    asked = ["--study", "digits", "--replicates", "50", "--report", str(folder), "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "benchmark", *asked], cwd=CHECKOUT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return folder


def paper_like(found):
    """The same content as if it were the paper's: verdicts of every kind, deviations, a machine of one's own."""
    found = json.loads(json.dumps(found))
    for i, row in enumerate(found["claims"]):
        row["verdict"] = VERDICTS[i % 4]
        for case in row["cases"]:
            case["verdict"] = row["verdict"]
        if row["verdict"] != "reproduced":
            row["reasons"] = ["a smaller network & a short training, 0.1 < 0.2"]
    found["counts"] = {verdict: sum(row["verdict"] == verdict for row in found["claims"]) for verdict in VERDICTS}
    found["claims"][0]["cases"][0]["name"] = HOSTILE
    found["accuracies"][-1]["name"] = HOSTILE
    number = {"shown": "0.850 [0.800, 0.900]", "measured": 0.85, "low": 0.8, "high": 0.9}
    rows = [["accuracy", "", number], ["matching", HOSTILE, {**number, "shown": ""}]]
    table = {"title": "In numbers", "columns": ["", "with", "here"], "rows": rows}
    part = {"name": "own-1", "menu": HOSTILE, "title": f"Where {HOSTILE} stands", "words": "Rank 3", "tables": [table]}
    missing = [{**topic, "missing": [[9, f"the run {HOSTILE} is not stored"]]} for topic in found["topics"]]
    return found | {"simulated": False, "sections": [part], "topics": missing}


@pytest.fixture(scope="session")
def reports(digits_report):
    """Two reports, each with where its page is and what its JSON holds."""
    found = json.loads((digits_report / "report.json").read_text())
    paper, path = paper_like(found), digits_report / "paper-like.html"
    path.write_text(written.html(paper, digits_report, pictures.of(paper)))
    return {
        "digits": SimpleNamespace(path=digits_report / "report.html", found=found),
        "paper-like": SimpleNamespace(path=path, found=paper),
    }


@pytest.fixture
def report(request, reports):
    """The report that looks like the paper's, which has all there can be, or the one asked for."""
    return reports[getattr(request, "param", "paper-like")]


@pytest.fixture
def visit(chromium, report):
    """Opens the page in a window of its own; gives it, with what it said on the console and asked of the network."""
    contexts = []

    def opened(width=1280, scheme="light", fragment="", **more):
        context = chromium.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme, **more)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("dialog", lambda dialog: page.said.append(dialog.message))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(f"{report.path.as_uri()}{fragment}")
        return page

    yield opened
    for context in contexts:
        context.close()
