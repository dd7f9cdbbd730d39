"""The method in plain PyTorch for any floating dtype, as the reference for sluice's results.

Networks have torchvision's names and layouts (NCHW, OIHW), with gates and gated norms added. Nothing here is optimised:
each function should read like its formula.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

STAGES = {"resnet18": [2, 2, 2, 2], "resnet50": [3, 4, 6, 3]}
BOTTLENECKS = {"resnet50"}  # 1x1, 3x3 and 1x1 convolutions, the last with four times as many channels
TAU = 2 / 3
STEMS = {  # kernel, stride, padding, followed by a max pool
    "cifar-paper": (3, 1, 2, False),
    "cifar": (3, 1, 1, False),
    "imagenet": (7, 2, 3, True),
}
# Whether the pass of view 1 and the pass of view 2 is gated.
PASSES = {"dual": (True, False), "vanilla": (False, False), "gated": (True, True)}


def planned_passes(mode: str, symmetric: bool = False) -> list[tuple[bool, int]]:
    """(gated, view) of each pass of a step. Each two neighbours are compared. Passes run in this order, and norms that
    they share see them in this order. A symmetric step repeats its passes with the views exchanged."""
    first, second = PASSES[mode]
    return [(first, 0), (second, 1)] + ([(first, 1), (second, 0)] if symmetric else [])


class Gates(NamedTuple):
    """The decision of a gate: `mask` [N, C] of 0 and 1, and its probabilities `soft` [N, C] (None without noise)."""

    mask: torch.Tensor
    soft: torch.Tensor | None


class Gate(nn.Module):
    """Decides a bit for each image and group of channels from the block's input [N, I, H, W].

    The gradient of a bit is straight-through.
    """

    def __init__(self, in_channels: int, channels: int, group: int = 1):
        super().__init__()
        hidden = in_channels // 4
        self.group = group
        self.fc1 = nn.Linear(in_channels, hidden, bias=False)
        self.bn = nn.BatchNorm1d(hidden)
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(hidden, channels // group, bias=False)

    def forward(self, x: torch.Tensor, noise: torch.Tensor | None) -> Gates:
        logits = self.fc2(self.relu(self.bn(self.fc1(x.mean(dim=(2, 3))))))
        if noise is None:
            return Gates(self.repeated((logits >= 0).to(logits.dtype)), None)
        logistic = torch.log(noise + 1e-8) - torch.log(1 - noise + 1e-8)
        soft = torch.sigmoid((logits + logistic) / TAU)
        hard = (soft >= 0.5).to(soft.dtype)
        # soft - soft.detach() is exactly 0: the value is the bit, and the gradient is the gradient of `soft`.
        return Gates(self.repeated(hard + (soft - soft.detach())), self.repeated(soft))

    def repeated(self, by_group: torch.Tensor) -> torch.Tensor:
        """[N, C / group] to [N, C]."""
        return by_group.repeat_interleave(self.group, dim=1)


def convolutions(in_channels: int, channels: int, stride: int, bottleneck: bool) -> list[nn.Conv2d]:
    if bottleneck:
        return [
            nn.Conv2d(in_channels, channels, 1, bias=False),
            nn.Conv2d(channels, channels, 3, stride, 1, bias=False),
            nn.Conv2d(channels, 4 * channels, 1, bias=False),
        ]
    return [
        nn.Conv2d(in_channels, channels, 3, stride, 1, bias=False),
        nn.Conv2d(channels, channels, 3, 1, 1, bias=False),
    ]


class GatedBlock(nn.Module):
    """A basic or bottleneck block. A gated pass masks the outputs of each convolution except the last."""

    def __init__(
        self,
        in_channels: int,
        channels: int,
        stride: int,
        bottleneck: bool,
        gated: bool,
        separate_norm: bool,
        gate_group: int = 1,
    ):
        super().__init__()
        convs = convolutions(in_channels, channels, stride, bottleneck)
        self.depth, self.out_channels = len(convs), convs[-1].out_channels
        self.gate_names = ["gate1", "gate2"] if bottleneck else ["gate"]
        for index, conv in enumerate(convs, 1):
            setattr(self, f"conv{index}", conv)
            setattr(self, f"bn{index}", nn.BatchNorm2d(conv.out_channels))
        self.relu = nn.ReLU()
        self.separate_norm = separate_norm
        for index, conv in enumerate(convs, 1) if separate_norm else ():
            setattr(self, f"gated_bn{index}", nn.BatchNorm2d(conv.out_channels))
        self.downsample = None
        if stride != 1 or in_channels != self.out_channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, self.out_channels, 1, stride, bias=False), nn.BatchNorm2d(self.out_channels)
            )
        for name in self.gate_names:
            setattr(self, name, Gate(in_channels, channels, gate_group) if gated else None)

    def convs(self) -> list[nn.Conv2d]:
        return [getattr(self, f"conv{index}") for index in range(1, self.depth + 1)]

    def forward(
        self, x: torch.Tensor, gated: bool, noise: list[torch.Tensor] | None
    ) -> tuple[torch.Tensor, list[Gates]]:
        """The output, and the gates' decisions in a gated pass. `noise` has u [N, C / group] for each gate."""
        norm = "gated_bn" if gated and self.separate_norm else "bn"
        gates = []
        for index, name in enumerate(self.gate_names) if gated else ():
            gates.append(getattr(self, name)(x, None if noise is None else noise[index]))
        h = x
        for index, conv in enumerate(self.convs(), 1):
            h = getattr(self, f"{norm}{index}")(conv(h))
            if index < self.depth:
                h = self.relu(h)
                h = h * gates[index - 1].mask[:, :, None, None] if gated else h
        shortcut = x if self.downsample is None else self.downsample(x)
        return self.relu(h + shortcut), gates


