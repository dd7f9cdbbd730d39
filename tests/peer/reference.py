"""The method in plain PyTorch, of any floating dtype: the peer that sluice's own results are compared with.

Networks are torchvision's resnet18 by name and layout (NCHW, OIHW), with gates and gated norms added. Nothing here is
optimised: each function is meant to be read beside its formula.
"""

import math
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

STAGES = [2, 2, 2, 2]
TAU = 2 / 3
STEMS = {  # kernel, stride, padding, followed by a max pool
    "cifar-paper": (3, 1, 2, False),
    "cifar": (3, 1, 1, False),
    "imagenet": (7, 2, 3, True),
}
# One pass per view, True where it is the gated one; passes run in this order, so shared norms see them in this order.
PASSES = {"dual": (True, False), "vanilla": (False, False), "gated": (True, True)}


class Gates(NamedTuple):
    """What one gate decided: `mask` [N, C] of 0 and 1, `soft` [N, C] that it was cut from (None: no noise)."""

    mask: torch.Tensor
    soft: torch.Tensor | None


class Gate(nn.Module):
    """One bit per output channel, per image, from the block's input [N, I, H, W]; straight-through in training."""

    def __init__(self, in_channels: int, channels: int):
        super().__init__()
        hidden = in_channels // 4
        self.fc1 = nn.Linear(in_channels, hidden, bias=False)
        self.bn = nn.BatchNorm1d(hidden)
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(hidden, channels, bias=False)

    def forward(self, x: torch.Tensor, noise: torch.Tensor | None) -> Gates:
        logits = self.fc2(self.relu(self.bn(self.fc1(x.mean(dim=(2, 3))))))
        if noise is None:
            return Gates((logits >= 0).to(logits.dtype), None)
        logistic = torch.log(noise + 1e-8) - torch.log(1 - noise + 1e-8)
        soft = torch.sigmoid((logits + logistic) / TAU)
        hard = (soft >= 0.5).to(soft.dtype)
        # soft - soft.detach() is exactly 0: the forward value is the bit, the gradient that of `soft`.
        return Gates(hard + (soft - soft.detach()), soft)


class GatedBlock(nn.Module):
    """A basic residual block, the outputs of its first convolution masked in a gated pass."""

    def __init__(self, in_channels: int, channels: int, stride: int, gated: bool, separate_norm: bool):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.separate_norm = separate_norm
        if separate_norm:
            self.gated_bn1 = nn.BatchNorm2d(channels)
            self.gated_bn2 = nn.BatchNorm2d(channels)
        self.downsample = None
        if stride != 1 or in_channels != channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )
        self.gate = Gate(in_channels, channels) if gated else None

    def forward(self, x: torch.Tensor, gated: bool, noise: torch.Tensor | None) -> tuple[torch.Tensor, Gates | None]:
        own = gated and self.separate_norm
        bn1, bn2 = (self.gated_bn1, self.gated_bn2) if own else (self.bn1, self.bn2)
        gates = self.gate(x, noise) if gated else None
        h = self.relu(bn1(self.conv1(x)))
        if gates is not None:
            h = h * gates.mask[:, :, None, None]
        shortcut = x if self.downsample is None else self.downsample(x)
        return self.relu(bn2(self.conv2(h)) + shortcut), gates


