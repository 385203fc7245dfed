"""What large studies cost: pytest benchmark/test_speed_large.py --benchmark-enable --report DIR

Processor seconds, which do not count what else the machine does, over the number of images n, of machines m and of
classes k, each over two decades, and the exponents of the straight lines through their logarithms; and one study of a
million images, a hundred machines and a thousand classes, by the command that anybody would use, in a process of its
own. DIR/cost.md and DIR/cost.png hold the numbers.
"""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import same_eyes
from same_eyes.large import read_probs
from same_eyes.metrics.joint_cells import count_joint
from same_eyes.metrics.levels import slope
from same_eyes.metrics.mistake_confusion import mistake_confusion
from same_eyes.metrics.teaming.threshold import threshold_matrix
from same_eyes.testing.large import synthetic_study

pytestmark = pytest.mark.speed

ROUNDS, LEAST = 3, 0.3  # the fastest counts of at least so many rounds and so many seconds
SIZES = {"n": np.logspace(4, 6, 5), "m": np.logspace(0.5, 2.5, 5), "k": np.logspace(1, 3, 5)}
OTHERS = {"n": 50_000, "m": 20, "k": 100}  # where they are not varied
AXES = {"n": "images n", "m": "machines m", "k": "classes k"}
MILLION = {"n": 1_000_000, "m": 100, "k": 1_000}


def joint(study):
    count_joint(study.right[:, 3:])


def mistakes(study):
    mistake_confusion(study.labels[:, 3:], None, study.truth, study.classes)


def threshold(study):
    right = study.right[:, 3:]
    threshold_matrix(study.confidence, right, right, 0.6)


PAIRWISE = {"joint counts": joint, "mistake matrix": mistakes, "threshold teams": threshold}
STREAMED = "streamed probabilities"
MOST = {"n": 1, "m": 2, "k": 1}  # powers of the design; what is measured must be nearer to these than to the next


class Curve(NamedTuple):
    """Processor seconds of one quantity at each size."""

    quantity: str
    axis: str
    sizes: list[int]
    seconds: list[float]

    @property
    def exponent(self):
        """Of the least-squares power law."""
        return float(slope(np.log10(self.sizes), np.log10(self.seconds)))

    @property
    def last(self):
        """Exponent between the two greatest sizes, where what does not grow hides least."""
        return Curve(self.quantity, self.axis, self.sizes[-2:], self.seconds[-2:]).exponent


class Costs:
    """What the tests here measured."""

    def __init__(self):
        self.curves, self.full, self.load = [], "", os.getloadavg()[0]

    def table(self):
        """Markdown."""
        rows = [
            f"| {curve.quantity} | {curve.axis} | {curve.sizes[0]:,} to {curve.sizes[-1]:,} | "
            f"{curve.seconds[0]:.2g} to {curve.seconds[-1]:.2g} | {curve.exponent:z.2f} | {curve.last:z.2f} |"
            for curve in self.curves
        ]
        columns = ["quantity", "over", "from, to", "processor seconds", "exponent", "at the end"]
        head = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
        cores = f"{os.cpu_count()} cores, load {self.load:.1f} at the start and {os.getloadavg()[0]:.1f} at the end"
        return "\n".join([*head, *rows, "", f"{self.full}{cores}."])

    def draw(self, path):
        """One panel for n, one for m, one for k."""
        import matplotlib

        matplotlib.use("agg")
        from matplotlib import pyplot as plt

        looks = {
            "joint counts": ("#08306b", "o", "-"),
            "mistake matrix": ("#d9780f", "s", "--"),
            "threshold teams": ("#4a90c2", "^", "-."),
            STREAMED: ("0.45", "D", ":"),
        }
        figure, panels = plt.subplots(1, 3, figsize=(9, 4), sharey=True, layout="constrained")
        for panel, axis in zip(panels, AXES, strict=True):
            for curve in (curve for curve in self.curves if curve.axis == axis):
                colour, marker, dash = looks[curve.quantity]
                name = f"{curve.quantity}: {curve.exponent:z.2f}"
                panel.loglog(curve.sizes, curve.seconds, dash, color=colour, marker=marker, markersize=4, label=name)
            fixed = ", ".join(f"{other} = {OTHERS[other]:,}" for other in OTHERS if other != axis)
            panel.set(xlabel=f"{AXES[axis]}  ({fixed})")
            panel.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), fontsize=8, frameon=False)
            panel.spines[["top", "right"]].set_visible(False)
        panels[0].set(ylabel="processor seconds")
        figure.savefig(path, dpi=150)
        plt.close(figure)


