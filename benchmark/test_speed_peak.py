"""What share of this machine's peak a training step reaches: pytest benchmark/test_speed_peak.py --benchmark-enable

On the graphics card where torch finds one (recipes `small` and `full`), else on the processor (`small`). The peak is
measured here too, in the precision of training: the fastest of a large matrix product and the largest convolution of
`small`, forward and backward. The operations of a step are counted by torch's FlopCounterMode (products and sums: two
each); its time is that of a whole step with augmentation, loss and optimiser. The share is in the benchmark's
extra_info, and printed (-s).
"""

import time
from dataclasses import replace

import numpy as np
import pytest

pytestmark = pytest.mark.speed

PEAK = {}  # seconds are no fixture: the fastest that any test here saw, in operations a second


@pytest.fixture(scope="module")
def device():
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def done(device):
    """Wait until a graphics card has done what it was given; a processor has."""
    if device == "cuda":
        import torch

        torch.cuda.synchronize()


def faster(name, operations, seconds):
    PEAK[name] = max(PEAK.get(name, 0.0), operations / seconds)
    return f"{operations / seconds / 1e9:.0f} Gflop/s"


@pytest.mark.benchmark(group="peak: products in the precision of training")
@pytest.mark.parametrize("side", [1024, 2048, 4096])
def test_a_large_matrix_product(benchmark, side, device):
    import torch

    from same_eyes.train import precision

    a, b = (torch.randn(side, side, dtype=precision(device), device=device) for _ in range(2))

    def product():
        torch.mm(a, b)
        done(device)

    benchmark.pedantic(product, rounds=5, warmup_rounds=1)
    benchmark.extra_info["speed"] = faster("product", 2 * side**3, benchmark.stats.stats.min)


@pytest.mark.benchmark(group="the largest convolution, forward and backward")
@pytest.mark.parametrize("kind", ["float32", "bfloat16"])
def test_the_largest_convolution(benchmark, kind, device):
    """The third of conv6: 32 to 128 channels on 16 x 16 places."""
    import torch

    from same_eyes.method import RECIPES
    from same_eyes.train import precision

    batch = RECIPES["small"].batch
    as_trained = {"dtype": getattr(torch, kind), "memory_format": torch.channels_last}
    convolution = torch.nn.Conv2d(32, 128, 3, padding=1, bias=False, device=device).to(**as_trained)
    images = torch.randn(batch, 32, 16, 16, device=device).to(**as_trained).requires_grad_()
    ahead = torch.ones(batch, 128, 16, 16, device=device).to(**as_trained)

    def both_ways():
        convolution(images).backward(ahead)
        done(device)

    benchmark.pedantic(both_ways, rounds=5, warmup_rounds=1)
    operations = 3 * 2 * batch * 16 * 16 * 32 * 9 * 128
    name = "convolution" if precision(device) == as_trained["dtype"] else f"convolution in {kind}, which is not taken"
    benchmark.extra_info["speed"] = faster(name, operations, benchmark.stats.stats.min)


@pytest.mark.benchmark(group="a training step")
@pytest.mark.parametrize(("name", "forward"), [("small", 33.9e6), ("full", 1160e6)], ids=["small", "full"])
def test_a_training_step(benchmark, name, forward, device):
    """``forward``: products of one image on the way through the convolutions, counted by hand."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from same_eyes.method import RECIPES, Task, available
    from same_eyes.nets import build
    from same_eyes.train import fit

    if name == "full" and device == "cpu":
        pytest.skip("minutes a step on a processor; the recipe is for a graphics card")
    steps = 16 if device == "cpu" else 64
    ce, recipe = available()["ce"], replace(RECIPES[name], epochs=1)
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (steps * recipe.batch, 3, 32, 32), dtype=np.uint8)
    task = Task(pixels, random.integers(0, 10, len(pixels)), 10)

    with FlopCounterMode(display=False) as counted:
        out = build(recipe.backbone, torch.tensor(pixels[:2]), 10, 0)(torch.zeros(2, 3, 32, 32))
        out.sum().backward()
    operations = counted.get_total_flops() * recipe.batch / 2
    two_epochs = replace(recipe, epochs=2)

    def epoch():
        """The second epoch's seconds: building, packing and the first pass's warm-up are in both and drop out."""
        began = time.perf_counter()
        fit(ce, task, recipe, device=device, progress=False)
        middle = time.perf_counter()
        fit(ce, task, two_epochs, device=device, progress=False)
        return (time.perf_counter() - middle) - (middle - began)

    seconds = []
    benchmark.pedantic(lambda: seconds.append(epoch()), rounds=3, warmup_rounds=1)
    reached = operations * steps / float(np.median(seconds[1:]))
    benchmark.extra_info["speed"] = f"{reached / 1e9:.0f} Gflop/s"
    for peak, fastest in PEAK.items():
        benchmark.extra_info[f"share of the fastest {peak}"] = round(reached / fastest, 3)
    print(*(f"{key}: {value}" for key, value in benchmark.extra_info.items()), sep="\n")
    assert operations > 0.97 * 3 * 2 * recipe.batch * forward  # the count has not lost a layer (0.991, 0.999 of it)
