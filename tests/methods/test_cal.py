from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from methods.cal import METHOD, distil, first_objective, loss, objective  # noqa: E402
from same_eyes.method import Task  # noqa: E402

PRIOR = [0.1, 0.3, 0.2, 0.2, 0.2]


@pytest.fixture
def distilled(labels):
    return torch.where(torch.arange(len(labels)) % 3 == 0, (labels + 1) % 5, labels)


def test_nothing_to_take_out_is_cross_entropy(logits, labels, ce):
    # every label is the distilled one: the labels do not vary within a class
    ours = loss(logits, labels, distilled=labels, weight=1.0, alpha=0.0, prior=PRIOR)
    torch.testing.assert_close(ours, ce.mean())


def test_weight_zero_leaves_the_covariance_out(logits, labels, distilled, ce):
    ours = loss(logits, labels, distilled=distilled, weight=0.0, alpha=0.5, prior=PRIOR)
    peer = -(logits.log_softmax(1) @ torch.tensor(PRIOR, dtype=torch.float64)).mean()
    torch.testing.assert_close(ours, ce.mean() - 0.5 * peer)


def test_takes_out_the_covariance_within_each_distilled_class(logits, labels, distilled, ce):
    each = -logits.log_softmax(1).detach().numpy()
    total = 0.0
    for i in range(5):
        inside = (distilled == i).numpy()
        for k in range(5):
            if inside.any():
                given = (labels.numpy() == k)[inside].astype(float)
                total += inside.mean() * np.cov(given, each[inside, k], bias=True)[0, 1]
    ours = loss(logits, labels, distilled=distilled, weight=1.0, alpha=0.0, prior=PRIOR)
    assert ours.item() == pytest.approx(ce.mean().item() - total)
    assert abs(total) > 1e-3


def test_each_samples_weight_counts(logits, labels, distilled):
    def at(weight):
        return loss(logits, labels, distilled=distilled, weight=weight, alpha=0.0, prior=PRIOR)

    ones = torch.ones(len(labels), dtype=torch.float64)
    torch.testing.assert_close(at(ones), at(1.0))
    halves = [at(ones * (torch.arange(len(labels)) % 2 == parity)) for parity in (0, 1)]
    torch.testing.assert_close(sum(halves), at(1.0) + at(0.0))


def test_the_training_sets_shares_stand_in_for_the_batchs(logits, labels, distilled):
    one_hot = torch.nn.functional.one_hot
    joint = (one_hot(distilled, 5).T @ one_hot(labels, 5)) / len(labels)
    settings = {"distilled": distilled, "weight": 1.0, "alpha": 1.0, "prior": PRIOR}
    ours = loss(logits, labels, **settings, joint=joint)
    torch.testing.assert_close(ours, loss(logits, labels, **settings))
    other = loss(logits, labels, **settings, joint=torch.full((5, 5), 0.04))
    assert abs((other - ours).item()) > 1e-3


def test_gradient(logits, labels, distilled):
    def scalar(z):
        return loss(z, labels, distilled=distilled, weight=1.0, alpha=1.0, prior=PRIOR)

    assert torch.autograd.gradcheck(scalar, logits)


def test_extreme_logits_stay_finite(extreme, finite):
    logits, labels = extreme
    finite(loss(logits, labels, distilled=labels.flip(0), weight=1.0, alpha=1.0, prior=PRIOR), logits)


def test_distils_by_hand():
    sure = [1.0 - 9e-8] + [1e-8] * 9  # score -16.6: far below -8, keeps its label
    unsure = [0.6] + [0.4 / 9] * 9
    probs = torch.tensor([sure, unsure, unsure])
    assert distil(probs, torch.tensor([0, 3, 0])).tolist() == [0, 0, 0]
    assert distil(probs[:1], torch.tensor([4])).tolist() == [0]


def _task(settings, start=None):
    labels = np.array([0, 0, 1, 1, 1, 2])
    return Task(np.zeros((6, 1, 2, 2), np.uint8), labels, 3, settings=settings, start=start)


def test_the_first_stage_starts_as_cross_entropy_and_ends_with_its_regulariser():
    step = first_objective(_task(METHOD.first_stage.settings))
    logits, labels = torch.eye(3), torch.tensor([0, 1, 1])
    plain = torch.nn.functional.cross_entropy(logits, labels)
    torch.testing.assert_close(step((logits,), SimpleNamespace(labels=labels, progress=0.0)), plain)
    q = torch.tensor([2.0, 3.0, 1.0]).sqrt()
    regulariser = -(logits.log_softmax(1) @ (q / q.sum())).mean()
    late = step((logits,), SimpleNamespace(labels=labels, progress=0.9))
    torch.testing.assert_close(late, (plain - 2 * regulariser) / 3)


def test_the_objective_distils_from_the_first_stages_answers():
    start = torch.eye(3)[[0, 1, 1, 1, 2, 2]] * 0.7 + 0.1
    step = objective(_task({"alpha": 1.0, "climb": (0.1, 0.4)}, start))
    index = torch.tensor([1, 2, 4, 5])
    batch = SimpleNamespace(index=index, labels=torch.tensor([0, 1, 1, 2]), progress=0.9)
    logits = torch.eye(4)[:, :3]
    joint = torch.tensor([[1.0, 0, 0], [1, 2, 0], [0, 1, 1]]) / 6
    known = {"distilled": torch.tensor([1, 1, 2, 2]), "weight": 1.0, "prior": [1 / 3, 1 / 2, 1 / 6], "joint": joint}
    expected = loss(logits, batch.labels, **known, alpha=1.0) / 2
    torch.testing.assert_close(step((logits,), batch), expected)
