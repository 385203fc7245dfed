"""The contract catches what it says it catches."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from methods.ce import loss  # noqa: E402
from same_eyes.method import Method, available, pointwise  # noqa: E402
from same_eyes.testing import check_method  # noqa: E402
from same_eyes.train import Diverged  # noqa: E402

pytestmark = pytest.mark.contract
GOOD = Method("own", title="Own", paper="none", objective=pointwise(loss), starts_from="ce")


def test_is_loaded_without_torch_only_when_asked_for():
    import same_eyes.testing

    assert same_eyes.testing.check_method is check_method
    with pytest.raises(AttributeError, match="no attribute 'check_nothing'"):
        same_eyes.testing.check_nothing  # noqa: B018


def test_a_good_method_is_told_its_accuracy():
    assert 0.8 < check_method(GOOD) <= 1.0


def test_a_method_that_does_not_learn():
    worse = replace(GOOD, objective=lambda task: lambda logits, batch: -loss(logits[0], batch.labels).mean())
    with pytest.raises(AssertionError, match="of the held-out digits rightly, less than 80%"):
        check_method(worse)


def test_a_method_that_draws_lots():
    def objective(task):
        return lambda logits, batch: loss(logits[0], batch.labels).mean() * torch.rand(())

    with pytest.raises(AssertionError, match="two trainings with seed 0 differ"):
        check_method(replace(GOOD, objective=objective))


class Forgetful:
    """Weighs the loss by how many steps it has seen, and does not save that number."""

    def __init__(self, task):
        self.seen = 0

    def __call__(self, logits, batch):
        self.seen += 1
        return loss(logits[0], batch.labels).mean() / self.seen**0.5


class Mindful(Forgetful):
    def state_dict(self):
        return {"seen": self.seen}

    def load_state_dict(self, state):
        self.seen = state["seen"]


def test_a_method_that_forgets_its_state():
    with pytest.raises(AssertionError, match="broken off and resumed, it ends elsewhere"):
        check_method(replace(GOOD, objective=Forgetful))


def test_a_method_that_keeps_its_state():
    assert check_method(replace(GOOD, objective=Mindful)) > 0.8


def test_a_method_that_leaves_the_finite_numbers():
    def objective(task):
        return lambda logits, batch: loss(logits[0], batch.labels).mean() / (batch.epoch - 2)

    with pytest.raises(Diverged, match=r"own: .* step 30"):
        check_method(replace(GOOD, objective=objective))


def test_a_method_that_relabels_the_task():
    def objective(task):
        task.labels[:10] = 0
        return pointwise(loss)(task)

    from same_eyes.testing.method_contract import digits_task

    before = digits_task(0).labels.copy()
    try:
        with pytest.raises(AssertionError, match="changed the images or labels"):
            check_method(replace(GOOD, objective=objective))
    finally:
        digits_task(0).labels[:] = before


def test_a_setting_that_no_manifest_holds():
    with pytest.raises(TypeError, match="not JSON serializable"):
        check_method(replace(GOOD, settings={"weights": object()}))


def test_every_method_of_ours_can_be_written_down():
    for method in available().values():
        assert method.facts()["name"] == method.name
