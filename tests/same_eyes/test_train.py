"""Training: what reaches a method, what the images go through, and what happens when it breaks."""

import platform
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from same_eyes import studies
from same_eyes.method import RECIPES, Method, Recipe, Task, pointwise
from same_eyes.types import BadInput

torch = pytest.importorskip("torch")
from same_eyes import train  # noqa: E402  (needs torch)
from same_eyes.train import Diverged, fit  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")

TINY = replace(RECIPES["tiny"], epochs=2, tune_epochs=1)
STEPS = 15  # an epoch: 1,000 images in batches of 64


@pytest.fixture(scope="module")
def task():
    return studies.task("digits", "random1")


def cross_entropy(logits, labels):
    return torch.nn.functional.cross_entropy(logits, labels, reduction="none")


PLAIN = Method("plain", title="Plain", paper="", objective=pointwise(cross_entropy))


def watching(seen, **facts):
    """A method that notes down all that its objective is given."""

    def objective(task):
        seen["task"] = task

        def step(logits, batch):
            seen.setdefault("steps", []).append((logits, batch))
            return sum(cross_entropy(z, batch.labels).mean() for z in logits)

        return step

    return Method("watching", title="Watching", paper="", objective=objective, **facts)


def run(method, task, recipe=TINY, seed=0, **more):
    return fit(method, task, recipe, seed, progress=False, **more)


# --- What the device multiplies in, and what the process keeps


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_networks_are_multiplied_in_the_devices_precision(monkeypatch, kind):
    monkeypatch.setattr(train, "precision", lambda device: kind)
    seen = []
    layer = torch.nn.Linear(4, 3)
    layer.register_forward_hook(lambda module, given, out: seen.append(out.dtype))
    assert train._logits(layer, torch.zeros(2, 4)).dtype == torch.float32
    assert seen == [kind]


