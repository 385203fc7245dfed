"""Timings, side by side in one run: pytest benchmark/test_speed.py --benchmark-enable --benchmark-json now.json

Each group holds ours (``..._ours``) and the plain way of a peer, on the same input and with the same result; the number
in parentheses is how many times as slow as the group's fastest a row is. Nothing is asserted in seconds here:
``same-eyes timings before.json now.json`` compares two files by their ratios.
"""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from same_eyes.claims import Check, Estimate, read_claims
from same_eyes.measure import Measured
from same_eyes.measure.matching import strongest_mixed_match, weakest_match
from same_eyes.measure.mistakes import same_mistake
from same_eyes.metrics.bootstrap import bootstrap_sums, resample_counts
from same_eyes.metrics.matching import matching_matrix
from same_eyes.metrics.mistake_confusion import mistake_confusion, normalise_rows
from same_eyes.metrics.rank_correlation import rank_correlation
from same_eyes.metrics.teaming.threshold import best_eta
from same_eyes.places import leaf

pytestmark = pytest.mark.speed

# --- Training and the data it learns from

IMAGES = 1_280
TRAINING = f"training: {IMAGES // 256} steps, conv6, batch 256"
LOADING = f"loading: {IMAGES} images, moved and mirrored, in batches of 256"


@pytest.fixture(scope="module")
def torch():
    """Imported before a test begins, so that the memory it takes is not the test's."""
    found = pytest.importorskip("torch", reason="training and its data need torch: pip install 'same-eyes[train]'")
    import same_eyes.train  # noqa: F401

    return found


@pytest.fixture(scope="module")
def task():
    """Images of CIFAR-10's shape; what they show does not change how long a step takes."""
    from same_eyes.method import Task

    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (IMAGES, 3, 32, 32), dtype=np.uint8)
    return Task(pixels, rng.integers(0, 10, IMAGES), 10)


@pytest.fixture(scope="module")
def loader(task, torch):
    """Torchvision's transforms, image by image, in a DataLoader with two workers: float32, NCHW."""
    from torch.utils.data import DataLoader, Dataset
    from torchvision.transforms import Compose, Normalize, RandomCrop, RandomHorizontalFlip, ToPILImage, ToTensor

    move = Compose(
        [
            ToPILImage(),
            RandomCrop(32, 4, padding_mode="reflect"),
            RandomHorizontalFlip(),
            ToTensor(),
            Normalize((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)),
        ]
    )

    class Images(Dataset):
        def __len__(self):
            return IMAGES

        def __getitem__(self, i):
            return move(torch.from_numpy(task.images[i])), int(task.labels[i])

    return DataLoader(Images(), 256, shuffle=True, num_workers=2, persistent_workers=True)


@pytest.mark.benchmark(group=TRAINING)
def test_train_ours(benchmark, task, torch):
    from same_eyes.method import RECIPES, available
    from same_eyes.train import fit

    recipe = replace(RECIPES["small"], epochs=1)
    fitted = benchmark.pedantic(fit, (available()["ce"], task, recipe), {"progress": False}, rounds=5, warmup_rounds=1)
    assert len(fitted.history) == 1


