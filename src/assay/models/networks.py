"""The networks that assay ships: small, standard, any width, every activation a slot.

Each takes inputs in [0, 1], images as ``(n, channels, height, width)`` or tables as ``(n, columns)``, and returns
logits ``(n, classes)``.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import prod

from torch import Tensor, nn
from torch.nn import functional as F

from assay.core.errors import BadInput
from assay.core.registry import Registry
from assay.models.activations import Activation

Shape = tuple[int, ...]
MODELS: Registry[Callable[[str, Shape, int], nn.Module]] = Registry("model")


def widths(text: str, default: tuple[int, ...]) -> tuple[int, ...]:
    """Layer widths from text such as ``256-128``; ``default`` for empty text.

    >>> widths("256-128", (64,))
    (256, 128)
    """
    if not text:
        return default
    try:
        numbers = tuple(int(part) for part in text.split("-"))
    except ValueError:
        numbers = ()
    if not numbers or min(numbers) < 1:
        raise BadInput(f"asked for layer widths '{text}'; found no list of whole numbers; write for instance 256-128")
    return numbers


@MODELS.named("mlp")
def mlp(text: str, shape: Shape, classes: int) -> nn.Module:
    """A multilayer perceptron: ``mlp:256-128`` has two hidden layers."""
    sizes = (prod(shape), *widths(text, (128, 64)))
    layers: list[tuple[str, nn.Module]] = [("flat", nn.Flatten())]
    for depth, (before, after) in enumerate(pairwise(sizes), 1):
        layers += [(f"fc{depth}", nn.Linear(before, after)), (f"act{depth}", Activation())]
    layers.append(("head", nn.Linear(sizes[-1], classes)))
    return _named(layers)


@MODELS.named("cnn")
def cnn(text: str, shape: Shape, classes: int) -> nn.Module:
    """A plain convolutional network: 3x3 convolutions with max pooling, then one hidden layer; ``cnn:16-32-64``.

    The last width's maps are averaged to at most 4x4, so any image size works; the hidden layer has 128 units.
    """
    _images_only("cnn", shape)
    sizes = (shape[0], *widths(text, (16, 32, 64)))
    layers: list[tuple[str, nn.Module]] = []
    side = min(shape[1:])
    for depth, (before, after) in enumerate(pairwise(sizes), 1):
        layers += [(f"conv{depth}", nn.Conv2d(before, after, 3, padding=1)), (f"act{depth}", Activation())]
        if side >= 8:  # below 8 pixels there is nothing left to pool
            layers.append((f"pool{depth}", nn.MaxPool2d(2)))
            side //= 2
    layers += [
        ("average", nn.AdaptiveAvgPool2d(4)),
        ("flat", nn.Flatten()),
        ("fc", nn.Linear(16 * sizes[-1], 128)),
        (f"act{len(sizes)}", Activation()),
        ("head", nn.Linear(128, classes)),
    ]
    return _named(layers)


class _Shortcut(nn.Conv2d):
    """A convolution of single pixels with a stride, as one of every so many pixels: the same numbers.

    With the stride inside, oneDNN's gradient of the weights writes past its memory on processors with AVX2 and no
    AVX-512 (torch 2.13, channels last, fewer than seven channels in).
    """

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x[..., :: self.stride[0], :: self.stride[1]], self.weight)


class _Block(nn.Module):
    """Two 3x3 convolutions with batch norm and a shortcut (He et al. 2016)."""

    def __init__(self, before: int, after: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.act1 = Activation()
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.act2 = Activation()
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or before != after:
            self.shortcut = nn.Sequential(_Shortcut(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        """act(F(x) + shortcut(x))."""
        out = self.bn2(self.conv2(self.act1(self.bn1(self.conv1(x)))))
        return self.act2(out + self.shortcut(x))


@MODELS.named("resnet18")
def resnet18(text: str, shape: Shape, classes: int) -> nn.Module:
    """ResNet-18 in its CIFAR form (3x3 stem, no first pooling); ``resnet18:32`` is half as wide."""
    _images_only("resnet18", shape)
    (width,) = widths(text, (64,))[:1]
    layers: list[tuple[str, nn.Module]] = [
        ("conv", nn.Conv2d(shape[0], width, 3, 1, 1, bias=False)),
        ("bn", nn.BatchNorm2d(width)),
        ("act", Activation()),
    ]
    before = width
    for stage in range(4):
        after = width * 2**stage
        for block, stride in enumerate((1 if stage == 0 else 2, 1)):
            layers.append((f"block{stage + 1}_{block + 1}", _Block(before, after, stride)))
            before = after
    layers += [
        ("average", nn.AdaptiveAvgPool2d(1)),
        ("flat", nn.Flatten()),
        ("head", nn.Linear(before, classes)),
    ]
    return _named(layers)


class _PreBlock(nn.Module):
    """Batch norm and activation before each of two 3x3 convolutions, and a clean shortcut (He et al. 2016b, eq. 5)."""

    def __init__(self, before: int, after: int, stride: int):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(before)
        self.act1 = Activation()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.act2 = Activation()
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.same = stride == 1 and before == after
        self.shortcut = nn.Identity() if self.same else _Shortcut(before, after, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """F(x) + x; where the shape changes the shortcut is a convolution of what F begins with, act(bn(x))."""
        begun = self.act1(self.bn1(x))
        out = self.conv2(self.act2(self.bn2(self.conv1(begun))))
        return out + self.shortcut(x if self.same else begun)


@MODELS.named("preresnet")
def preresnet(text: str, shape: Shape, classes: int) -> nn.Module:
    """A pre-activation residual network in its CIFAR form: a stage for each width, two blocks each.

    3x3 stem, no first pooling; every stage but the first halves the side. ``preresnet`` is 16-32-64-96, small enough
    for adversarial training on a CPU. Parameters on colour images of ten classes: 486,426; ``preresnet:16-32-64`` (the
    widths of He et al. 2016b) 175,066; ``preresnet:64-128-256-512`` (PreAct ResNet-18) 11,172,170. With c channels, k
    classes, widths w_1 .. w_S and w_0 = w_1 that is 9 c w_1 + sum_s (9 w_(s-1) w_s + 27 w_s^2 + 2 w_(s-1) + 6 w_s
    + [s > 1] w_(s-1) w_s) + 2 w_S + (w_S + 1) k.

    >>> net = preresnet("2-3", (1, 8, 8), 4)
    >>> sum(p.numel() for p in net.parameters())  # 18 + (36 + 108 + 16) + (54 + 243 + 22 + 6) + 6 + 16
    525
    """
    _images_only("preresnet", shape)
    sizes = widths(text, (16, 32, 64, 96))
    layers: list[tuple[str, nn.Module]] = [("conv", nn.Conv2d(shape[0], sizes[0], 3, 1, 1, bias=False))]
    for stage, (before, after) in enumerate(pairwise((sizes[0], *sizes)), 1):
        layers += [
            (f"block{stage}_1", _PreBlock(before, after, 1 if stage == 1 else 2)),
            (f"block{stage}_2", _PreBlock(after, after, 1)),
        ]
    layers += [
        ("bn", nn.BatchNorm2d(sizes[-1])),
        ("act", Activation()),
        ("average", nn.AdaptiveAvgPool2d(1)),
        ("flat", nn.Flatten()),
        ("head", nn.Linear(sizes[-1], classes)),
    ]
    return _named(layers)


def _named(layers: list[tuple[str, nn.Module]]) -> nn.Sequential:
    net = nn.Sequential()
    for name, layer in layers:
        net.add_module(name, layer)
    return net


def _images_only(name: str, shape: Shape) -> None:
    if len(shape) != 3:
        raise BadInput(f"asked for model '{name}'; the data are a table of {shape[0]} columns; use mlp, e.g. mlp:64-32")