def test_only_a_processor_without_bfloat16_goes_without(monkeypatch):
    for supported, kind in ((True, torch.bfloat16), (False, torch.float32)):
        ops = SimpleNamespace(_is_mkldnn_bf16_supported=lambda supported=supported: supported)
        monkeypatch.setattr(torch.ops, "mkldnn", ops)
        assert train.precision("cpu") == kind
        assert train.precision("cuda") == torch.bfloat16


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
def test_freed_memory_is_not_faulted_in_again():
    script = """
import resource, sys
if sys.argv[1] == "kept":
    from same_eyes.train import _keep_memory
    _keep_memory()
for round in range(5):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    block = bytearray(b"1") * 50_000_000
    del block
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    again, kept = (
        int(subprocess.run([sys.executable, "-c", script, how], capture_output=True, text=True, check=True).stdout)
        for how in ("given back", "kept")
    )
    assert kept < again / 10  # bytes that are mapped anew fault once a page


# --- The same seed, the same machine


def test_a_seed_decides_everything(task):
    first, again, other = run(PLAIN, task), run(PLAIN, task), run(PLAIN, task, seed=1)
    assert np.array_equal(first.probs["heldout"], again.probs["heldout"])
    assert first.history == again.history
    assert not np.allclose(first.probs["heldout"], other.probs["heldout"], atol=0.01)


def test_the_answers_are_float32_probabilities_of_each_split(task):
    asked = replace(task, ask={"heldout": task.ask["heldout"], "few": task.images[:3]})
    fitted = run(PLAIN, asked)
    assert {split: p.shape for split, p in fitted.probs.items()} == {"heldout": (797, 10), "few": (3, 10)}
    for probs in fitted.probs.values():
        assert probs.dtype == np.float32
        assert probs.sum(1) == pytest.approx(np.ones(len(probs)), abs=1e-5)
    assert not fitted.network.training
    assert len(fitted.history) == 2
    assert fitted.history[1] < fitted.history[0]
    assert fitted.seconds > 0


# --- What an objective is given


def test_an_epoch_goes_through_the_images_once_and_leaves_the_rest_out(task):
    seen = {}
    run(watching(seen, settings={"q": 0.7}), task)
    batches = [batch for _, batch in seen["steps"]]
    assert len(batches) == 2 * STEPS
    assert {len(batch.index) for batch in batches} == {64}
    epochs = [torch.cat([b.index for b in batches if b.epoch == epoch]) for epoch in (0, 1)]
    for order in epochs:
        assert len(order.unique()) == STEPS * 64
    assert not torch.equal(*epochs)
    assert [b.progress for b in batches] == pytest.approx(np.arange(2 * STEPS) / (2 * STEPS))
    for batch in batches:
        assert np.array_equal(batch.labels, task.labels[batch.index])
        assert batch.peer_logits is None
        assert batch.peer_labels is None
    assert seen["task"].steps == 2 * STEPS
    assert seen["task"].settings == {"q": 0.7}
    assert seen["task"].start is None


def test_two_networks_see_the_same_batch_and_the_first_one_answers(task):
    seen = {}
    fitted = run(watching(seen, networks=2), task)
    assert {len(logits) for logits, _ in seen["steps"]} == {2}
    first, second = seen["steps"][0][0]
    assert first.shape == second.shape == (64, 10)
    assert first.dtype == torch.float32
    assert not torch.allclose(first, second, atol=0.01)
    images = torch.tensor(task.ask["heldout"])
    assert np.array_equal(train._answer(fitted.network, images), fitted.probs["heldout"])


def test_peers_are_other_images_and_strangers_labels(task):
    seen = {}
    run(watching(seen, peers=True, networks=2), task, replace(TINY, epochs=1))
    logits, batch = seen["steps"][0]
    assert [peer.shape for peer in batch.peer_logits] == [(64, 10)] * 2
    assert batch.peer_labels.shape == (64,)
    assert not torch.allclose(batch.peer_logits[0], logits[0], atol=0.01)
    labels = torch.cat([b.labels for _, b in seen["steps"]])
    peers = torch.cat([b.peer_labels for _, b in seen["steps"]])
    assert abs((labels == peers).float().mean() - 0.1) < 0.04  # ten classes: as often as chance


def test_the_start_reaches_the_objective_and_its_weights_are_taken_over(task):
    start = run(PLAIN, task).network
    seen = {}
    follower = watching(seen, starts_from="plain")
    untouched = run(follower, task, replace(TINY, tune_epochs=0), start=start)
    assert np.array_equal(untouched.probs["heldout"], train._answer(start, torch.tensor(task.ask["heldout"])))
    assert torch.equal(seen["task"].start, train._answer(start, torch.tensor(task.images)))
    run(follower, task, start=start)
    assert len(seen["steps"]) == STEPS  # tune_epochs, not epochs


def test_a_method_without_its_start_is_refused(task):
    with pytest.raises(BadInput, match="watching starts from a trained 'ce' network: pass it as start"):
        run(watching({}, starts_from="ce"), task)


def test_a_first_stage_gives_its_probabilities_and_not_its_weights(task, tmp_path):
    alone = run(PLAIN, task)
    seen = {}
    fitted = run(watching(seen, first_stage=PLAIN), task, checkpoint=tmp_path / "checkpoint.pt")
    assert torch.equal(seen["task"].start, train._answer(alone.network, torch.tensor(task.images)))
    assert len(fitted.history) == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkpoint.first.pt", "checkpoint.pt"]
    fresh = run(watching({}), task)
    assert np.array_equal(fitted.probs["heldout"], fresh.probs["heldout"])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no graphics card")
def test_a_first_stage_and_a_checkpoint_may_change_devices(task, tmp_path):
    checkpoint = tmp_path / "checkpoint.pt"
    method = watching({}, first_stage=PLAIN)
    on_card = run(method, task, checkpoint=checkpoint, device="cuda")
    resumed = run(method, task, checkpoint=checkpoint, device="cpu")
    np.testing.assert_allclose(resumed.probs["heldout"], on_card.probs["heldout"], atol=0.02)


# --- Moving and mirroring

SIDE = 6


@pytest.fixture(scope="module")
def images():
    return torch.tensor(np.random.default_rng(0).integers(0, 256, (400, 3, SIDE, SIDE), dtype=np.uint8))


def batches(images, **facts):
    recipe = replace(TINY, batch=100, **facts)
    return list(train._batches(images, recipe, torch.Generator().manual_seed(0)))


def test_without_shift_and_flip_images_stay_as_they_are(images):
    for index, pixels in batches(images, shift=0, flip=False):
        assert torch.equal(pixels, images[index].float())


@pytest.mark.parametrize(("shift", "flip"), [(2, False), (0, True), (2, True)])
def test_each_image_is_a_window_of_itself_padded_or_mirrored(images, shift, flip):
    moves = []
    for index, pixels in batches(images, shift=shift, flip=flip):
        for i, image in zip(index, pixels, strict=True):
            padded = np.pad(images[i].numpy(), ((0, 0), (shift, shift), (shift, shift)), mode="reflect")
            moves += [
                next(
                    (dy, dx, mirrored)
                    for dy in range(2 * shift + 1)
                    for dx in range(2 * shift + 1)
                    for mirrored in (False, True)
                    if np.array_equal(image, padded[:, dy : dy + SIDE, dx : dx + SIDE][..., :: -1 if mirrored else 1])
                )
            ]
    assert {m[:2] for m in moves} == {(dy, dx) for dy in range(2 * shift + 1) for dx in range(2 * shift + 1)}
    assert np.mean([m[2] for m in moves]) == pytest.approx(0.5 if flip else 0, abs=0.08)


def test_batches_are_channels_last(images):
    for _, pixels in batches(images, shift=2):
        assert pixels.is_contiguous(memory_format=torch.channels_last)
        assert pixels.dtype == torch.float32


def test_networks_are_channels_last(images):
    fitted = run(PLAIN, Task(images.numpy(), np.zeros(400, int), 2), replace(TINY, epochs=1))
    convolutions = [m for m in fitted.network.modules() if isinstance(m, torch.nn.Conv2d)]
    assert convolutions
    assert all(c.weight.is_contiguous(memory_format=torch.channels_last) for c in convolutions)


# --- The schedule


@pytest.mark.parametrize("warmup", [0.2, 0.5, 0.0])
def test_the_learning_rate_climbs_to_its_peak_and_falls_to_zero(task, tmp_path, monkeypatch, warmup):
    rates, decays = [], []

    class Noting(torch.optim.SGD):
        def step(self, *arguments):
            rates.append(self.param_groups[0]["lr"])
            decays.append([group["weight_decay"] for group in self.param_groups])
            return super().step(*arguments)

    monkeypatch.setattr(torch.optim, "SGD", Noting)
    recipe = replace(TINY, lr=0.3, warmup=warmup)
    run(PLAIN, task, recipe, checkpoint=tmp_path / "checkpoint.pt")
    top = max(1, round(warmup * 2 * STEPS)) - 1
    assert len(rates) == 2 * STEPS
    assert rates.index(max(rates)) == top
    assert max(rates) == pytest.approx(0.3)
    assert np.diff(rates[: top + 1], prepend=0) == pytest.approx(np.full(top + 1, 0.3 / (top + 1)))
    fall = np.diff([*rates[top + 1 :], 0.0])
    assert fall == pytest.approx(np.full(len(fall), fall[0]))
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert [group["lr"] for group in state["optimiser"]["param_groups"]] == [0.0, 0.0]
    assert decays[0] == [recipe.weight_decay, 0.0]


def test_a_following_method_has_its_own_rate(task, tmp_path):
    start = run(PLAIN, task).network
    recipe = replace(TINY, tune_lr=0.011)
    run(replace(PLAIN, starts_from="ce"), task, recipe, start=start, checkpoint=tmp_path / "c.pt")
    state = torch.load(tmp_path / "c.pt", weights_only=True)
    assert state["schedule"]["base_lrs"] == [0.011, 0.011]


def test_only_weights_of_layers_decay(task):
    network = run(PLAIN, task, replace(TINY, epochs=0)).network
    decayed, rest = train._decayed([network], 0.1)
    assert {p.ndim for p in decayed["params"]} == {2, 4}
    assert {p.ndim for p in rest["params"]} == {1}
    assert len(decayed["params"]) + len(rest["params"]) == len(list(network.parameters()))


def test_a_method_adapts_the_recipe(task):
    seen = {}
    run(watching(seen, recipe={"epochs": 1, "batch": 100}), task)
    assert len(seen["steps"]) == 10


# --- When it breaks


@pytest.mark.parametrize("step", [0, 7, STEPS + 2])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_names_its_step(task, step, value):
    def objective(task):
        def loss(logits, batch):
            finite = cross_entropy(logits[0], batch.labels).mean()
            return finite * value if round(batch.progress * task.steps) == step else finite

        return loss

    with pytest.raises(Diverged, match=rf"^broken: the loss is {value} at step {step}\. Lower lr or clip\.$"):
        run(Method("broken", "Broken", "", objective), task)


def test_a_weight_that_is_not_finite_is_named(task):
    def objective(task):
        def loss(logits, batch):
            z = logits[0].clone()
            z.register_hook(lambda gradient: gradient * float("nan"))
            return z.nan_to_num().mean() * 0 + 1

        return loss

    with pytest.raises(Diverged, match=r"broken: net\.0\.weight is not finite after step 14"):
        run(Method("broken", "Broken", "", objective), task)


def test_a_batch_larger_than_the_data_is_refused(task):
    with pytest.raises(BadInput, match="1000 images do not fill one batch of 2000"):
        run(PLAIN, task, replace(TINY, batch=2000))


class Stop(Exception):
    pass


class Counting:
    """Keeps state between steps; breaks off where it is told."""

    def __init__(self, task, stop=None):
        self.calls, self.stop = 0, stop

    def __call__(self, logits, batch):
        if batch.epoch == self.stop:
            raise Stop
        self.calls += 1
        return cross_entropy(logits[0], batch.labels).mean() * (1 + 0.1 * self.calls)

    def state_dict(self):
        return {"calls": self.calls}

    def load_state_dict(self, state):
        self.calls = state["calls"]


def test_a_training_that_was_broken_off_ends_where_an_unbroken_one_ends(task, tmp_path):
    recipe, checkpoint = replace(TINY, epochs=3), tmp_path / "deep" / "checkpoint.pt"
    method = Method("counting", "Counting", "", Counting)
    whole = run(method, task, recipe)
    with pytest.raises(Stop):
        run(replace(method, objective=lambda task: Counting(task, stop=2)), task, recipe, checkpoint=checkpoint)
    state = torch.load(checkpoint, weights_only=True)
    assert state["epochs"] == 2
    assert state["objective"] == {"calls": 2 * STEPS}
    resumed = run(method, task, recipe, checkpoint=checkpoint)
    assert resumed.history == whole.history
    assert np.array_equal(resumed.probs["heldout"], whole.probs["heldout"])
    assert resumed.seconds > state["seconds"]
    assert [p.name for p in checkpoint.parent.iterdir()] == ["checkpoint.pt"]


@pytest.mark.parametrize("damage", ["truncated", "empty", "html"])
def test_a_damaged_checkpoint_is_named_with_its_remedy(task, tmp_path, damage):
    checkpoint = tmp_path / "checkpoint.pt"
    run(PLAIN, task, replace(TINY, epochs=1), checkpoint=checkpoint)
    good = checkpoint.read_bytes()
    checkpoint.write_bytes({"truncated": good[: len(good) // 2], "empty": b"", "html": b"<!DOCTYPE html>"}[damage])
    with pytest.raises(BadInput, match=r"checkpoint.pt: not a checkpoint of a training. Delete it"):
        run(PLAIN, task, checkpoint=checkpoint)


def test_progress_is_shown_where_it_is_wanted(task, capsys):
    fit(PLAIN, task, replace(TINY, epochs=0), progress=True)
    assert capsys.readouterr().out == ""


def test_recipes_differ_only_in_what_is_said():
    assert isinstance(TINY, Recipe)
    assert {name: recipe.name for name, recipe in RECIPES.items()} == {name: name for name in RECIPES}