@pytest.mark.benchmark(group=TRAINING)
def test_train_plain_torch(benchmark, loader, torch):
    from same_eyes.nets import BACKBONES

    def train():
        net = BACKBONES["conv6"](3, 10)
        optimiser = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
        losses = []
        for pixels, labels in loader:
            loss = torch.nn.functional.cross_entropy(net(pixels), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        return losses

    assert len(benchmark.pedantic(train, rounds=5, warmup_rounds=1)) == IMAGES // 256


@pytest.mark.benchmark(group=LOADING)
def test_load_ours(benchmark, task, torch):
    from same_eyes.method import RECIPES
    from same_eyes.train import _batches

    images = torch.from_numpy(task.images)

    def load():
        return [tuple(pixels.shape) for _, pixels in _batches(images, RECIPES["small"], torch.Generator())]

    assert benchmark(load) == [(256, 3, 32, 32)] * (IMAGES // 256)


@pytest.mark.benchmark(group=LOADING)
def test_load_torchvision(benchmark, loader):
    def load():
        return [tuple(pixels.shape) for pixels, _ in loader]

    assert benchmark.pedantic(load, rounds=5, warmup_rounds=1) == [(256, 3, 32, 32)] * (IMAGES // 256)


@pytest.fixture(scope="module")
def stored():
    """A store and one of its runs."""
    from same_eyes.method import available
    from same_eyes.store import Run, Store

    return Store(leaf("predictions"), available()), Run("digits", "tiny", "random1", "ce", "digits")


@pytest.mark.benchmark(group="reading: the predictions of one stored run")
def test_read_ours(benchmark, stored):
    """With hash, signature, shape and rows checked."""
    store, run = stored
    assert benchmark(store.load, run)["heldout"].probs.shape == (797, 10)


@pytest.mark.benchmark(group="reading: the predictions of one stored run")
def test_read_plain_numpy(benchmark, stored):
    """Whatever lies in the file."""
    store, run = stored

    def load():
        with np.load(store.root / f"{run.name}.npz") as archive:
            probs = np.exp(archive["heldout"].astype(np.float64))
        return probs / probs.sum(1, keepdims=True)

    assert benchmark(load).shape == (797, 10)


# --- Metrics


@pytest.fixture(scope="module")
def answers():
    """(labels of 16 classifiers right in about 85 % of 10,000 images, truth)."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 10, 10_000)
    wrong = rng.random((10_000, 16)) < 0.15
    return np.where(wrong, rng.integers(0, 10, (10_000, 16)), truth[:, None]), truth


@pytest.mark.benchmark(group="metric: mistake matrix of all pairs of 16 classifiers, 10,000 images")
def test_mistakes_ours(benchmark, answers):
    labels, truth = answers
    assert np.isfinite(benchmark(mistake_confusion, labels, None, truth, 10)).all()


@pytest.mark.benchmark(group="metric: mistake matrix of all pairs of 16 classifiers, 10,000 images")
def test_mistakes_loop_of_sklearn(benchmark, answers):
    from sklearn.metrics import confusion_matrix

    labels, truth = answers

    def loop():
        counts = np.zeros((10, 10))
        for f, g in itertools.permutations(range(labels.shape[1]), 2):
            both = (labels[:, f] != truth) & (labels[:, g] != truth)
            counts += confusion_matrix(labels[both, f], labels[both, g], labels=range(10))
        return normalise_rows(counts)

    np.testing.assert_allclose(
        benchmark.pedantic(loop, rounds=3, warmup_rounds=0), mistake_confusion(labels, None, truth, 10)
    )


@pytest.mark.benchmark(group="metric: matching of all pairs of 16 classifiers, 10,000 images")
def test_matching_ours(benchmark, answers):
    labels, truth = answers
    assert benchmark(matching_matrix, labels == truth[:, None]).shape == (16, 16)


@pytest.mark.benchmark(group="metric: matching of all pairs of 16 classifiers, 10,000 images")
def test_matching_loop_of_numpy(benchmark, answers):
    labels, truth = answers
    right = labels == truth[:, None]

    def loop():
        found = np.empty((16, 16))
        for a, b in itertools.product(range(16), repeat=2):
            found[a, b] = (right[right[:, b], a].mean() + (~right[~right[:, b], a]).mean()) / 2
        return found

    np.testing.assert_allclose(benchmark(loop), matching_matrix(right))


@pytest.fixture(scope="module")
def pair(answers):
    """Confidences of one classifier; whether it, and another, is right."""
    labels, truth = answers
    confidence = np.random.default_rng(1).beta(8, 2, len(truth)).round(4)
    return confidence, *(labels[:, :2] == truth[:, None]).T


@pytest.mark.benchmark(group="metric: the best threshold of a team, 10,000 images")
def test_threshold_ours(benchmark, pair):
    assert 0 < benchmark(best_eta, *pair)[1] <= 1


@pytest.mark.benchmark(group="metric: the best threshold of a team, 10,000 images")
def test_threshold_of_pandas(benchmark, pair):
    import pandas as pd

    confidence, machine, partner = pair

    def best():
        frame = pd.DataFrame({"confidence": confidence, "gain": partner.astype(int) - machine})
        gain = frame.groupby("confidence")["gain"].sum().cumsum()
        eta = gain.idxmax() if gain.max() > 0 else 0.0
        return eta, (machine.sum() + max(gain.max(), 0)) / len(frame)

    assert benchmark(best) == pytest.approx(best_eta(*pair))


@pytest.mark.benchmark(group="metric: rank correlations of 13 accuracies, 200 replicates")
def test_ranks_ours(benchmark):
    replicates, given = np.random.default_rng(2).random((200, 13)), np.arange(13.0)
    assert benchmark(rank_correlation, replicates, given).shape == (200,)


@pytest.mark.benchmark(group="metric: rank correlations of 13 accuracies, 200 replicates")
def test_ranks_loop_of_scipy(benchmark):
    from scipy.stats import spearmanr

    replicates, given = np.random.default_rng(2).random((200, 13)), np.arange(13.0)

    def loop():
        return [spearmanr(row, given).statistic for row in replicates]

    np.testing.assert_allclose(benchmark.pedantic(loop, rounds=5, warmup_rounds=1), rank_correlation(replicates, given))


@pytest.mark.benchmark(group="metric: bootstrap of 16 accuracies, 2,000 replicates")
def test_bootstrap_ours(benchmark, answers):
    labels, truth = answers
    right = (labels == truth[:, None]).astype(np.uint8)

    def ours():
        return bootstrap_sums(right, resample_counts(len(right))) / len(right)

    assert benchmark(ours).shape == (2000, 16)


@pytest.mark.benchmark(group="metric: bootstrap of 16 accuracies, 2,000 replicates")
def test_bootstrap_of_scipy(benchmark, answers):
    from scipy.stats import bootstrap

    labels, truth = answers
    right = (labels == truth[:, None]).astype(np.float32)

    def theirs():
        return bootstrap(
            (right,), lambda x, axis: x.mean(axis), n_resamples=2000, axis=0, method="percentile", batch=20
        )

    result = benchmark.pedantic(theirs, rounds=3, warmup_rounds=0)
    assert result.bootstrap_distribution.shape == (16, 2000)


# --- Claims: from a study's answers to the verdict

REPLICATES = 20  # so few because the peers draw them one by one


@pytest.fixture(scope="module")
def study():
    """Three people and thirteen machines on 10,000 images, the machines with an eye of their own."""
    from same_eyes.testing.worlds import Observer, simulated_study

    people = [Observer(0.82, eye="people", trap=0.3)] * 3
    machines = {f"machine {i}": Observer(0.85, shared=0.8, trap=0.8) for i in range(13)}
    return simulated_study(people, machines, images=10_000)


@pytest.fixture(scope="module")
def claims():
    return read_claims(leaf("expected"))


def drawn(study):
    """Positions of the images of each bootstrap sample, all images first."""
    return [np.arange(10_000), *(np.repeat(np.arange(10_000), w) for w in resample_counts(10_000, REPLICATES))]


@pytest.mark.benchmark(group="claim 6: machines share more mistakes than people, 20 replicates")
def test_mistakes_claim_ours(benchmark, study, claims):
    def judge():
        measured, check = Measured(study, REPLICATES), Check(claims["machines-err-together-strict"])
        check.greater(same_mistake(measured, "MM"), than=same_mistake(measured, "HH"))
        return check.record[0].verdict

    assert benchmark(judge) == "reproduced"


@pytest.mark.benchmark(group="claim 6: machines share more mistakes than people, 20 replicates")
def test_mistakes_claim_loop_of_numpy(benchmark, study, claims):
    groups = [study.machine_labels(), study.people.labels]

    def shared(labels, images):
        counts = np.zeros(100)
        wrong = labels[images] != study.truth[images, None]
        for f, g in itertools.permutations(range(labels.shape[1]), 2):
            both = images[wrong[:, f] & wrong[:, g]]
            counts += np.bincount(10 * labels[both, f] + labels[both, g], minlength=100)
        return np.diagonal(normalise_rows(counts.reshape(10, 10))).mean()

    def judge():
        difference = [shared(groups[0], images) - shared(groups[1], images) for images in drawn(study)]
        check = Check(claims["machines-err-together-strict"])
        check.greater(Estimate.from_replicates(difference[0], difference[1:]))
        return check.record[0].verdict

    assert benchmark.pedantic(judge, rounds=3, warmup_rounds=0) == "reproduced"


@pytest.mark.benchmark(group="claim 26: machines match machines more than people, 20 replicates")
def test_matching_claim_ours(benchmark, study):
    def judge():
        measured = Measured(study, REPLICATES)
        first, *others = measured.machines
        return (weakest_match(measured, first, others) - strongest_mixed_match(measured)).low

    assert benchmark(judge) > 0


@pytest.mark.benchmark(group="claim 26: machines match machines more than people, 20 replicates")
def test_matching_claim_loop_of_numpy(benchmark, study):
    labels = np.concatenate([study.machine_labels(), study.people.labels], 1)
    right = labels == study.truth[:, None]

    def matches(images):
        found = np.empty((16, 16))
        for a, b in itertools.product(range(16), repeat=2):
            known, other = right[images, b], right[images, a]
            found[a, b] = (other[known].mean() + (~other[~known]).mean()) / 2
        return found

    def judge():
        found = np.array([matches(images) for images in drawn(study)])
        weakest = 1 + found[0, 0, 1:13].argmin()
        mixed = np.unravel_index(found[0, :13, 13:].argmax(), (13, 3))
        difference = found[:, 0, weakest] - found[:, mixed[0], 13 + mixed[1]]
        return Estimate.from_replicates(difference[0], difference[1:]).low

    assert benchmark.pedantic(judge, rounds=3, warmup_rounds=0) > 0
