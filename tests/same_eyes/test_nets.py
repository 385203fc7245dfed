"""Networks: images in, logits out, the same for the same seed."""

import pytest

from same_eyes import runset
from same_eyes.method import RECIPES
from same_eyes.types import BadInput

torch = pytest.importorskip("torch")
from same_eyes.nets import BACKBONES, build  # noqa: E402  (needs torch)


def images(n=20, channels=3, side=32):
    return torch.randint(256, (n, channels, side, side), generator=torch.Generator().manual_seed(0)).byte()


@pytest.mark.parametrize("backbone", sorted(BACKBONES))
@pytest.mark.parametrize("channels", [1, 3])
def test_a_backbone_gives_logits_for_each_class(backbone, channels):
    side = 8 if backbone == "digits" else 32
    some = images(4, channels, side)
    network = build(backbone, some, 7, seed=0)
    logits = network(some)
    assert logits.shape == (4, 7)
    assert logits.isfinite().all()
    logits.sum().backward()
    assert all(p.grad is not None for p in network.parameters())


def test_a_seed_decides_the_weights_and_disturbs_nobody():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first, again, other = (build("digits", images(channels=1, side=8), 10, seed) for seed in (0, 0, 1))
    assert torch.equal(torch.rand(1), expected)
    for a, b, c in zip(first.parameters(), again.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)
        assert a.ndim == 1 or not torch.equal(a, c)


def test_pixels_are_standardised_by_the_training_images():
    some = images(200)
    network = build("conv6", some, 10, 0)
    network.net = torch.nn.Identity()
    seen = network(some)
    assert seen.mean((0, 2, 3)) == pytest.approx(torch.zeros(3), abs=1e-4)
    assert seen.std((0, 2, 3)) == pytest.approx(torch.ones(3), abs=1e-4)
    assert set(network.state_dict()) == {"mean", "std"}


def test_an_unknown_backbone_is_refused_and_the_known_ones_named():
    with pytest.raises(BadInput, match="no backbone 'vgg99'; there are conv6, digits, resnet34"):
        build("vgg99", images(), 10, 0)


def test_the_plan_of_a_training_knows_every_backbone():
    """Without torch, which is not needed for a plan."""
    assert set(BACKBONES) == {*runset.BACKBONES, *(recipe.backbone for recipe in RECIPES.values())}