def gate_labels(name: str, block: GatedBlock) -> list[str]:
    return [name] if len(block.gate_names) == 1 else [f"{name}.{gate}" for gate in block.gate_names]


class Network(nn.Module):
    """The encoder with the projector. resnet18 has 8 * width features, resnet50 32 * width.

    Without `gated`, it has no gates and only dense passes. With `separate_norm`, dense and gated passes have separate
    norms in the blocks; without it, they share the norms. A gate opens `gate_group` neighbouring channels together.
    """

    def __init__(
        self,
        width: int,
        stem: str,
        projector: int,
        gated: bool = True,
        separate_norm: bool = True,
        arch: str = "resnet18",
        gate_group: int = 1,
    ):
        super().__init__()
        self.stages = STAGES[arch]
        kernel, stride, padding, pooled = STEMS[stem]
        self.conv1 = nn.Conv2d(3, width, kernel, stride, padding, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1) if pooled else nn.Identity()
        in_channels = width
        for stage, count in enumerate(self.stages):
            channels = width << stage
            blocks = []
            for index in range(count):
                stride = 2 if stage > 0 and index == 0 else 1
                kind = (arch in BOTTLENECKS, gated, separate_norm, gate_group)
                blocks.append(GatedBlock(in_channels, channels, stride, *kind))
                in_channels = blocks[-1].out_channels
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.projector = nn.Sequential(
            nn.Linear(in_channels, projector), nn.BatchNorm1d(projector), nn.ReLU(),
            nn.Linear(projector, projector), nn.BatchNorm1d(projector), nn.ReLU(),
            nn.Linear(projector, projector),
        )

    def blocks(self) -> dict[str, GatedBlock]:
        return {
            f"layer{stage + 1}.{index}": getattr(self, f"layer{stage + 1}")[index]
            for stage, count in enumerate(self.stages)
            for index in range(count)
        }

    def gate_channels(self) -> dict[str, int]:
        """Channels of every gate. A block's only gate has the block's name."""
        return {
            gate: block.conv1.out_channels for name, block in self.blocks().items() for gate in gate_labels(name, block)
        }

    def encode(
        self, images: torch.Tensor, gated: bool, noise: dict[str, torch.Tensor] | None = None
    ) -> tuple[torch.Tensor, dict[str, Gates]]:
        """Features [N, F] of images [N, 3, H, W].

        `noise` has u [N, C / group] for each gate; None thresholds the logits.
        """
        x = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        gates = {}
        for name, block in self.blocks().items():
            labels = gate_labels(name, block)
            x, opened = block(x, gated, [noise[label] for label in labels] if gated and noise is not None else None)
            gates |= zip(labels, opened)
        return x.mean(dim=(2, 3)), gates


