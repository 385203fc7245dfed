"""Planted worlds for Figure 2 and Test 1: pairs that make the same mistake as often as is planted.

In most of them each kind of pair has images of its own, so that the kind of pair that a claim does not speak of can
be planted against it: a test that took the wrong matrix would end otherwise.
"""

from functools import partial

import numpy as np
from scipy.stats import t

from same_eyes.testing.worlds import Observer, World, Worlds, claims, planted_mistakes, simulated_study

CLAIMS = claims()
K = 10  # classes

# --- Mistakes of observers --------------------------------------------------------------------------------

MACHINES = ("CE", "GCE", "JoCoR", "Co-teaching")


def observers(people, machines, **more):
    """Three people and four machines; each kind with an eye of its own unless it is told otherwise."""
    people = {"accuracy": 0.8, "eye": "people", "trap": 0.2} | people
    machines = {"accuracy": 0.8, "eye": "machines", "trap": 0.2} | machines
    return simulated_study([Observer(**people)] * 3, {name: Observer(**machines) for name in MACHINES}, **more)


def independent():
    """Everybody errs independently of everybody: no images are hard, no mistake is likelier than another."""
    return observers({"shared": 0.0, "trap": 0.0}, {"shared": 0.0, "trap": 0.0})


def machines_alike():
    """Machines have confusions of their own in common; people go their own ways."""
    return observers({}, {"trap": 0.8})


def people_alike():
    """People have confusions in common, machines have none."""
    return observers({"trap": 0.8}, {})


def people_copy_people():
    """Two people take most answers from the first; machines go their own ways."""
    first = Observer(0.8, eye="people", trap=0.1)
    copy = Observer(0.8, eye="people", trap=0.1, copies="Human 1", copied=0.8)
    return simulated_study([first, copy, copy], {name: Observer(0.85, eye=name, trap=0.1) for name in MACHINES})


def machines_copy_machines():
    """All machines take most answers from the first."""
    copy = Observer(0.85, eye="machines", trap=0.1, copies="CE", copied=0.8)
    machines = {"CE": Observer(0.85, eye="machines", trap=0.1)} | {name: copy for name in MACHINES[1:]}
    return simulated_study([Observer(0.8, eye="people", trap=0.1)] * 3, machines)


def machines_copy_people():
    """Each machine takes most answers from another person: it errs with a person as no two people err together."""
    sources = dict(zip(MACHINES, (1, 2, 3, 1), strict=True))
    machines = {name: Observer(0.85, eye=name, copies=f"Human {j}", copied=0.9) for name, j in sources.items()}
    return simulated_study([Observer(0.75, shared=0.2, trap=0.0)] * 3, machines)


def one_eye():
    """People and machines have the same confusions and find the same images hard."""
    return observers({"eye": "common", "trap": 0.4}, {"eye": "common", "trap": 0.4}, images=4000)


# --- Exact pairs ------------------------------------------------------------------------------------------


def planted(people, machines, mixed, *, spread=0.0, claim=None, **settings):
    """A world of three rates of the same mistake; ``spread`` is the half-range over the ten classes."""
    profile = np.linspace(-spread, spread, K)
    rates = {"people": people + profile, "machines": machines + profile, "mixed": mixed + profile}
    return World(partial(planted_mistakes, **rates, **settings), claim=claim or {})


def roles(first, second):
    """Plants two kinds of pairs by name, and the third far beyond the one that it might be taken for."""

    def world(a, b, other, **settings):
        (third,) = {"people", "machines", "mixed"} - {first, second}
        return planted(**{first: a, second: b, third: other}, **settings)

    return world


def edge_of_test(claim, part, level, spread):
    """The difference in the rate of the same mistake at which Test 1's p is alpha (Student's t, equal variances).

    ``spread`` is as in ``planted`` for the diagonal; off the diagonal it is ``near`` of ``planted_mistakes``.
    """
    entries = K if part == "diagonal" else K * (K - 1)
    critical = t.ppf(1 - CLAIMS[claim].alpha / 2, 2 * entries - 2) * np.sqrt(2 / entries)
    if part == "diagonal":
        return critical * np.linspace(-spread, spread, K).std(ddof=1)
    beside = np.repeat([0.5, 0.0], [2, K - 3])
    return (K - 1) * critical * (1 - level) * spread * beside.std(ddof=1)


EACH = {"each": 300}  # fine enough for a rate of a half to be met within 0.005


def more_by_test(claim, part, high, low, wrong_test_worlds):
    """Worlds for "kind ``high`` makes the same mistake more often than kind ``low``", by Test 1."""
    world = roles(high, low)
    level, spread = 0.40, 0.10 if part == "diagonal" else 0.30
    step = edge_of_test(claim, part, level, spread)
    settings = {"spread": spread} if part == "diagonal" else {"near": spread}
    alphas = [world(level + step, level, level, **settings, **EACH, claim={"alpha": alpha}) for alpha in (0.2, 0.005)]
    return Worlds(
        true=(
            world(0.50, 0.20, 0.80, spread=0.05),
            world(0.50, 0.20, 0.05, spread=0.05),
            world(
                0.42, 0.32, 0.35, **{f"lone_{high}": 600} if high != "mixed" else {}
            ),  # one wrong of a pair: no matter
            World(wrong_test_worlds["true"]),
        ),
        false=(
            world(0.20, 0.50, 0.80, spread=0.05),
            world(0.20, 0.50, 0.05, spread=0.05),
            World(independent),
            *map(World, wrong_test_worlds["false"]),
        ),
        inside=(
            world(level + 1.12 * step, level, 0.15, **settings, **EACH),
            world(level + 1.12 * step, level, 0.80, **settings, **EACH),
            alphas[0],
        ),
        outside=(
            world(level + 0.88 * step, level, 0.15, **settings, **EACH),
            world(level + 0.88 * step, level, 0.80, **settings, **EACH),
            alphas[1],
        ),
    )


