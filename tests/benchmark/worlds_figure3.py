"""Planted worlds for Figure 3, Tests 2 and 3: images in rows of planted difficulty, answered as well as is planted.

What a claim does not speak of is planted against it: agreement where it speaks of confidence, machines where it speaks
of people, the held-out images where it speaks of the official ones. A test that took the wrong one would end otherwise.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.special import ndtr
from scipy.stats import t

from same_eyes.testing.worlds import World, Worlds, claims
from same_eyes.types import Annotators, Predictions, Study

CLAIMS = claims()
K = 10  # classes


@dataclass(frozen=True)
class Row:
    """Images alike in difficulty.

    ``people`` and ``machines`` are the shares of their answers that are right: met exactly, and as evenly over images
    as whole numbers allow. ``apart`` lets machines err independently of each other instead.
    """

    people: float = 0.8
    machines: float = 0.8
    confidence: float = 0.7
    seconds: float = 10.0
    images: int = 200
    apart: bool = False


def study_of(rows, *, people=3, machines=4, seed=0, confidences=None):
    """A study of rows. Wrong answers are the next class, so that people's entropy is that of right and wrong."""
    rng = np.random.default_rng(seed)
    sizes = [row.images for row in rows]
    truth = rng.integers(K, size=sum(sizes))
    told = np.concatenate([_shared_out(rng, row.people, row.images, people, apart=False) for row in rows])
    right = np.concatenate([_shared_out(rng, row.machines, row.images, machines, apart=row.apart) for row in rows])
    confidence = (
        np.repeat([row.confidence for row in rows], sizes) if confidences is None else confidences(rng, len(truth))
    )
    labels = np.where(right, truth[:, None], (truth[:, None] + 1) % K)
    probs = np.repeat((1 - confidence[:, None]) / (K - 1), K, axis=1)
    runs = {}
    for j in range(machines):
        own = probs.copy()
        own[np.arange(len(truth)), labels[:, j]] = confidence
        runs[f"Machine {j + 1}"] = [Predictions(own)]
    seconds = np.repeat([row.seconds for row in rows], sizes)
    annotators = Annotators(
        np.where(told, truth[:, None], (truth[:, None] + 1) % K), K, seconds=np.repeat(seconds[:, None], people, 1)
    )
    return Study("planted", truth, annotators, runs, tuple("abcdefghij"), group=np.arange(len(truth)) // 10)


def _shared_out(rng, share, images, observers, *, apart):
    """(images, observers) bool: each observer, or all together, right in the share that is asked for."""
    if apart:
        return np.stack([rng.permutation(images) < round(share * images) for _ in range(observers)], 1)
    total = round(share * images * observers)
    each = total // images + (rng.permutation(images) < total % images)
    return rng.random((images, observers)).argsort(1).argsort(1) < each[:, None]


def made(*arguments, **keywords):
    """What makes the study."""
    return partial(study_of, *arguments, **keywords)


# --- Confidence: ten levels, machines err independently, so that their agreement says little ---------------

CONFIDENCE = np.linspace(0.15, 0.96, 10)
RISE = np.linspace(0, 1, 10)  # from the lowest level to the highest


def by_confidence(people, machines, **more):
    """People's and machines' accuracy at each of ten confidences."""
    people, machines = np.broadcast_arrays(people, machines, RISE)[:2]
    levels = zip(people, machines, CONFIDENCE, strict=True)
    return World(made([Row(p, m, c, apart=True) for p, m, c in levels], **more))


MACHINES = 0.1 + 0.8 * RISE
HONEST = 0.8 / (CONFIDENCE[-1] - CONFIDENCE[0])  # the machines' slope over confidence


def people_with(slope):
    """People whose accuracy rises by ``slope`` times the machines'."""
    return 0.5 + slope * (MACHINES - 0.5)


def leads(low, high=-0.3):
    """People ahead of machines by ``low`` in the lower half of the levels and by ``high`` in the upper half."""
    return by_confidence(0.45 + np.append(np.broadcast_to(low, 5), np.broadcast_to(high, 5)), 0.45)


# --- Agreement: thirteen machines, as many right as the row says; confidence says nothing ------------------

RIGHT = np.arange(14)  # how many of thirteen are right


def by_agreement(people, *, confidence=None, images=150):
    """People's accuracy where 0, 1, ... 13 of thirteen machines are right."""
    people = np.clip(np.broadcast_to(people, 14), 0, 1)
    said = RIGHT / 13 if confidence is None else confidence
    rows = [Row(p, n / 13, 0.15 + 0.8 * c, images=images) for p, n, c in zip(people, RIGHT, said, strict=True)]
    blind = None if confidence is not None else (lambda rng, n: rng.uniform(0.2, 0.95, n))
    return World(partial(study_of, rows, machines=13, confidences=blind))


def with_people(slope):
    """People whose accuracy rises by ``slope`` times the machines'."""
    return by_agreement(0.5 + slope * (RIGHT / 13 - 0.5))


def few_right(lead, others):
    """People ahead by ``lead`` of a machine where few of the others are right, and right in a share of the others."""
    return by_agreement(np.where(RIGHT < 7, (RIGHT + 1) / 15 + lead, others))


# Confidence and agreement say the same: both identity lines have one X, the mean share of machines that are right.
LEVEL = np.minimum(RIGHT * 10 // 13, 9)
SHARE = np.array([(RIGHT[level == LEVEL] / 13).mean() for level in range(10)])
WAVE = np.array([1, -1] * 5, float)
WAVE -= np.polyval(np.polyfit(SHARE, WAVE, 1), SHARE)  # no slope and no intercept over SHARE
BOW = (SHARE - SHARE.mean()) ** 2
BOW -= np.polyval(np.polyfit(SHARE, BOW, 1), SHARE)


def on_line(intercept, slope, residual, scale):
    """People on a line over the share of machines that are right, but for a residual."""
    return by_agreement((intercept + slope * SHARE + scale * residual)[LEVEL], confidence=RIGHT / 13, images=210)


def critical(what, residual, scale):
    """The slope, or the intercept, over SHARE at which its p is alpha (Student's t, 8 degrees of freedom)."""
    spread = ((SHARE - SHARE.mean()) ** 2).sum()
    error = scale * np.sqrt((residual**2).sum() / 8)
    error *= np.sqrt(1 / spread if what == "slope" else 1 / 10 + SHARE.mean() ** 2 / spread)
    return t.ppf(1 - CLAIMS["lines-are-significant"].alpha / 2, 8) * error


S = 0.06  # scale of a residual
SLOPES = {f"{by} vs slope of people" for by in ("confidence", "agreement")}
INTERCEPTS = {f"{by} vs intercept of people" for by in ("confidence", "agreement")}
SLOPE, INTERCEPT = critical("slope", WAVE, S), critical("intercept", WAVE, S)


def failing(world, *cases):
    return replace(world, fails=set(cases))


# --- Human difficulty: an easy row and a hard one, so that the line's fall is their difference --------------


def official(rows, held_out, **more):
    """Official test images, and held-out images that would speak against them."""
    return World(made(held_out), also={"measured_official": made(rows, **more)})


def slow(people, machines, images=1000):
    """Accuracy of (fast, slow) images, of people and of machines."""
    return [Row(people[i], machines[i], seconds=s, images=images, apart=True) for i, s in enumerate((1.0, 3.0))]


def fall(gap, middle=0.6):
    return middle + gap / 2, middle - gap / 2


def time_worlds(claim, who, where):
    """Worlds for "accuracy of who falls with time" on the official or on the held-out images."""
    margin, strict = CLAIMS[claim].margin, CLAIMS[claim].reading != "as reported"
    other = "machines" if who == "people" else "people"

    def world(gap, **more):
        rows = slow(**{who: fall(gap), other: fall(-0.3)})
        against = slow(fall(-0.3 if gap > margin else 0.4), fall(-0.3 if gap > margin else 0.4))
        pair = (rows, against) if where == "official" else (against, rows)
        return replace(official(*pair), **more)

    near = 0.06 if strict else 0.005
    return Worlds(
        true=world(0.4),
        false=(world(-0.3), world(0.0)),
        inside=(world(margin + near), world(0.2 + near, claim={"margin": 0.2})),
        outside=(world(margin - near), world(0.2 - near, claim={"margin": 0.2})),
        undecided=world(margin) if strict else (),
    )


CROWD = {"people": 200}  # half of them split evenly, give or take, so that there are two levels


def consensus(right, split, machines, wrong_machines=None):
    """Images on which all people agree, rightly in a share ``right`` of them, and images that split them."""
    agree, total = round(right * 1000), 1000
    return [
        Row(1.0, machines[0], images=agree, apart=True),
        Row(0.0, machines[0] if wrong_machines is None else wrong_machines, images=total - agree, apart=True),
        Row(split, machines[1], images=total, apart=True),
    ]


def coins():
    """All are right with one chance on all images: entropy and accuracy of the same answers fall together."""
    study = study_of([Row(0.7, 0.7, images=2000)], people=20)
    told = np.random.default_rng(1).random(study.people.labels.shape) < 0.7
    labels = np.where(told, study.truth[:, None], (study.truth[:, None] + 1) % K)
    return replace(study, people=Annotators(labels, K))


AGAINST = slow((0.5, 0.5), (0.5, 0.5))


def entropy_worlds(claim, who):
    """Worlds for "accuracy of who falls with people's entropy"."""
    margin, strict = CLAIMS[claim].margin, CLAIMS[claim].reading == "strict"

    def world(gap, **more):
        if who == "people":
            rows = consensus(0.5 + gap, 0.5, fall(-0.3))
        else:
            people = 0.4 if gap > margin else 0.9  # people's accuracy goes the other way
            rows = consensus(people, 0.5, fall(gap))
        return replace(official(rows, AGAINST, **CROWD), **more)

    near = 0.07 if strict else 0.005
    by_construction = World(made(AGAINST), also={"measured_official": coins})
    more_false = (by_construction,) if (who, strict) == ("people", True) else ()
    return Worlds(
        true=world(0.3),
        false=(world(-0.3), *more_false),
        inside=(world(margin + near), world(0.2 + near, claim={"margin": 0.2})),
        outside=(world(margin - near), world(0.2 - near, claim={"margin": 0.2})),
        undecided=world(margin) if strict else (),
    )


# --- Four measures of difficulty ---------------------------------------------------------------------------


def partitions(*, machine=0.8, human=0.0, own=0.0, crowd=60, hurry=0.0):
    """Normal difficulties with planted correlations, on 2,000 images.

    ``machine`` correlates confidence with agreement, ``human`` the people's difficulty with the machines' common part;
    with ``own`` it goes with the parts that confidence and agreement do not share instead. ``crowd`` people answer: the
    fewer, the less two halves agree. ``hurry`` correlates people's time with the machines' common part.
    """
    rng, n = np.random.default_rng(3), 2000
    common, first, second, noise = rng.normal(size=(4, n))
    shown = np.sqrt(machine) * common + np.sqrt(1 - machine) * first
    agreed = np.sqrt(machine) * common + np.sqrt(1 - machine) * second
    people = human * common + own * (first + second) / np.sqrt(2) + np.sqrt(1 - human**2 - own**2) * noise
    time = hurry * common + np.sqrt(1 - hurry**2) * people
    truth = rng.integers(K, size=n)
    told = rng.random((n, crowd)) < 1 - 0.5 * ndtr(people)[:, None]
    right = rng.permuted(np.arange(13) < np.round(13 * ndtr(-agreed))[:, None], axis=1)
    confidence = 0.2 + 0.75 * ndtr(-shown)
    labels = np.where(right, truth[:, None], (truth[:, None] + 1) % K)
    runs = {}
    for j in range(13):
        probs = np.repeat((1 - confidence[:, None]) / (K - 1), K, axis=1)
        probs[np.arange(n), labels[:, j]] = confidence
        runs[f"Machine {j + 1}"] = [Predictions(probs)]
    annotators = Annotators(
        np.where(told, truth[:, None], (truth[:, None] + 1) % K), K, seconds=np.repeat(np.exp(time)[:, None], crowd, 1)
    )
    return Study("planted", truth, annotators, runs, tuple("abcdefghij"))


def partition_worlds(true, false, inside, outside):
    """Worlds on the official images; held-out ones say nothing. Each is what to plant, and which cases fail."""

    def world(planted, fails=()):
        return World(made(AGAINST), also={"measured_official": partial(partitions, **planted)}, fails=fails)

    return Worlds(*([world(*each) for each in kind] for kind in (true, false, inside, outside)))


def kinds(which):
    return {f"{measure} vs two {which} measures" for measure in ("confidence", "agreement")}


# --- The worlds --------------------------------------------------------------------------------------------

LOW = [f"level {level} of 10" for level in range(1, 6)]
IDENTITY = 1 - CLAIMS["confidence-guides-machines-more"].margin  # people's slope over machines' accuracy at the margin
EDGE = 1 - CLAIMS["confidence-guides-machines-more-strict"].margin / HONEST
AGREEMENT = 1 - CLAIMS["agreement-guides-machines-more"].margin
LONE = np.array([0, -0.3, -0.3, -0.3, -0.3])  # only the lowest level may be won

WORLDS = {
    "confidence-guides-machines-more": Worlds(
        true=by_confidence(people_with(0.1), MACHINES),
        false=(by_confidence(people_with(1.0), MACHINES), by_confidence(people_with(0.8), MACHINES)),
        inside=(
            by_confidence(people_with(IDENTITY - 0.02), MACHINES),
            replace(by_confidence(people_with(0.28), MACHINES), claim={"margin": 0.7}),
        ),
        outside=(
            by_confidence(people_with(IDENTITY + 0.02), MACHINES),
            replace(by_confidence(people_with(0.32), MACHINES), claim={"margin": 0.7}),
        ),
    ),
    "confidence-guides-machines-more-strict": Worlds(
        true=by_confidence(people_with(0.1), MACHINES),
        false=by_confidence(people_with(1.0), MACHINES),
        inside=(
            by_confidence(people_with(EDGE - 0.12), MACHINES),
            replace(by_confidence(people_with(0.18), MACHINES), claim={"margin": 0.7 * HONEST}),
        ),
        outside=(
            by_confidence(people_with(EDGE + 0.12), MACHINES),
            replace(by_confidence(people_with(0.42), MACHINES), claim={"margin": 0.7 * HONEST}),
        ),
        undecided=by_confidence(people_with(EDGE), MACHINES),
    ),
    "lines-are-significant": Worlds(
        true=on_line(0.3, 0.5, WAVE, 0.01),
        false=(
            failing(on_line(0.7, 0.0, BOW, 0.5), *SLOPES),
            failing(on_line(0.0, 0.8, WAVE, 0.03), *INTERCEPTS),
        ),
        inside=(
            on_line(0.5, 1.1 * SLOPE, WAVE, S),
            on_line(1.1 * INTERCEPT, 0.6, WAVE, S),
            replace(on_line(0.5, 0.9 * SLOPE, WAVE, S), claim={"alpha": 0.1}),
        ),
        outside=(
            failing(on_line(0.5, 0.9 * SLOPE, WAVE, S), *SLOPES),
            failing(on_line(0.9 * INTERCEPT, 0.6, WAVE, S), *INTERCEPTS),
            replace(failing(on_line(0.5, 1.1 * SLOPE, WAVE, S), *SLOPES), claim={"alpha": 0.02}),
        ),
    ),
    "lines-are-significant-strict": Worlds(
        true=on_line(0.3, 0.5, WAVE, 0.01),
        false=(
            failing(on_line(0.7, 0.0, BOW, 0.5), "confidence vs people", "leave-one-out agreement vs people"),
            failing(by_agreement(0.3 + 0.5 * RIGHT / 13), "confidence vs people", "confidence vs machines"),
        ),
        inside=(
            on_line(0.5, 1.1 * SLOPE, WAVE, S),
            replace(on_line(0.5, 0.9 * SLOPE, WAVE, S), claim={"alpha": 0.1}),
        ),
        outside=(
            failing(on_line(0.5, 0.9 * SLOPE, WAVE, S), "confidence vs people"),
            replace(failing(on_line(0.5, 1.1 * SLOPE, WAVE, S), "confidence vs people"), claim={"alpha": 0.02}),
        ),
    ),
    "people-lead-at-low-confidence": Worlds(
        true=leads(0.3 + LONE),
        false=leads(-0.3 - LONE),
        inside=(leads(0.005 + LONE), replace(leads(0.205 + LONE), claim={"margin": 0.2})),
        outside=(leads(-0.005 - LONE), replace(leads(0.195 - LONE), claim={"margin": 0.2})),
    ),
    "people-lead-at-low-confidence-strict": Worlds(
        true=leads(0.3),
        false=(leads(-0.3), failing(leads([0.3, 0.3, -0.3, 0.3, 0.3]), LOW[2])),
        inside=(leads(0.08), replace(leads(0.28), claim={"margin": 0.2})),
        outside=(leads(-0.08), replace(leads(0.12), claim={"margin": 0.2})),
        undecided=leads(0.0),
    ),
    "agreement-guides-machines-more": Worlds(
        true=with_people(0.1),
        false=with_people(0.9),
        inside=(with_people(AGREEMENT - 0.02), replace(with_people(0.28), claim={"margin": 0.7})),
        outside=(with_people(AGREEMENT + 0.02), replace(with_people(0.32), claim={"margin": 0.7})),
    ),
    "agreement-guides-machines-more-strict": Worlds(
        true=with_people(0.1),
        false=with_people(0.9),
        inside=(with_people(0.34), replace(with_people(0.62), claim={"margin": 0.2})),
        outside=(with_people(0.44), replace(with_people(0.82), claim={"margin": 0.2})),
        undecided=with_people(0.39),
    ),
    "people-lead-at-low-agreement": Worlds(
        true=by_agreement(0.3),
        false=by_agreement(np.where(RIGHT < 2, 0.0, 0.9)),
        inside=by_agreement(np.where(RIGHT < 2, 0.5 / 13 + 0.01, 0.3)),
        outside=by_agreement(np.where(RIGHT < 2, 0.5 / 13 - 0.01, 0.9)),
    ),
    "people-lead-at-low-agreement-strict": Worlds(
        true=by_agreement(0.9),
        false=by_agreement(0.01),
        inside=few_right(0.09, others=0.1),
        outside=few_right(-0.09, others=0.9),
        undecided=few_right(0.0, others=0.1),
    ),
    "neither-replaces-the-other": Worlds(
        true=leads([-0.3, 0.3, -0.3, -0.3, -0.3]),
        false=(failing(leads(-0.3), "people"), failing(leads(0.3, 0.3), "machines")),
        inside=(leads([-0.3, -0.3, 0.005, -0.3, -0.3]), leads(0.3, [0.3, -0.005, 0.3, 0.3, 0.3])),
        outside=(failing(leads(-0.005), "people"), failing(leads(0.3, 0.005), "machines")),
    ),
    "neither-replaces-the-other-strict": Worlds(
        true=leads([-0.3, 0.3, -0.3, -0.3, -0.3]),
        false=(failing(leads(-0.3), "people"), failing(leads(0.3, 0.3), "machines")),
        inside=(leads([-0.3, -0.3, 0.1, -0.3, -0.3]), leads(0.3, [0.3, -0.1, 0.3, 0.3, 0.3])),
        outside=(failing(leads(-0.1), "people"), failing(leads(0.3, 0.1), "machines")),
        undecided=(failing(leads([-0.3, -0.3, 0.03, -0.3, -0.3]), "people"), failing(leads(0.3, 0.0), "machines")),
    ),
    **{
        claim: time_worlds(claim, who, "official")
        for who in ("people", "machines")
        for claim in (f"slow-images-mislead-{who}", f"slow-images-mislead-{who}-strict")
    },
    "slow-batches-mislead-people": time_worlds("slow-batches-mislead-people", "people", "held out"),
    "slow-batches-mislead-machines": time_worlds("slow-batches-mislead-machines", "machines", "held out"),
    **{
        claim: entropy_worlds(claim, who)
        for who in ("people", "machines")
        for claim in (f"ambiguous-images-mislead-{who}", f"ambiguous-images-mislead-{who}-strict")
    },
    "difficulties-partition-differently-strict": partition_worlds(
        true=[({"human": 0.3},), ({"human": 0.3, "hurry": 0.98},)],
        false=[({"machine": 0.1, "own": 0.7}, kinds("machine")), ({"crowd": 4, "human": 0.9}, kinds("human"))],
        inside=[({"machine": 0.5, "own": 0.5},), ({"crowd": 8, "human": 0.3},)],
        outside=[({"machine": 0.3, "own": 0.7}, kinds("machine")), ({"crowd": 4, "human": 0.75}, kinds("human"))],
    ),
    "times-partition-differently-strict": partition_worlds(
        true=[({"machine": 0.5},)],
        false=[({"machine": 0.5, "hurry": 0.95},)],
        inside=[({"machine": 0.5, "hurry": 0.6},)],
        outside=[({"machine": 0.5, "hurry": 0.85},)],
    ),
}
