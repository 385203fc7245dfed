"""Timings, side by side in one run: pytest benchmark/test_speed.py --benchmark-enable

Each group holds the plain way and ours; the number in parentheses is how many times as slow as the group's
fastest a row is. Nothing is asserted in seconds.
"""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from same_eyes.metrics.bootstrap import bootstrap_sums, resample_counts
from same_eyes.metrics.mistake_confusion import mistake_confusion, normalise_rows

pytestmark = pytest.mark.speed

IMAGES, EPOCHS = 5_120, 2


@pytest.fixture(scope="module")
def task():
    """Images of CIFAR-10's shape; what they show does not change how long a step takes."""
    from same_eyes.method import Task

    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (IMAGES, 3, 32, 32), dtype=np.uint8)
    return Task(pixels, rng.integers(0, 10, IMAGES), 10)


@pytest.mark.benchmark(group=f"training: {EPOCHS} epochs of {IMAGES} images, conv6, batch 256")
def test_train_ours(benchmark, task):
    from same_eyes.method import RECIPES, available
    from same_eyes.train import fit

    recipe = replace(RECIPES["small"], epochs=EPOCHS)
    fitted = benchmark.pedantic(fit, (available()["ce"], task, recipe), {"progress": False}, rounds=3, warmup_rounds=1)
    assert len(fitted.history) == EPOCHS


@pytest.mark.benchmark(group=f"training: {EPOCHS} epochs of {IMAGES} images, conv6, batch 256")
def test_train_plain(benchmark, task):
    """Float32, NCHW, torchvision's transforms image by image in a DataLoader with two workers."""
    import torch
    from torch.utils.data import DataLoader, Dataset
    from torchvision.transforms import Compose, Normalize, RandomCrop, RandomHorizontalFlip, ToPILImage, ToTensor

    from same_eyes.nets import BACKBONES

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

    loader = DataLoader(Images(), 256, shuffle=True, num_workers=2, persistent_workers=True)

    def train():
        net = BACKBONES["conv6"](3, 10)
        optimiser = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
        losses = []
        for _ in range(EPOCHS):
            for pixels, labels in loader:
                loss = torch.nn.functional.cross_entropy(net(pixels), labels)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                losses.append(loss.item())
        return losses

    assert len(benchmark.pedantic(train, rounds=3, warmup_rounds=1)) == EPOCHS * IMAGES // 256


@pytest.fixture(scope="module")
def answers():
    """(labels of 16 classifiers right in about 85 % of 10,000 images, truth)."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 10, 10_000)
    wrong = rng.random((10_000, 16)) < 0.15
    return np.where(wrong, rng.integers(0, 10, (10_000, 16)), truth[:, None]), truth


@pytest.mark.benchmark(group="mistake matrix of all pairs of 16 classifiers, 10,000 images")
def test_mistakes_ours(benchmark, answers):
    labels, truth = answers
    assert np.isfinite(benchmark(mistake_confusion, labels, None, truth, 10)).all()


@pytest.mark.benchmark(group="mistake matrix of all pairs of 16 classifiers, 10,000 images")
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
        benchmark.pedantic(loop, rounds=3, warmup_rounds=1), mistake_confusion(labels, None, truth, 10)
    )


@pytest.mark.benchmark(group="bootstrap of 16 accuracies, 2,000 replicates")
def test_bootstrap_ours(benchmark, answers):
    labels, truth = answers
    right = (labels == truth[:, None]).astype(np.uint8)

    def ours():
        return bootstrap_sums(right, resample_counts(len(right))) / len(right)

    assert benchmark(ours).shape == (2000, 16)


@pytest.mark.benchmark(group="bootstrap of 16 accuracies, 2,000 replicates")
def test_bootstrap_scipy(benchmark, answers):
    from scipy.stats import bootstrap

    labels, truth = answers
    right = (labels == truth[:, None]).astype(np.float32)

    def theirs():
        return bootstrap(
            (right,), lambda x, axis: x.mean(axis), n_resamples=2000, axis=0, method="percentile", batch=20
        )

    result = benchmark.pedantic(theirs, rounds=2, warmup_rounds=0)
    assert result.bootstrap_distribution.shape == (16, 2000)
