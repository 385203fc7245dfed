"""Backbones: images (b, c, h, w) in, logits (b, k) out.

``conv6`` is what two processor cores train in minutes; ``digits`` is for 8 x 8 images and takes seconds;
``resnet34`` is torchvision's, with the stem that 32 x 32 images need. ``resnet``, ``vgg`` and ``inception`` are made of
torchvision's blocks at a width that two cores can train.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .types import BadInput


def _group(channels: int, width: int) -> list[nn.Module]:
    """Two 3 x 3 convolutions; the first halves the side (pooled before the norm: a quarter of the work)."""
    return [
        nn.Conv2d(channels, width, 3, padding=1, bias=False),
        nn.MaxPool2d(2),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
        nn.Conv2d(width, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    ]


def conv6(channels: int, classes: int) -> nn.Module:
    """Six convolutions in three groups of widths 32, 128 and 128: 0.5 M weights."""
    groups = _group(channels, 32) + _group(32, 128) + _group(128, 128)
    return nn.Sequential(*groups, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(128, classes))


def digits(channels: int, classes: int) -> nn.Module:
    """Two convolutions of width 32 for 8 x 8 images: 10 k weights."""
    return nn.Sequential(*_group(channels, 32), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(32, classes))


def resnet34(channels: int, classes: int) -> nn.Module:
    """ResNet-34 (He et al. 2016) with a 3 x 3 stem of stride 1 and no pooling after it: 21 M weights."""
    from torchvision.models import resnet34 as build

    net = build(num_classes=classes)
    net.conv1 = nn.Conv2d(channels, 64, 3, padding=1, bias=False)
    net.maxpool = nn.Identity()
    return net


def resnet(channels: int, classes: int) -> nn.Module:
    """Torchvision's residual blocks (He et al. 2016), one a stage, widths 64, 128 and 256: 1.2 M weights."""
    from torchvision.models.resnet import BasicBlock

    def stage(entering: int, width: int) -> nn.Module:
        shortcut = nn.Sequential(nn.Conv2d(entering, width, 1, stride=2, bias=False), nn.BatchNorm2d(width))
        return BasicBlock(entering, width, stride=2, downsample=shortcut)

    stem = [nn.Conv2d(channels, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(inplace=True)]
    stages = [stage(32, 64), stage(64, 128), stage(128, 256)]
    return nn.Sequential(*stem, *stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, classes))


def vgg(channels: int, classes: int) -> nn.Module:
    """Torchvision's VGG layers with batch norm (Simonyan & Zisserman 2014), widths 32 to 256: 0.5 M weights."""
    from torchvision.models.vgg import make_layers

    layers = make_layers([32, "M", 64, "M", 128, 128, "M", 256, "M"], batch_norm=True)
    if channels != 3:
        layers[0] = nn.Conv2d(channels, 32, 3, padding=1)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, classes))


def inception(channels: int, classes: int) -> nn.Module:
    """Torchvision's GoogLeNet blocks (Szegedy et al. 2015), three of widths 128, 256 and 256: 0.3 M weights."""
    from torchvision.models.googlenet import BasicConv2d, Inception

    blocks = [
        BasicConv2d(channels, 32, kernel_size=3, stride=2, padding=1),
        Inception(32, 32, 48, 64, 8, 16, 16),
        nn.MaxPool2d(2),
        Inception(128, 64, 64, 128, 16, 32, 32),
        Inception(256, 64, 64, 128, 16, 32, 32),
        nn.MaxPool2d(2),
    ]
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, classes))


BACKBONES: dict[str, Callable[[int, int], nn.Module]] = {
    "conv6": conv6,
    "digits": digits,
    "resnet34": resnet34,
    "resnet": resnet,
    "vgg": vgg,
    "inception": inception,
}


class Standardised(nn.Module):
    """A backbone that takes pixels 0 .. 255 and standardises them by the training images' own statistics."""

    mean: Tensor
    std: Tensor

    def __init__(self, net: nn.Module, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("mean", mean.view(1, -1, 1, 1))
        self.register_buffer("std", std.view(1, -1, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """(b, c, h, w) uint8 pixels -> (b, k) logits."""
        return self.net((images.float() - self.mean) / self.std)


def build(backbone: str, images: Tensor, classes: int, seed: int) -> Standardised:
    """A fresh network with weights drawn by the seed, for images like these.

    Parameters
    ----------
    backbone : str
        A key of ``BACKBONES``.
    images : (n, c, h, w) uint8 tensor
        Training images; their mean and standard deviation per channel become part of the network.
    classes, seed : int

    Raises
    ------
    BadInput
        There is no such backbone.
    """
    if backbone not in BACKBONES:
        raise BadInput(f"no backbone {backbone!r}; there are {', '.join(BACKBONES)}.")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = BACKBONES[backbone](images.shape[1], classes)
    pixels = images[:: max(1, len(images) // 5000)].float()
    return Standardised(net, pixels.mean((0, 2, 3)), pixels.std((0, 2, 3)))
