"""The report's page as its readers meet it: by eye, by keyboard, by ear, on a phone, in the dark, on paper."""

from itertools import pairwise

import pytest

BOTH = pytest.mark.parametrize("report", ["digits", "paper-like"], indirect=True)
TABLE = "#claims-table tbody tr"


def texts(page, selector):
    """What the elements say, in the page's order."""
    return page.eval_on_selector_all(selector, "all => all.map(each => each.innerText.replace(/\\s+/g, ' ').trim())")


def column(page, number, table="#claims-table"):
    """The cells of a table's column as they are sorted: data-sort, or what they say."""
    return page.eval_on_selector_all(
        f"{table} tbody tr", f"all => all.map(row => row.cells[{number}].dataset.sort ?? row.cells[{number}].innerText)"
    )


def shown(page, selector):
    """How many of the elements can be seen."""
    return page.eval_on_selector_all(selector, "all => all.filter(each => each.checkVisibility()).length")


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


# --- What it says


@BOTH
def test_it_needs_nothing_and_complains_of_nothing(visit, report):
    page = visit()
    page.wait_for_load_state("networkidle")
    assert page.said == []
    assert [url for url in page.asked if not url.startswith("data:")] == [report.path.as_uri()]
    assert page.evaluate("window.planted") is None
    assert report.path.stat().st_size < 5_000_000


@BOTH
def test_the_numbers_are_those_of_the_json(visit, report):
    page, claims = visit(), report.found["claims"]
    rows = page.eval_on_selector_all(
        TABLE,
        """all => all.map(row => [
          row.dataset.claim, row.cells[0].innerText, row.cells[3].innerText, row.querySelector('.value').innerText,
          row.querySelector('.badge').innerText.trim(), row.cells[7].innerText,
        ])""",
    )
    assert rows == [[c["id"], c["number"], c["paper"], c["shown"], c["verdict"], c["tally"]] for c in claims]
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    cases = page.eval_on_selector_all(
        ".claim",
        """all => all.map(card => [card.id.slice(2), [...card.querySelectorAll('tbody tr')].map(
          row => [row.querySelector('th').innerText, row.querySelector('.value').innerText])])""",
    )
    expected = {c["id"]: [[case["name"] or "the one case", case["shown"]] for case in c["cases"]] for c in claims}
    assert dict(cases) == expected
    counts = [int(text) for text in texts(page, ".count")]
    assert counts == list(report.found["counts"].values())
    assert sum(counts) == len(claims)
    accuracies = [f"{100 * row['measured']:.2f}" for row in report.found["accuracies"]]
    assert [text.split(" ")[0] for text in texts(page, "#accuracies .value")] == accuracies


def test_images_are_drawn(visit, report):
    page = visit()
    page.wait_for_function("[...document.images].every(each => each.complete)")
    sizes = page.eval_on_selector_all("img", "all => all.map(each => [each.naturalWidth, each.alt])")
    differ = report.found["differ"]
    assert len(sizes) == len(report.found["figures"]) + len(differ["people lead"]) + len(differ["machines lead"])
    assert all(width > 0 and alt for width, alt in sizes)


def test_dots_lie_in_the_band_where_a_claim_of_more_holds(visit, report):
    page = visit()
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    drawn = page.eval_on_selector_all(
        ".claim tbody tr:has(.band)",
        """all => all.map(row => {
          const claim = row.closest('.claim').id.slice(2), at = [...row.parentElement.rows].indexOf(row);
          const [band, dot] = ['.band', '.dot'].map(each => row.querySelector(each).getBoundingClientRect());
          const middle = (dot.left + dot.right) / 2;
          return [claim, at, band.left - 1 <= middle && middle <= band.right + 1];
        })""",
    )
    cases = {claim["id"]: claim["cases"] for claim in report.found["claims"]}
    assert len(drawn) > 100
    for claim, at, inside in drawn:
        case = cases[claim][at]
        low, high = case["bounds"]
        holds = (low is None or case["measured"] >= low) and (high is None or case["measured"] <= high)
        assert inside >= holds, (claim, case["name"])


# --- What it does