@pytest.fixture(scope="module")
def costs(request):
    found = Costs()
    yield found
    asked = request.config.getoption("report")
    if found.curves and asked:
        folder = Path(asked)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cost.md").write_text(found.table() + "\n")
        found.draw(folder / "cost.png")
    request.config.get_terminal_writer().line(f"\n{found.table()}")


@pytest.fixture(scope="module", params=AXES)
def studies(request, tmp_path_factory):
    """(axis, sizes, studies): one size grows, the others stay."""
    axis = request.param
    sizes = [round(size) for size in SIZES[axis]]
    folder = tmp_path_factory.mktemp(axis)
    made = [OTHERS | {axis: size} for size in sizes]
    return axis, sizes, [synthetic_study(folder / f"{s[axis]}", s["n"], s["m"], s["k"]) for s in made]


def fastest(function, *arguments):
    """Processor seconds of the fastest round."""
    seconds = []
    while len(seconds) < ROUNDS or sum(seconds) < LEAST:
        start = time.process_time()
        function(*arguments)
        seconds.append(time.process_time() - start)
    return min(seconds)


@pytest.mark.parametrize("quantity", PAIRWISE)
def test_pairwise_quantities_cost_what_their_products_cost(costs, studies, quantity):
    axis, sizes, made = studies
    curve = Curve(quantity, axis, sizes, [fastest(PAIRWISE[quantity], study) for study in made])
    costs.curves.append(curve)
    assert curve.exponent < MOST[axis] + 0.5


@pytest.mark.parametrize("axis", ["n", "k"])
def test_probabilities_cost_one_pass(costs, tmp_path, axis):
    """Of one machine: with m machines it is done m times."""
    sizes, seconds = [round(size) for size in SIZES[axis]], []
    for size in sizes:
        shape = OTHERS | {axis: size}
        probs = np.random.default_rng(0).random((shape["n"], shape["k"]), dtype=np.float32)
        probs /= probs.sum(1, keepdims=True)
        np.save(tmp_path / "probs.npy", probs)
        del probs
        seconds.append(fastest(read_probs, np.load(tmp_path / "probs.npy", mmap_mode="r")))
    curve = Curve(STREAMED, axis, sizes, seconds)
    costs.curves.append(curve)
    assert curve.exponent < MOST[axis] + 0.5


def test_a_million_images_a_hundred_machines_a_thousand_classes(costs, tmp_path):
    """Within a minute of one core and 4 GB of memory; the study is made before the clock starts."""
    synthetic_study(tmp_path / "study", MILLION["n"], MILLION["m"], MILLION["k"])
    command = [sys.executable, "-m", "same_eyes.cli", "large", str(tmp_path / "study"), "--out", str(tmp_path / "out")]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=Path(same_eyes.__file__).parents[1], check=True)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    peak = after.ru_maxrss * (1 if sys.platform == "darwin" else 1024)  # of the greatest child, which this one is
    size = ", ".join(f"{AXES[axis].split()[0]} {count:,}" for axis, count in MILLION.items())
    costs.full = f"All of it ({size}): {seconds:.0f} s, {busy:.0f} s of a processor, {peak / 1e9:.2f} GB at the peak. "
    assert np.load(tmp_path / "out" / "mistakes_MM.npy").shape == (MILLION["k"], MILLION["k"])
    assert peak < 4e9
    assert busy < 60
