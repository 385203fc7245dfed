"""What share of this machine's peak a training step reaches: pytest benchmark/test_speed_peak.py --benchmark-enable

The peak is measured here too, in the precision of training on this processor: the fastest of a large matrix product and
the network's own largest convolution, forward and backward. The operations of a step are counted by torch's
FlopCounterMode (products and sums: two each); its time is that of a whole step with augmentation, loss and optimiser.
The share is in the benchmark's extra_info, and printed (-s).
"""

import time
from dataclasses import replace

import numpy as np
import pytest

pytestmark = pytest.mark.speed

BATCH = 256
PEAK = {}  # seconds are no fixture: the fastest that any test here saw, in operations a second


def faster(name, operations, seconds):
    PEAK[name] = max(PEAK.get(name, 0.0), operations / seconds)
    return f"{operations / seconds / 1e9:.0f} Gflop/s"


@pytest.mark.benchmark(group="peak: products in the precision of training")
@pytest.mark.parametrize("side", [1024, 2048, 4096])
def test_a_large_matrix_product(benchmark, side):
    import torch

    from same_eyes.train import precision

    a, b = (torch.randn(side, side, dtype=precision("cpu")) for _ in range(2))
    benchmark.pedantic(torch.mm, (a, b), rounds=5, warmup_rounds=1)
    benchmark.extra_info["speed"] = faster("product", 2 * side**3, benchmark.stats.stats.min)


@pytest.mark.benchmark(group="the largest convolution, forward and backward")
@pytest.mark.parametrize("kind", ["float32", "bfloat16"])
def test_the_largest_convolution(benchmark, kind):
    """The third of conv6: 32 to 128 channels on 16 x 16 places."""
    import torch

    from same_eyes.train import precision

    as_trained = {"dtype": getattr(torch, kind), "memory_format": torch.channels_last}
    convolution = torch.nn.Conv2d(32, 128, 3, padding=1, bias=False).to(**as_trained)
    images = torch.randn(BATCH, 32, 16, 16).to(**as_trained).requires_grad_()
    ahead = torch.ones(BATCH, 128, 16, 16).to(**as_trained)

    def both_ways():
        convolution(images).backward(ahead)

    benchmark.pedantic(both_ways, rounds=5, warmup_rounds=1)
    operations = 3 * 2 * BATCH * 16 * 16 * 32 * 9 * 128
    name = "convolution" if precision("cpu") == as_trained["dtype"] else f"convolution in {kind}, which is not taken"
    benchmark.extra_info["speed"] = faster(name, operations, benchmark.stats.stats.min)


@pytest.mark.benchmark(group="a training step of `small`")
def test_a_training_step(benchmark):
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from same_eyes.method import RECIPES, Task, available
    from same_eyes.nets import BACKBONES
    from same_eyes.train import fit

    steps = 16
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (steps * BATCH, 3, 32, 32), dtype=np.uint8)
    task = Task(pixels, random.integers(0, 10, len(pixels)), 10)
    ce, recipe = available()["ce"], replace(RECIPES["small"], epochs=1)

    with FlopCounterMode(display=False) as counted:
        out = BACKBONES["conv6"](3, 10)(torch.zeros(BATCH, 3, 32, 32))
        out.sum().backward()
    two_epochs = replace(recipe, epochs=2)

    def epoch():
        """The second epoch's seconds: building, packing and the first pass's warm-up are in both and drop out."""
        began = time.perf_counter()
        fit(ce, task, recipe, progress=False)
        middle = time.perf_counter()
        fit(ce, task, two_epochs, progress=False)
        return (time.perf_counter() - middle) - (middle - began)

    seconds = []
    benchmark.pedantic(lambda: seconds.append(epoch()), rounds=3, warmup_rounds=1)
    reached = counted.get_total_flops() * steps / float(np.median(seconds[1:]))
    benchmark.extra_info["speed"] = f"{reached / 1e9:.0f} Gflop/s"
    for name, peak in PEAK.items():
        benchmark.extra_info[f"share of the fastest {name}"] = round(reached / peak, 3)
    print(*(f"{key}: {value}" for key, value in benchmark.extra_info.items()), sep="\n")
    assert counted.get_total_flops() > 0.9 * 3 * 2 * BATCH * 33.9e6 * 0.97  # the count has not lost a layer
