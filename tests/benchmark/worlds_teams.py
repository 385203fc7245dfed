"""Planted worlds for Sections 3.4 and 4: who errs where, and how sure the machines are of it, cell by cell."""

from functools import partial

import numpy as np

from same_eyes.testing.worlds import World, Worlds
from same_eyes.types import Annotators, Predictions, Study

PEOPLE = {"H1": "Human 1", "H2": "Human 2", "H3": "Human 3"}
ALL = "H1 H2 H3 A"  # the people and their majority


def study_of(*cells, images=2000, machines="CE GCE Co-teaching", labels=None, classes=10):
    """A study from its cells: how many images, who errs, the machines' confidence where they err and where not.

    Left out, these are 0.35 and 0.9, so that a machine that errs at 0.95 is asked last. Nobody errs on the images that
    are left over. "A" is the majority. ``labels`` is what each machine was trained on, labels and backbone alike.
    """
    machines = machines.split()
    who = [*PEOPLE, "A", *machines]
    cells = [*cells, (images - sum(count for count, *_ in cells), "")]
    counts = [count for count, *_ in cells]
    assert min(counts) >= 0, "more images in the cells than there are"
    wrong = np.array([[name in erring.split() for name in who] for _, erring, *_ in cells])
    sure = np.array([(*rest, 0.35, 0.9)[:2] if len(rest) != 1 else (rest[0], 0.9) for _, _, *rest in cells])
    order = np.random.default_rng(0).permutation(images)
    wrong, sure = (np.repeat(values, counts, axis=0)[order] for values in (wrong, sure))
    truth = np.arange(images) % classes
    answers = dict(zip(who, ((truth[:, None] + wrong) % classes).T, strict=True))
    runs = {}
    for name in machines:
        confidence = np.where(answers[name] == truth, sure[:, 1], sure[:, 0])
        probs = np.repeat((1 - confidence[:, None]) / (classes - 1), classes, axis=1)
        probs[np.arange(images), answers[name]] = confidence
        group = (labels or {}).get(name, "random1")
        runs[name] = [Predictions(probs, method=name, labels=group, backbone=group)]
    people = Annotators(np.stack([answers[name] for name in PEOPLE], 1), classes, names=tuple(PEOPLE.values()))
    names = [f"class {c}" for c in range(classes)]
    return Study("planted", truth, people, runs, names, group=np.arange(images) // 10, aggregate=answers["A"])


def world(*cells, fails=(), **more):
    return World(partial(study_of, *cells, **more), fails=fails)


def cases(*axes):
    """Names of the cases of all combinations."""
    names = [""]
    for axis in axes:
        names = [f"{name} vs {value}" if name else value for name in names for value in axis]
    return set(names)


MACHINES = ["CE", "GCE", "Co-teaching"]
HUMANS = list(PEOPLE.values())
BOTH = ["CE", "GCE"]


# --- Who gains more: by a person ``person`` images, by a machine ``machine`` images ---------------------------


def partners(person, machine, fails=(), **more):
    """All machines err on ``person`` images that people get; each alone errs on ``machine`` images, as people do."""
    alone = [(machine, f"{name} {ALL}") for name in MACHINES]
    return world((person, "CE GCE Co-teaching"), *alone, (300, ALL), images=3000, fails=fails, **more)


def strong_machine(fails=()):
    """GCE is far better than CE: a good partner by accuracy, though the two gain little over GCE."""
    cells = [(100, "CE GCE"), (50, "CE"), (250, f"CE {ALL}"), (10, f"GCE {ALL}"), (300, ALL)]
    return world(*cells, machines="CE GCE", fails=fails)


def strong_person(fails=()):
    """People are better than the machines: they add much to a machine, but little to themselves."""
    cells = [(170, "CE GCE"), (70, f"CE GCE {ALL}")]
    cells += [cell for name in BOTH for cell in ((80, name), (80, f"{name} {ALL}"))]
    return world(*cells, machines="CE GCE", fails=fails)


def weak_person(fails=()):
    """Human 3 errs wherever a machine does."""
    alone = [(20, f"{name} {ALL}") for name in MACHINES]
    return world((200, "CE GCE Co-teaching H3"), *alone, (300, ALL), fails=fails)


def pair(gain, images=8000, **more):
    """Two machines gain this share of the images, people another."""
    count = round(gain * images)
    return world((400, "CE GCE"), (count, f"CE {ALL}"), (count, f"GCE {ALL}"), images=images, machines="CE GCE", **more)


def majority(up, down, images, fails=()):
    """Both machines err alike; on ``up`` images only the majority knows, on ``down`` images only people do."""
    cells = [(100, "CE GCE"), (up, "CE GCE H1 H2 H3"), (down, "CE GCE A"), (300, ALL)]
    return world(*cells, images=images, machines="CE GCE", fails=fails)


def example(with_person, with_majority, fails=()):
    """CE's accuracy with a person and with the majority."""
    both, one = round(4000 * (1 - with_majority)), round(4000 * (with_majority - with_person))
    cells = [(both, f"CE {ALL}"), (one, "CE H1 H2 H3"), (400, "CE"), (200, ALL)]
    return world(*cells, images=4000, fails=fails)


def gained(count, fails=()):
    """Alone the machines miss ``count`` images that people get."""
    return world((count, "CE GCE Co-teaching"), (400, ALL), fails=fails)


# --- Figure 7's matrices, for three of its machines ---------------------------------------------------------

ERRORS = {
    "CORES CE GCE": 280,
    "CE GCE": 226,
    "CORES CE": 27,
    "CORES GCE": 15,
    "CORES": 298,
    "CE": 69,
    "GCE": 25,
}  # images of 4,000 on which these err, by the accuracies and the oracle gains of Figure 7a
TURNED = {"CORES CE GCE": 250, "CORES CE": 20, "CORES": 50, "CE GCE": 100, "CE": 100, "GCE": 250}  # the other order
COMPARED = ["values", "ranks of people", "ranks of machines"]


def oracle_matrix(person, majority, fails=(), errors=ERRORS):
    """People get the share ``person`` of what machines miss, the majority ``majority`` (more, or less)."""
    cells = []
    for erring, count in errors.items():
        shares = [
            (min(person, majority), ""),
            (max(person - majority, 0), " A"),
            (max(majority - person, 0), " H1 H2 H3"),
        ]
        known = [(round(5 * count * share), erring + others) for share, others in shares]
        cells += [*known, (5 * count - sum(size for size, _ in known), f"{erring} {ALL}")]
    return world(*cells, images=20_000, machines="CORES CE GCE", fails=fails)


def realistic_matrix(scale, fails=(), errors=ERRORS, others="H1 H2 H3"):
    """As Figure 7b: machines doubt most of what all of them miss and little of the rest; ``others`` get less of it."""
    cells = []
    for erring, count in errors.items():
        known, majority_only = (0.54, 0.39) if erring == "CORES CE GCE" else (0.15, 0.06)
        sizes = [round(5 * count * scale * share) for share in (known, majority_only)]
        cells += [(sizes[0], erring), (sizes[1], f"{erring} {others}")]
        cells.append((5 * count - sum(sizes), erring, 0.95))
    return world(*cells, (3000, ALL), images=20_000, machines="CORES CE GCE", fails=fails)


# --- Thresholds ---------------------------------------------------------------------------------------------


def doubted(counts, conf, fails=()):
    """Each machine alone misses so many images at this confidence; people know them."""
    cells = [(count, name, conf) for name, count in zip(MACHINES, counts, strict=True)]
    return world(*cells, (300, ALL), fails=fails)


def harmful(fails=()):
    """People know less than the machines even where those are not sure."""
    cells = [(count, name) for count, name in zip((10, 14, 22), MACHINES, strict=True)]
    return world(*cells, (100, ALL, 0.35, 0.55), (300, ALL), fails=fails)


def seen(visible, hidden, fails=()):
    """Of what the machines miss and people know, they doubt ``visible`` images and are sure of ``hidden``."""
    erring = "CE GCE Co-teaching"
    return world((visible, erring), (hidden, erring, 0.95), (500, ALL), fails=fails)


PRETRAINED = ["PLS", "F-Div", "GCE", "FW", "PeerLoss", "BW"]


def losses(at_06, at_05, at_04, fails=(), machines=PRETRAINED):
    """Images that a machine's team loses to the best eta: at 0.6; further at 0.5; and further at 0.4."""
    cells = []
    for count, name in zip(at_06, machines, strict=True):
        cells += [(size, _with_nls(name), conf) for size, conf in ((count, 0.65), (at_05, 0.55), (at_04, 0.45))]
    extra = " NLS" if machines is PRETRAINED else ""
    return world(*cells, (300, ALL), images=3000, machines=" ".join(machines) + extra, fails=fails)


def by_chance(machines=PRETRAINED, fails=(), flips=288):
    """Above 0.6 it is chance who is right: there the best eta gains in hindsight, one of other images does not."""
    random = np.random.default_rng(4)  # a draw in which chance gains much
    cells = [(1, ALL, 0.35, conf) for conf in random.uniform(0.6, 0.95, flips)]
    for name in machines:
        cells += [(1, _with_nls(name), conf) for conf in random.uniform(0.6, 0.95, flips)]
        cells += [(60, _with_nls(name), 0.55), (30, _with_nls(name), 0.45)]
    extra = " NLS" if machines is PRETRAINED else ""
    return world(*cells, images=3000, machines=" ".join(machines) + extra, fails=fails)


def _with_nls(name):
    return "GCE NLS" if name == "GCE" else name


WHO = ["Human 1", "mean of people", "best person", "Aggre"]
SETS = ["the six", "NLS for GCE"]
AT_06 = cases(["0.6"], SETS, WHO)
BELOW = cases(["0.4", "0.5"], SETS, WHO)
MULTI = ["Co-teaching+", "JoCoR", "Co-teaching"]
multi = partial(losses, machines=MULTI)
MULTI_06 = cases(["0.6"], WHO)

ORACLE = {
    "person-gains-more-oracle": Worlds(
        true=(partners(200, 20), strong_machine(), strong_person()),
        false=partners(20, 200, fails=MACHINES),
        inside=partners(150, 90),
        outside=partners(90, 150, fails=MACHINES),
    ),
    "person-gains-more-oracle-strict": Worlds(
        true=(partners(200, 20), strong_person()),
        false=(
            partners(20, 200, fails=cases(MACHINES, HUMANS)),
            strong_machine(fails=cases(["CE"], HUMANS)),
            weak_person(fails=cases(MACHINES, ["Human 3"])),
        ),
        inside=partners(150, 90),
        outside=partners(90, 150, fails=cases(MACHINES, HUMANS)),
    ),
    "ce-example": Worlds(
        true=example(0.9582, 0.9713),
        false=example(0.80, 0.82, fails=["Human 1", "Aggre"]),
        inside=example(0.953, 0.966),
        outside=(example(0.936, 0.950, fails=["Human 1", "Aggre"]), example(0.936, 0.971, fails=["Human 1"])),
    ),
    "weaker-person-helps-more": Worlds(
        true=partners(200, 20),
        false=(partners(20, 200, fails=[""]), weak_person(fails=[""])),
        inside=partners(150, 90),
        outside=partners(90, 150, fails=[""]),
    ),
    "weaker-person-helps-more-strict": Worlds(
        true=(partners(200, 20), strong_person()),
        false=(partners(20, 200, fails=MACHINES), weak_person(fails=MACHINES), strong_machine(fails=["CE"])),
        inside=partners(150, 90),
        outside=partners(90, 150, fails=MACHINES),
    ),
    "machine-pairs-gain-mildly": Worlds(
        true=pair(0.068),
        false=pair(0.15, fails=BOTH),
        inside=pair(0.0625),
        outside=pair(0.035, fails=BOTH),
    ),
    "machine-pairs-gain-mildly-strict": Worlds(
        true=(partners(300, 20), strong_machine()),
        false=(partners(20, 200, fails=MACHINES), strong_person(fails=BOTH)),
        inside=partners(220, 90),  # of 3,000 images; the margin is 50
        outside=partners(110, 130, fails=MACHINES),
    ),
    "majority-adds-little-oracle": Worlds(
        true=majority(99, 0, 8000),
        false=majority(400, 0, 8000, fails=BOTH),
        inside=majority(80, 0, 8000),
        outside=majority(20, 0, 8000, fails=BOTH),
    ),
    "team-beats-each-member": Worlds(
        true=gained(200),
        false=gained(10, fails=cases(MACHINES, HUMANS, ["the machine"])),
        inside=gained(109),  # the margin is 108.6 of 2,000 images
        outside=gained(108, fails=cases(MACHINES, HUMANS, ["the machine"])),
    ),
    "team-beats-each-member-strict": Worlds(
        true=gained(250),
        false=(gained(10, fails=cases(MACHINES, HUMANS)), strong_person(fails=cases(BOTH, HUMANS))),
        inside=gained(155),
        outside=gained(68, fails=cases(MACHINES, HUMANS)),
    ),
    "oracle-matrix": Worlds(
        true=oracle_matrix(0.72, 0.81),
        false=(
            oracle_matrix(0.3, 0.34, fails=["values"]),
            oracle_matrix(0.5, 0.1, fails=COMPARED, errors=TURNED),
        ),
        inside=oracle_matrix(0.62, 0.71),
        outside=oracle_matrix(0.54, 0.62, fails=["values"]),
    ),
}

RIVALS = ["the person", "the machine", "two machines"]

REALISTIC = {
    "person-gains-more-realistic": Worlds(
        true=(partners(200, 20), strong_machine(), strong_person()),
        false=partners(20, 200, fails=MACHINES),
        inside=partners(150, 90),
        outside=partners(90, 150, fails=MACHINES),
    ),
    "person-gains-more-realistic-strict": Worlds(
        true=(partners(200, 20), strong_person()),
        false=(
            partners(20, 200, fails=cases(MACHINES, HUMANS)),
            strong_machine(fails=cases(["CE"], HUMANS)),
            weak_person(fails=cases(MACHINES, ["Human 3"])),
        ),
        inside=partners(150, 90),
        outside=partners(90, 150, fails=cases(MACHINES, HUMANS)),
    ),
    "machine-pairs-gain-marginally": Worlds(
        true=pair(0.0195),
        false=pair(0.08, fails=BOTH),
        inside=pair(0.0188),
        outside=pair(0.04, fails=BOTH),
    ),
    "machine-pairs-gain-marginally-strict": Worlds(
        true=(partners(300, 20), strong_machine()),
        false=(partners(20, 200, fails=MACHINES), strong_person(fails=BOTH)),
        inside=partners(200, 90),  # of 3,000 images; the margin is 34
        outside=partners(110, 145, fails=MACHINES),
    ),
    "majority-gains-more-realistic": Worlds(
        true=majority(240, 0, 8000),
        false=majority(0, 0, 8000, fails=BOTH),
        inside=majority(276, 0, 8000),
        outside=majority(400, 0, 8000, fails=BOTH),
    ),
    "majority-gains-more-realistic-strict": Worlds(
        true=majority(150, 0, 2000),
        false=majority(0, 90, 2000, fails=cases(BOTH, HUMANS)),
        inside=majority(65, 25, 2000),
        outside=majority(25, 65, 2000, fails=cases(BOTH, HUMANS)),
    ),
    "threshold-improves": Worlds(
        true=doubted([100, 110, 120], 0.55),
        false=harmful(fails=HUMANS),
        inside=doubted([10, 14, 22], 0.55),  # p = 0.049
        outside=doubted([10, 14, 23], 0.55, fails=HUMANS),  # p = 0.055
    ),
    "threshold-improves-strict": Worlds(
        true=doubted([100, 110, 120], 0.55),
        false=(harmful(fails=cases(MACHINES, HUMANS)), doubted([100, 110, 120], 0.65, fails=cases(MACHINES, HUMANS))),
        inside=doubted([6, 7, 8], 0.55),  # p = 0.031
        outside=doubted([5, 100, 100], 0.55, fails=cases(["CE"], HUMANS)),  # p = 0.062
    ),
    "eta-as-good-as-best-pretrained": Worlds(
        true=losses([0, 0, 0, 0, 0, 3], 20, 20),
        false=(losses([20, 21, 22, 20, 21, 22], 20, 20, fails=AT_06), losses([0, 0, 0, 0, 0, 3], 0, 0, fails=BELOW)),
        inside=losses([0, 0, 1, 2, 4, 3], 20, 20),  # p = 0.054
        outside=losses([0, 1, 2, 3, 5, 2], 20, 20, fails=AT_06),
    ),
    "eta-as-good-as-best-pretrained-one-sided-strict": Worlds(
        true=losses([0, 0, 0, 0, 0, 3], 20, 20),
        false=(losses([20, 21, 22, 20, 21, 22], 20, 20, fails=AT_06), losses([0, 0, 0, 0, 0, 3], 0, 0, fails=BELOW)),
        inside=losses([0, 0, 0, 1, 3, 2], 20, 20),  # one-sided p = 0.055
        outside=losses([0, 0, 1, 2, 4, 3], 20, 20, fails=AT_06),  # one-sided p = 0.027
    ),
    "eta-as-good-as-best-pretrained-equivalent-strict": Worlds(
        true=losses([3, 3, 3, 3, 3, 4], 40, 20),
        false=(losses([40, 41, 42, 40, 41, 42], 20, 20, fails=AT_06), losses([0, 0, 0, 0, 0, 3], 0, 0, fails=BELOW)),
        inside=losses([8, 8, 8, 8, 8, 9], 40, 20),  # of 3,000 images; the margin is 12 a machine
        outside=losses([18, 18, 18, 18, 18, 19], 40, 20, fails=AT_06),
        undecided=by_chance(fails=AT_06),  # in hindsight at 0.6 more than a tenth is lost
    ),
    "no-eta-as-good-as-best-multi-network": Worlds(
        true=multi([20, 21, 22], 20, 20),
        false=multi([0, 0, 3], 100, 20, fails=MULTI_06),
        inside=multi([10, 14, 22], 100, 20),  # p = 0.049
        outside=multi([10, 14, 23], 100, 20, fails=MULTI_06),  # p = 0.055
    ),
    "no-eta-as-good-as-best-multi-network-strict": Worlds(
        true=(multi([40, 41, 42], 20, 20), multi([120, 0, 0], 60, 20)),
        false=multi([0, 0, 1], 100, 20, fails=MULTI_06),
        inside=multi([19, 19, 20], 60, 20),  # of 3,000 images; the margin is 8.7 a machine
        outside=multi([3, 4, 4], 60, 20, fails=MULTI_06),
        undecided=by_chance(MULTI, fails=MULTI_06),
    ),
    "oracle-above-realistic": Worlds(
        true=seen(100, 200),
        false=seen(100, 0, fails=cases(MACHINES, HUMANS)),
        inside=seen(100, 96),  # the margin is 54.6 of 2,000 images
        outside=seen(100, 30, fails=cases(MACHINES, HUMANS)),
    ),
    "oracle-above-realistic-strict": Worlds(
        true=seen(100, 200),
        false=seen(100, 0, fails=cases(MACHINES, HUMANS)),
        inside=seen(175, 125),
        outside=seen(245, 55, fails=cases(MACHINES, HUMANS)),
    ),
    "team-beats-all": Worlds(
        true=(partners(200, 20), strong_machine()),
        false=partners(20, 200, fails=cases(MACHINES, ["two machines"])),
        inside=partners(150, 90),
        outside=partners(90, 150, fails=cases(MACHINES, ["two machines"])),
    ),
    "team-beats-all-strict": Worlds(
        true=partners(200, 20),
        false=(
            partners(20, 200, fails=cases(MACHINES, HUMANS, ["two machines"])),
            strong_machine(fails=cases(["CE"], HUMANS, ["two machines"])),
        ),
        inside=seen(7, 0),  # p = 0.016, three times that by Holm
        outside=seen(6, 0, fails=cases(MACHINES, HUMANS, ["the machine", "two machines"])),  # p = 0.031
    ),
    "realistic-matrix": Worlds(
        true=realistic_matrix(1.0),
        false=(
            realistic_matrix(0.2, fails=["values"]),
            realistic_matrix(1.0, fails=COMPARED, errors=TURNED, others="A"),
        ),
        inside=realistic_matrix(0.95),
        outside=realistic_matrix(0.7, fails=["values"]),
    ),
}


# --- Matching: the machines of all sets of runs are the same here ------------------------------------------

TRAINED_ON = {"CE": "one", "GCE": "one", "Co-teaching": "another"}


def matching(*cells, fixture, fails=()):
    make = partial(study_of, *cells, images=3000, labels=TRAINED_ON)
    return World(make, also={fixture: make}, fails=fails)


def alike(together, alone, people):
    """All machines err on ``together`` images, each alone on ``alone``, and people on these and on ``people`` more."""
    return (together, "CE GCE Co-teaching"), *[(alone, f"{name} {ALL}") for name in MACHINES], (people, ALL)


SPLIT = [(150, "CE Co-teaching"), (50, f"CE Co-teaching {ALL}"), (150, "GCE Co-teaching")]
SPLIT += [(50, f"GCE Co-teaching {ALL}"), (250, ALL)]  # CE and GCE, trained on one thing, never err together
BALANCED = cases(MACHINES, ["column", "row", "pooled"])


def sensitivity(varied, fixture):
    world_of = partial(matching, fixture=fixture)
    return {
        f"machines-match-across-{varied}": Worlds(
            true=world_of(*alike(200, 20, 300)),
            false=(world_of(*alike(20, 200, 0), fails=MACHINES), world_of(*SPLIT, fails=BOTH)),
            inside=world_of(*alike(110, 110, 0)),
            outside=world_of(*alike(60, 180, 0), fails=MACHINES),
        ),
        f"machines-match-across-{varied}-strict": Worlds(
            true=(world_of(*alike(200, 20, 300)), world_of(*SPLIT)),
            false=world_of(*alike(20, 200, 0), fails=BALANCED),
            inside=world_of(*alike(180, 130, 0)),
            outside=world_of(*alike(60, 180, 0), fails=BALANCED),
        ),
    }


LABELS = sensitivity("labels", "measured_labels")
BACKBONES = sensitivity("backbones", "measured_backbones")

WORLDS = ORACLE | REALISTIC | LABELS | BACKBONES