class Network(nn.Module):
    """The encoder of 8 * width features with the projector; without `gated` it has no gates and can only be dense.

    With `separate_norm` dense and gated passes each have norms of their own in the blocks, without they share them.
    """

    def __init__(self, width: int, stem: str, projector: int, gated: bool = True, separate_norm: bool = True):
        super().__init__()
        kernel, stride, padding, pooled = STEMS[stem]
        self.conv1 = nn.Conv2d(3, width, kernel, stride, padding, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1) if pooled else nn.Identity()
        in_channels = width
        for stage, count in enumerate(STAGES):
            channels = width << stage
            blocks = []
            for index in range(count):
                stride = 2 if stage > 0 and index == 0 else 1
                blocks.append(GatedBlock(in_channels, channels, stride, gated, separate_norm))
                in_channels = channels
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.projector = nn.Sequential(
            nn.Linear(in_channels, projector), nn.BatchNorm1d(projector), nn.ReLU(),
            nn.Linear(projector, projector), nn.BatchNorm1d(projector), nn.ReLU(),
            nn.Linear(projector, projector),
        )

    def blocks(self) -> dict[str, GatedBlock]:
        return {
            f"layer{stage + 1}.{index}": getattr(self, f"layer{stage + 1}")[index]
            for stage, count in enumerate(STAGES)
            for index in range(count)
        }

    def encode(
        self, images: torch.Tensor, gated: bool, noise: dict[str, torch.Tensor] | None = None
    ) -> tuple[torch.Tensor, dict[str, Gates]]:
        """Features [N, 8 width] of images [N, 3, H, W]; `noise` holds u [N, C] per block, None thresholds logits."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        gates = {}
        for name, block in self.blocks().items():
            x, opened = block(x, gated, noise[name] if gated and noise is not None else None)
            if opened is not None:
                gates[name] = opened
        return x.mean(dim=(2, 3)), gates


def initialise(network: Network, generator: torch.Generator) -> None:
    """Kaiming normal (fan-out, relu) for convolutions and gates, +-1/sqrt(fan-in) for the projector, norms 1 and 0."""
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
    """Multiply-accumulates of one image: `gated` those of one open channel per block, `fixed` those always paid."""

    full: int
    gates: int
    fixed: int
    gated: dict[str, int]


def output_size(size: int, kernel: int, stride: int, padding: int) -> int:
    return (size + 2 * padding - kernel) // stride + 1


def network_cost(network: Network, stem: str, image: int) -> Cost:
    """MACs of the network on square images; convolutions, gates and nothing else."""
    kernel, stride, padding, pooled = STEMS[stem]
    size = output_size(image, kernel, stride, padding)
    width = network.conv1.out_channels
    fixed = size * size * kernel * kernel * 3 * width
    size = output_size(size, 3, 2, 1) if pooled else size
    full, gates, gated = fixed, 0, {}
    for name, block in network.blocks().items():
        inputs, channels = block.conv1.in_channels, block.conv1.out_channels
        size = output_size(size, 3, block.conv1.stride[0], 1)
        shortcut = size * size * channels * inputs if block.downsample is not None else 0
        gated[name] = 9 * (inputs + channels) * size * size
        gates += inputs * (inputs // 4) + (inputs // 4) * channels
        fixed += shortcut
        full += shortcut + gated[name] * channels
    return Cost(full, gates, fixed + gates, gated)


def measured_share(gates: dict[str, Gates], cost: Cost) -> torch.Tensor:
    """(Real MACs of these images, gates included) / full MACs: a scalar that carries the masks' gradient."""
    opened = sum(cost.gated[name] * gate.mask.sum(dim=1).mean() for name, gate in gates.items())
    return (cost.fixed + opened) / cost.full


def budget_terms(
    gates: dict[str, Gates], cost: Cost, budget: float, epoch: float, alpha: float, weight: float, bound_weight: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """L_macs and L_bound of the published rule for one gated pass."""
    p, s = math.exp(-alpha * epoch), math.sqrt(budget)
    macs = weight * (measured_share(gates, cost) - budget) ** 2
    opened = torch.stack([gate.mask.mean() for gate in gates.values()])
    below = functional.relu(p * s - opened).square().mean()
    above = functional.relu(opened - (1 - p + p * s)).square().mean()
    return macs, bound_weight * (below + above)


def vicreg(a: torch.Tensor, b: torch.Tensor) -> dict[str, torch.Tensor]:
    """Invariance, variance and covariance of projections [N, D], unweighted, and the weighted objective."""
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
    """Everything a step computes before its backward."""

    terms: dict[str, torch.Tensor]
    features: list[torch.Tensor]
    projections: list[torch.Tensor]
    gates: list[dict[str, Gates]]


def forward_step(
    network: Network,
    views: tuple[torch.Tensor, torch.Tensor],
    noise: list[dict[str, torch.Tensor] | None],
    mode: str,
    cost: Cost,
    budget: float,
    epoch: float,
    alpha: float,
    weight: float = 5.0,
    bound_weight: float = 1.0,
) -> Step:
    """Both passes of a step and every term of its loss; `share` is the mean over gated passes."""
    features, projections, gates = [], [], []
    for images, gated, u in zip(views, PASSES[mode], noise):
        encoded, opened = network.encode(images, gated, u)
        features.append(encoded)
        projections.append(network.projector(encoded))
        gates.append(opened)
    terms = vicreg(*projections)
    total = terms["objective"]
    costed = [opened for opened in gates if opened]
    if costed:
        budgets = [budget_terms(opened, cost, budget, epoch, alpha, weight, bound_weight) for opened in costed]
        terms["macs"], terms["bound"] = (sum(values) for values in zip(*budgets))
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
    """Clipped LARS in place; tensors without a gradient are left alone. Returns each adapted tensor's factor."""
    factors = {}
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if weight.grad is None:
                continue
            gradient = weight.grad
            decay = 0.0 if weight.ndim == 1 or ".gate." in name else weight_decay
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