def test_links_lead_to_what_they_name(visit, report):
    page = visit()
    lost = page.eval_on_selector_all(
        'a[href^="#"]', "all => all.map(each => each.hash.slice(1)).filter(id => !document.getElementById(id))"
    )
    assert lost == []
    claim = report.found["claims"][-1]["id"]
    page.click(f'.tile[href="#c-{claim}"]')
    page.wait_for_function(
        f"""() => {{ const place = document.getElementById('c-{claim}').getBoundingClientRect();
        return document.getElementById('c-{claim}').open && place.top > 40 && place.top < innerHeight }}"""
    )
    page = visit(fragment=f"#c-{claim}")
    assert page.locator(f"#c-{claim}").get_attribute("open") is not None


@pytest.mark.parametrize("name", ["Here", "#", "Cases that hold", "Verdict"])
def test_numbers_are_sorted_as_numbers_and_what_is_missing_stays_last(visit, name):
    page = visit()
    heads = [
        text.split(" ")[0] if text != "Cases that hold" else text for text in texts(page, "#claims-table thead th")
    ]
    place = heads.index(name)
    button = page.locator("#claims-table thead button").nth(place)
    for direction, sign in (("ascending", 1), ("descending", -1)):
        button.click()
        keys = column(page, place)
        known = [float(key) for key in keys if key != ""]
        assert keys[: len(known)].count("") == 0
        assert known == sorted(known, key=lambda key: sign * key)
        states = page.eval_on_selector_all("#claims-table thead th", "all => all.map(each => each.ariaSort)")
        assert states == [direction if i == place else "none" for i in range(len(heads))]


def test_words_are_sorted_as_words(visit):
    page = visit()
    before = column(page, 1)
    page.locator("#claims-table thead button").nth(1).click()
    after = column(page, 1)
    assert after != before
    assert sorted(after) == sorted(before)
    assert page.evaluate("all => all.every((each, i) => !i || all[i - 1].localeCompare(each, 'en') <= 0)", after)


def test_a_table_of_cases_is_sorted_alone(visit, report):
    page = visit()
    claim = max(report.found["claims"], key=lambda claim: sum(case["measured"] is not None for case in claim["cases"]))
    before = column(page, 1)
    page.evaluate(f"document.getElementById('c-{claim['id']}').open = true")
    table = f"#c-{claim['id']} table"
    here = texts(page, f"{table} thead th").index(next(t for t in texts(page, f"{table} thead th") if "Here" in t))
    page.locator(f"{table} thead button").nth(here).click()
    known = [float(key) for key in column(page, here, table) if key]
    assert known == sorted(known)
    assert len(known) > 3
    assert column(page, 1) == before


def test_the_filter_shows_one_verdict_everywhere(visit, report):
    page, claims = visit(), report.found["claims"]
    for verdict, count in report.found["counts"].items():
        if not count:
            assert page.locator(f'#filter input[value="{verdict}"]').count() == 0
            continue
        page.locator(f'#filter label:has(input[value="{verdict}"])').click()
        assert shown(page, TABLE) == shown(page, ".tiles li") == shown(page, ".claim") == count
        assert page.locator("#shown").inner_text() == f"{count} of {len(claims)} claims shown"
        seen = texts(page, f"{TABLE}:not([hidden]) .badge")
        assert set(seen) == {verdict}
        empty = [t for t in report.found["topics"] if all(claims[i]["verdict"] != verdict for i in t["claims"])]
        assert shown(page, ".none") == len(empty)
    page.locator("#filter label").first.click()
    assert shown(page, TABLE) == len(claims)


def test_a_link_to_a_claim_that_is_filtered_out_takes_the_filter_back(visit, report):
    page, claims = visit(), report.found["claims"]
    other = next(each for each in claims if each["verdict"] != claims[0]["verdict"])
    page.locator(f'#filter label:has(input[value="{claims[0]["verdict"]}"])').click()
    page.evaluate(f"location.hash = '#c-{other['id']}'")
    page.wait_for_function(f"document.getElementById('c-{other['id']}').open")
    assert shown(page, TABLE) == len(claims)


