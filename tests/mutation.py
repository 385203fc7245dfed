"""What `mutmut run` left in mutants/, as Markdown: `python tests/mutation.py`.

A table of each file's mutants, then those that survived, by function, as the line before and after. A mutant that no
test of the selection reaches has survived; one that ran into the time limit was killed.
"""

import json
from collections import Counter
from pathlib import Path

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

KILLED = ("killed", "timeout", "segfault")


def outcomes():
    """File, mutant and its status, of every mutant that was made."""
    for meta in sorted(Path("mutants").rglob("*.py.meta")):
        file = meta.relative_to("mutants").with_suffix("")
        for mutant, code in json.loads(meta.read_text())["exit_code_by_key"].items():
            yield str(file), mutant, status_by_exit_code[code]


def table(found):
    """Mutants a file: made, run, killed (timeouts among them), survived, and the share killed of those run."""
    counts: dict[str, Counter] = {}
    for file, _, status in found:
        counts.setdefault(file, Counter())[status] += 1
    counts["all"] = sum(counts.values(), Counter())
    yield "| file | mutants | run | killed | of them by time | survived | killed % |"
    yield "|---|---|---|---|---|---|---|"
    for file, count in counts.items():
        made, killed = count.total(), sum(count[status] for status in KILLED)
        ran = made - count["not checked"]
        share = f"{100 * killed / ran:.1f}" if ran else ""
        yield f"| {file} | {made} | {ran} | {killed} | {count['timeout']} | {ran - killed} | {share} |"


def survivors(found):
    """A heading a file, a line a mutant."""
    heading = None
    for file, mutant, status in found:
        if status in KILLED or status == "not checked":
            continue
        if file != heading:
            heading = file
            yield f"\n### {file}\n"
        number = mutant.rpartition("_")[2]
        function = mutant.partition(".x")[2].partition("__mutmut")[0].lstrip("_ǁ").replace("ǁ", ".")
        changed = [line for line in get_diff_for_mutant(mutant, path=file).splitlines()[3:] if line[0] in "+-"]
        before, after = (" ".join(line[1:].strip() for line in changed if line[0] == sign) for sign in "-+")
        yield f"- `{function}` {number}: `{before}` → `{after}`" + (" (no test)" if status == "no tests" else "")


if __name__ == "__main__":
    found = list(outcomes())
    print(*table(found), *survivors(found), sep="\n")
