"""Which share of mutants do the tests kill? What `mutmut run` left in mutants/, as Markdown; docs/mutation.md.

    python tests/mutation.py                                  every mutant that was run
    python tests/mutation.py --share 0.05 --seed 0            of each file a random sample
    python tests/mutation.py --share 0.05 --seed 0 --names    its mutants that nothing has killed yet, for `mutmut run`

A table of each file's mutants, then those that survived, by function, as the line before and after. A mutant that no
test of the selection reaches has survived; one that ran into the time limit was killed.
"""

import argparse
import json
import random
from collections import Counter
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

from same_eyes.metrics.accuracy import wilson_interval

KILLED = ("killed", "timeout", "segfault")
LEAST = 3  # mutants of a file in a sample


def outcomes():
    """File, mutant and its status, of every mutant that was made."""
    for meta in sorted(Path("mutants").rglob("*.py.meta")):
        file = meta.relative_to("mutants").with_suffix("")
        for mutant, code in json.loads(meta.read_text())["exit_code_by_key"].items():
            yield str(file), mutant, status_by_exit_code[code]


def sample(found, share, seed):
    """A share of each file's mutants, drawn at random; of one seed the larger sample holds the smaller."""
    for file, mutants in groupby(found, itemgetter(0)):
        mutants = list(mutants)
        random.Random(f"{file} {seed}").shuffle(mutants)
        yield from sorted(mutants[: max(LEAST, round(share * len(mutants)))])


def killed_of_all(made, ran, killed):
    """Share of the mutants made in some files that is killed, from those run in each; with its 95 % interval.

    A file weighs as much as it has mutants. The interval is Wilson's, of as many mutants drawn at random from all as
    tell equally much (Kish's effective size of a sample).
    """
    weight = np.array(made) / sum(made)
    share = weight @ np.divide(killed, ran)
    size = 1 / (weight**2 / ran).sum()
    return share, *wilson_interval(share * size, size)


def table(found, chosen):
    """Mutants a file: made, run, killed (by time among them), and the share killed with its interval."""
    made = Counter(file for file, *_ in found)
    ran = Counter(file for file, _, status in chosen if status != "not checked")
    killed = Counter(file for file, _, status in chosen if status in KILLED)
    timeouts = Counter(file for file, _, status in chosen if status == "timeout")
    yield "| file | mutants | run | killed | of them by time | killed % [95 %] |"
    yield "|---|---|---|---|---|---|"
    for file, files in [*((file, [file]) for file in ran), ("all", list(ran))]:
        counts = [[count[each] for each in files] for count in (made, ran, killed, timeouts)]
        numbers = [sum(count) for count in counts]
        share, low, high = 100 * np.array(killed_of_all(*counts[:3]))
        interval = f" [{low:.0f}, {high:.0f}]" if numbers[0] > numbers[1] else ""
        yield f"| {file} | {' | '.join(map(str, numbers))} | {share:.1f}{interval} |"


def survivors(chosen):
    """A heading a file, a line a mutant."""
    heading = None
    for file, mutant, status in chosen:
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1, help="of each file's mutants; at least 3")
    parser.add_argument("--seed", default="0", help="which sample")
    parser.add_argument("--names", action="store_true", help="print the mutants that nothing has killed yet")
    asked = parser.parse_args()
    found = list(outcomes())
    chosen = list(sample(found, asked.share, asked.seed))
    if asked.names:
        print(*(mutant for _, mutant, status in chosen if status not in KILLED), sep="\n")
    elif all(status == "not checked" for *_, status in chosen):
        parser.error("no mutant was run yet: `mutmut run`, here, makes them and runs them")
    else:
        print(*table(found, chosen), *survivors(chosen), sep="\n")