GAP = 0.09  # three standard errors of a difference in rates, at 200 mistakes a class


def more_over_images(claim, scale, high, low, wrong_test_worlds):
    """Worlds for the same over resampled images; the claim's number is ``scale`` times the rate of the same mistake."""
    world = partial(roles(high, low), each=200)
    margin = CLAIMS[claim].margin / scale
    other = 0.1 * scale  # another margin than the claim's, to be kept to as well
    return Worlds(
        true=(
            world(0.60 + margin, 0.30, 0.80),
            world(0.60 + margin, 0.30, 0.05),
            World(wrong_test_worlds["true"]),
        ),
        false=(
            world(0.20, 0.50, 0.80),
            world(0.20, 0.50, 0.05),
            *map(World, wrong_test_worlds["false"]),
        ),
        inside=(
            world(0.40 + margin + GAP, 0.40, 0.80),
            world(0.40 + margin + GAP, 0.40, 0.05),
            world(0.50 + GAP, 0.40, 0.80, claim={"margin": other}),
        ),
        outside=(
            world(0.40 + margin - GAP, 0.40, 0.80),
            world(0.40 + margin - GAP, 0.40, 0.05),
            world(0.50 - GAP, 0.40, 0.80, claim={"margin": other}),
        ),
        undecided=world(0.40 + margin, 0.40, 0.80),
    )


def same_by_test(claim, part):
    """Worlds for "a person and a machine share mistakes as two people do", p above alpha."""
    level, spread = 0.40, 0.10 if part == "diagonal" else 0.30
    step = edge_of_test(claim, part, level, spread)
    settings = {"spread": spread} if part == "diagonal" else {"near": spread}

    def world(gap, machines=0.7, **more):
        return planted(level, machines, level + gap, **settings, **EACH, **more)

    return Worlds(
        true=(world(0.0), world(0.0, 0.1), World(independent)),
        false=(
            world(0.3),
            world(-0.3),
            planted(0.7, 0.3, 0.3, **settings),  # mixed pairs err as machines do, not as people
            World(machines_copy_people),
            World(people_copy_people),
        ),
        inside=(world(0.88 * step), world(-0.88 * step), world(step, claim={"alpha": 0.005})),
        outside=(world(1.12 * step), world(-1.12 * step), world(step, claim={"alpha": 0.2})),
    )


def same_over_images(claim, scale):
    """Worlds for the same within a margin, over resampled images."""
    margin = CLAIMS[claim].margin / scale
    fine = {"each": 200}  # a standard error of about 0.013

    def world(gap, machines=0.7, **more):
        return planted(0.40, machines, 0.40 + gap, **fine, **more)

    return Worlds(
        true=(world(0.0), world(0.0, 0.1)),
        false=(
            world(0.3),
            world(-0.3),
            planted(0.7, 0.3, 0.3, **fine),
            World(machines_copy_people),
            World(people_copy_people),
        ),
        inside=(
            world(margin - 0.035),
            world(-margin + 0.035),
            world(0.15, claim={"margin": 0.2 * scale}),
        ),
        outside=(
            world(margin + 0.035),
            world(-margin - 0.035),
            world(0.15, claim={"margin": 0.1 * scale}),
        ),
        undecided=(world(margin), world(-margin)),
    )


AGAINST_PEOPLE = {"true": machines_alike, "false": (people_alike, people_copy_people)}
AGAINST_MIXED = {"true": machines_copy_machines, "false": (machines_copy_people,)}
OFF = 1 / (K - 1)  # a row sums to one: what leaves the diagonal is spread over the nine other answers

WORLDS = {
    "machines-err-together": more_by_test("machines-err-together", "diagonal", "machines", "people", AGAINST_PEOPLE),
    "machines-err-together-strict": more_over_images(
        "machines-err-together-strict", 1, "machines", "people", AGAINST_PEOPLE
    ),
    "machines-err-unlike-people": more_by_test(
        "machines-err-unlike-people", "diagonal", "machines", "mixed", AGAINST_MIXED
    ),
    "machines-err-unlike-people-strict": more_over_images(
        "machines-err-unlike-people-strict", 1, "machines", "mixed", AGAINST_MIXED
    ),
    "mixed-pairs-err-as-people-do": same_by_test("mixed-pairs-err-as-people-do", "diagonal"),
    "mixed-pairs-err-as-people-do-strict": same_over_images("mixed-pairs-err-as-people-do-strict", 1),
    "machines-scatter-less": more_by_test(
        "machines-scatter-less", "off-diagonal", "machines", "people", AGAINST_PEOPLE
    ),
    "machines-scatter-less-strict": more_over_images(
        "machines-scatter-less-strict", OFF, "machines", "people", AGAINST_PEOPLE
    ),
    "mixed-pairs-scatter-as-people-do": same_by_test("mixed-pairs-scatter-as-people-do", "off-diagonal"),
    "mixed-pairs-scatter-as-people-do-strict": same_over_images("mixed-pairs-scatter-as-people-do-strict", OFF),
    "machines-scatter-less-than-mixed": more_by_test(
        "machines-scatter-less-than-mixed", "off-diagonal", "machines", "mixed", AGAINST_MIXED
    ),
    "machines-scatter-less-than-mixed-strict": more_over_images(
        "machines-scatter-less-than-mixed-strict", OFF, "machines", "mixed", AGAINST_MIXED
    ),
}