def test_the_toggle_turns_dark_to_light_and_is_remembered(visit):
    page = visit(scheme="dark")
    toggle = page.locator("#theme")
    assert toggle.get_attribute("aria-pressed") == "true"
    dark = background(page)
    toggle.click()
    assert toggle.get_attribute("aria-pressed") == "false"
    light = background(page)
    assert light != dark
    page.reload()
    assert (background(page), toggle.get_attribute("aria-pressed")) == (light, "false")
    toggle.click()
    assert background(page) == dark
    assert background(visit(scheme="light")) == light


def test_all_claims_of_a_question_are_opened_by_one_button(visit):
    page = visit()
    button = page.locator("#accuracy .expand")
    cards = page.locator("#accuracy details.claim").count()
    button.click()
    assert page.locator("#accuracy details.claim[open]").count() == cards > 1
    assert (button.get_attribute("aria-expanded"), button.inner_text()) == ("true", "Close all")
    button.click()
    assert page.locator("#accuracy details.claim[open]").count() == 0


# --- By keyboard and by ear


def focused(page):
    return page.evaluate("document.activeElement.outerHTML.slice(0, 200)")


def test_the_first_stop_is_a_link_past_the_menu(visit):
    page = visit()
    page.keyboard.press("Tab")
    assert 'class="skip"' in focused(page)
    assert page.locator(".skip").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_every_sort_button_is_reached_and_pressed_by_key(visit):
    page = visit()
    page.locator("#filter input:checked").focus()
    reached = []
    for _ in range(2 + page.locator("#claims-table thead button").count()):
        page.keyboard.press("Tab")
        reached += page.evaluate(
            "[document.activeElement].filter(e => e.closest('#claims-table [aria-sort]')).map(e => e.innerText)"
        )
    assert [name.strip() for name in reached] == texts(page, "#claims-table thead th")
    page.locator("#claims-table thead button").nth(4).focus()
    for key, direction in (("Enter", "ascending"), ("Space", "descending")):
        page.keyboard.press(key)
        assert page.locator("#claims-table thead th").nth(4).get_attribute("aria-sort") == direction