def initialise(network: Network, generator: torch.Generator) -> None:
    """Kaiming normal (fan-out, relu) for convolutions and gates, +-1/sqrt(fan-in) for the projector; resets norms."""
    projector = set(network.projector.modules())
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                module.reset_parameters()
            elif module in projector and isinstance(module, nn.Linear):
                limit = 1 / math.sqrt(module.in_features)
                module.weight.uniform_(-limit, limit, generator=generator)
                module.bias.uniform_(-limit, limit, generator=generator)
            elif isinstance(module, (nn.Conv2d, nn.Linear)):
                fan_out = module.weight[:, 0].numel()
                module.weight.normal_(0, math.sqrt(2 / fan_out), generator=generator)


class Cost(NamedTuple):
    """Multiply-accumulates of one image.

    `fixed` MACs do not depend on masks. `gated` MACs are for one open channel of each named gate; the numbers of open
    channels multiply them.
    """

    full: int
    gates: int
    fixed: int
    gated: dict[tuple[str, ...], int]


def output_size(size: int, kernel: int, stride: int, padding: int) -> int:
    return (size + 2 * padding - kernel) // stride + 1


def network_cost(network: Network, stem: str, image: int) -> Cost:
    """MACs of the network's convolutions and gates on square images."""
    kernel, stride, padding, pooled = STEMS[stem]
    size = output_size(image, kernel, stride, padding)
    width = network.conv1.out_channels
    fixed = size * size * kernel * kernel * 3 * width
    size = output_size(size, 3, 2, 1) if pooled else size
    full, gates, gated = fixed, 0, {}
    for name, block in network.blocks().items():
        labels = gate_labels(name, block)
        for index, conv in enumerate(block.convs()):
            kernel = conv.kernel_size[0]
            size = output_size(size, kernel, conv.stride[0], kernel // 2)
            own = kernel**2 * size * size  # for each pair of an input and an output channel
            full += own * conv.in_channels * conv.out_channels
            # The gate after the previous convolution opens this one's inputs, and the gate after this one opens its
            # outputs.
            own *= 1 if index > 0 else conv.in_channels
            own *= 1 if index < block.depth - 1 else conv.out_channels
            opened_by = tuple(labels[max(index - 1, 0) : index + 1])
            gated[opened_by] = gated.get(opened_by, 0) + own
        inputs, channels = block.conv1.in_channels, block.conv1.out_channels
        shortcut = size * size * block.out_channels * inputs if block.downsample is not None else 0
        gates += len(labels) * (inputs * (inputs // 4) + (inputs // 4) * channels)
        fixed += shortcut
        full += shortcut
    return Cost(full, gates, fixed + gates, gated)


def measured_share(gates: dict[str, Gates], cost: Cost) -> torch.Tensor:
    """MACs of these images, including gates, divided by the dense network's MACs. The masks receive its gradient."""
    opened = sum(
        macs * math.prod(gates[name].mask.sum(dim=1) for name in names).mean() for names, macs in cost.gated.items()
    )
    return (cost.fixed + opened) / cost.full


def budget_terms(
    gates: dict[str, Gates], cost: Cost, budget: float, epoch: float, alpha: float, weight: float, bound_weight: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """L_macs and L_bound of the paper's rule for one gated pass."""
    p, s = math.exp(-alpha * epoch), math.sqrt(budget)
    macs = weight * (measured_share(gates, cost) - budget) ** 2
    opened = torch.stack([gate.mask.mean() for gate in gates.values()])
    below = functional.relu(p * s - opened).square().mean()
    above = functional.relu(opened - (1 - p + p * s)).square().mean()
    return macs, bound_weight * (below + above)


def vicreg(a: torch.Tensor, b: torch.Tensor) -> dict[str, torch.Tensor]:
    """Unweighted invariance, variance and covariance of projections [N, D], and the weighted objective."""
    invariance = (a - b).square().mean()
    variance = sum(functional.relu(1 - torch.sqrt(x.var(dim=0) + 1e-4)).mean() for x in (a, b))
    covariance = sum(off_diagonal_square(x) for x in (a, b))
    objective = 25 * invariance + 25 * variance + covariance
    return {"invariance": invariance, "variance": variance, "covariance": covariance, "objective": objective}


def off_diagonal_square(x: torch.Tensor) -> torch.Tensor:
    centred = x - x.mean(dim=0)
    covariance = centred.T @ centred / (len(x) - 1)
    return (covariance.square().sum() - covariance.diagonal().square().sum()) / x.shape[1]


class Step(NamedTuple):
    """The results of a step's forward passes."""

    terms: dict[str, torch.Tensor]
    features: list[torch.Tensor]
    projections: list[torch.Tensor]
    gates: list[dict[str, Gates]]


def forward_step(
    network: Network,
    views: tuple[torch.Tensor, torch.Tensor],
    noise: list[dict[str, torch.Tensor] | None],
    passes: list[tuple[bool, int]],
    cost: Cost,
    budget: float,
    epoch: float,
    alpha: float,
    weight: float = 5.0,
    bound_weight: float = 1.0,
    objective: Callable[[torch.Tensor, torch.Tensor], dict[str, torch.Tensor]] = vicreg,
) -> Step:
    """All passes of a step and every term of its loss. `objective` gives the terms of one comparison, its loss under
    the name "objective"; comparisons are averaged, and `share` is the mean over gated passes."""
    features, projections, gates = [], [], []
    for (gated, view), u in zip(passes, noise):
        encoded, opened = network.encode(views[view], gated, u)
        features.append(encoded)
        projections.append(network.projector(encoded))
        gates.append(opened)
    compared = [objective(*projections[index : index + 2]) for index in range(0, len(projections), 2)]
    terms = {name: sum(values[name] for values in compared) / len(compared) for name in compared[0]}
    total = terms["objective"]
    costed = [opened for opened in gates if opened]
    if costed:
        budgets = [budget_terms(opened, cost, budget, epoch, alpha, weight, bound_weight) for opened in costed]
        terms["macs"], terms["bound"] = (sum(values) / len(compared) for values in zip(*budgets))
        terms["share"] = sum(measured_share(opened, cost) for opened in costed) / len(costed)
        total = total + terms["macs"] + terms["bound"]
    terms["total"] = total
    return Step(terms, features, projections, gates)


def lars_step(
    network: nn.Module,
    velocities: dict[str, torch.Tensor],
    rate: float,
    momentum: float = 0.9,
    weight_decay: float = 1e-4,
    trust_coefficient: float = 0.02,
    epsilon: float = 1e-8,
) -> dict[str, float]:
    """Updates tensors with a gradient by clipped LARS. Returns the factor of each adapted tensor."""
    factors = {}
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if weight.grad is None:
                continue
            gradient = weight.grad
            decay = 0.0 if weight.ndim == 1 or ".gate" in name else weight_decay
            if weight.ndim > 1:
                size, slope = weight.norm().item(), gradient.norm().item()
                if size != 0 and slope != 0:
                    trust = trust_coefficient * size / (slope + decay * size + epsilon)
                    factors[name] = min(trust / rate, 1.0)
                    gradient = factors[name] * (gradient + decay * weight)
            velocity = velocities.setdefault(name, torch.zeros_like(weight))
            velocity.mul_(momentum).add_(gradient)
            weight.sub_(velocity, alpha=rate)
    return factors