def test_filter_cards_and_toggle_answer_to_keys(visit, report):
    page = visit()
    page.locator("#filter input:checked").focus()
    page.keyboard.press("ArrowRight")
    first = next(verdict for verdict, count in report.found["counts"].items() if count)
    assert page.locator("#filter input:checked").get_attribute("value") == first
    assert shown(page, TABLE) == report.found["counts"][first]
    page.locator(".claim:not([hidden]) summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator(".claim[open]").count() == 1
    page.locator("#theme").focus()
    page.keyboard.press("Space")
    assert page.locator("#theme").get_attribute("aria-pressed") == "true"


def test_what_has_the_focus_is_marked(visit):
    page = visit()
    for _ in range(12):
        page.keyboard.press("Tab")
        style = page.evaluate(
            """() => { const style = getComputedStyle(document.activeElement);
            return [style.outlineStyle, parseFloat(style.outlineWidth)] }"""
        )
        assert style[0] != "none", focused(page)
        assert style[1] >= 2, focused(page)
    page.locator("#filter input:checked").focus()
    page.keyboard.press("ArrowRight")
    style = page.evaluate("getComputedStyle(document.activeElement.nextElementSibling).outlineStyle")
    assert style != "none"


def test_landmarks_headings_and_names(visit):
    page = visit()
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.title()
    for landmark in ("main", "body > header", "body > footer", "nav[aria-label]", "h1"):
        assert page.locator(landmark).count() == 1, landmark
    levels = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(each => Number(each.tagName[1]))")
    assert all(after - before <= 1 for before, after in pairwise(levels))
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('a, button, input, summary, [role=region], img')].filter(each => {
          const by = each.getAttribute('aria-labelledby');
          const label = by ? document.getElementById(by)?.textContent : each.closest('label')?.textContent;
          return !(each.ariaLabel || label || each.alt || each.textContent).trim();
        }).map(each => each.outerHTML.slice(0, 120))"""
    )
    assert unnamed == []
    doubled = page.evaluate(
        """() => { const ids = [...document.querySelectorAll('[id]')].map(each => each.id);
        return ids.filter((id, i) => ids.indexOf(id) !== i) }"""
    )
    assert doubled == []


def test_tables_have_captions_and_heads(visit):
    page = visit()
    assert page.locator("table").count() > 5
    assert page.locator("table:not(:has(caption))").count() == 0
    assert page.locator("th:not([scope])").count() == 0
    assert page.locator("tbody tr:not(:has(th[scope=row]))").count() == 0
    assert page.locator("th[aria-sort]:not(:has(button))").count() == 0


def test_a_verdict_is_never_told_by_colour_alone(visit):
    page = visit()
    bare = page.eval_on_selector_all(
        ".badge, .tile, .verdicts li",
        """all => all.filter(each => !each.querySelector('.icon')
          || !each.textContent.match(/reproduced|inconclusive|testable/)).length""",
    )
    assert bare == 0
    marks = page.eval_on_selector_all("symbol path", "all => all.map(each => each.getAttribute('d'))")
    assert len(set(marks)) == len(marks) == 4


CONTRAST = """() => {
  const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = ink => ink.reduce((sum, v, i) => sum + linear(v / 255) * [.2126, .7152, .0722][i], 0);
  const parse = text => { const found = text.match(/[\\d.]+/g).map(Number); return [found.slice(0, 3), found[3] ?? 1] };
  const ground = each => {
    for (let up = each; up; up = up.parentElement) {
      const [colour, solid] = parse(getComputedStyle(up).backgroundColor);
      if (solid === 1) return colour;
      if (solid > 0) throw new Error('half transparent: ' + up.className);
    }
    throw new Error('no ground');
  };
  const seen = new Map();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const each = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !each.checkVisibility() || each.closest('script, style, .sr, .skip')) continue;
    const style = getComputedStyle(each), [ink] = parse(style.color), paper = ground(each);
    const [high, low] = [light(ink), light(paper)].sort((a, b) => b - a);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const ratio = (high + .05) / (low + .05);
    if (ratio < (large ? 3 : 4.5)) seen.set(each.className + ' ' + ink + ' on ' + paper, ratio);
  }
  return [...seen];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_told_from_its_ground(visit, scheme):
    page = visit(scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate(CONTRAST) == []


def test_the_test_of_contrast_can_fail(visit):
    page = visit()
    page.add_style_tag(content=".hint { color: #bbb }")
    assert page.evaluate(CONTRAST) != []


# --- On a phone, on paper, without scripts


@BOTH
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_page_never_scrolls_sideways(visit, width):
    page = visit(width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wider = page.eval_on_selector_all(
        "table, .drawing img",
        f"all => all.filter(each => each.getBoundingClientRect().width > {width} && !each.closest('.scroll')).length",
    )
    assert wider == 0


def test_what_scrolls_on_a_phone_can_be_scrolled_by_key(visit):
    page = visit(390)
    still = page.eval_on_selector_all(
        ".scroll",
        "all => all.filter(each => each.tabIndex !== 0 || !each.ariaLabel).length",
    )
    assert still == 0
    box = page.locator(".scroll:has(#claims-table)")
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.scroll:has(#claims-table)').scrollLeft > 0")


def test_on_paper_there_is_no_menu_and_what_deviates_is_open(visit, report):
    page = visit(scheme="dark")
    page.emulate_media(media="print")
    assert shown(page, ".bar, .skip, #claims, .expand") == 0
    deviate = [each["id"] for each in report.found["claims"] if each["verdict"] in ("not reproduced", "inconclusive")]
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.eval_on_selector_all(".claim[open]", "all => all.map(each => each.id.slice(2))") == sorted(
        deviate, key=[each[2:] for each in page.eval_on_selector_all(".claim", "all => all.map(each => each.id)")].index
    )
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".claim[open]").count() == 0
    assert page.pdf().startswith(b"%PDF")


def test_without_scripts_everything_is_there(visit, report):
    page = visit(java_script_enabled=False)
    assert page.locator(TABLE).count() == len(report.found["claims"])
    assert page.locator("#filter").is_hidden()
    assert page.locator("#theme").is_hidden()
    page.locator(".claim summary").first.click()
    assert page.locator(".claim[open]").count() == 1
    assert page.said == []
