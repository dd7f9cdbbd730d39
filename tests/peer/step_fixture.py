"""Writes tests/fixtures/{dual,vanilla,gated,symmetric,bottleneck}_step.safetensors, each with one whole training step in
float64. `bottleneck` is a dual step of a small ResNet-50; the other steps are of a ResNet-18. `symmetric` is a dual step
that also compares the exchanged views, by a network whose passes share all norms.

Inputs, noise and initial values are exact in float32. The seed is the first for which the step is far from every
discontinuity: no gate's probability is near one half, no relu's input near zero, and no hinge near its corner. A
float32 run of the same step must agree; the script prints the largest disagreement.

A fixture has: input/view1, input/view2 [N,H,W,3]; noise/<pass>/<gate> u [N,C]; initial/<name>, gradient/<name>,
updated/<name> (parameters OIHW, running statistics); terms/<name> [1]; and, to locate the origin of a difference,
mask/<pass>/<gate> [N,C], features/<pass>, projection/<pass>. Each mode's network has only the parts that it uses:
`vanilla` has no gates and no budget terms, and only `dual` and `bottleneck` have separate norms. `macs` and `bound` are
sums over the gated passes of a comparison, `share` is the mean over gated passes. The hyper-parameters are JSON under
the metadata key "config".
"""

import json
import math
import sys
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import save
from torch import nn

from reference import Network, Step, forward_step, initialise, lars_step, network_cost, planned_passes, vicreg

CONFIG = {
    "arch": "resnet18", "width": 4, "stem": "cifar-paper", "image": 12, "batch": 12, "projector": 16,
    "budget": 0.3, "budgetRule": "paper", "epoch": 3, "boundAlpha": 0.02, "lambda": 5.0,
    "gamma": 1.0, "tau": 2 / 3, "optimizer": "lars", "lr": 0.3, "momentum": 0.9, "weightDecay": 1e-4,
    "trust": 0.02, "larsEpsilon": 1e-8, "normEpsilon": 1e-5, "normMomentum": 0.1,
}  # fmt: skip


class Case(NamedTuple):
    """A fixture's changes of CONFIG, and the smallest distances to discontinuities that a seed may have."""

    config: dict
    gate_margin: float = 1e-3
    relu_margin: float = 2e-5
    hinge_margin: float = 1e-3
    agreement: float = 1e-5  # of float32 with float64
    branch_scale: float = 1.0  # factor of the scales of each block's last norm


CASES = {
    "dual": Case({"mode": "dual"}),
    "vanilla": Case({"mode": "vanilla"}),
    "gated": Case({"mode": "gated"}),
    # Twice as many passes come near twice as many corners.
    "symmetric": Case({"mode": "dual", "symmetric": True, "separateNorm": False, "batch": 8}, relu_margin=1e-5),
    # Three times as deep: weaker branches limit the growth of rounding, and the margins are smaller because no seed is
    # as far from so many corners.
    "bottleneck": Case(
        {"mode": "dual", "arch": "resnet50", "stem": "cifar", "image": 8, "batch": 8, "budget": 0.4},
        gate_margin=2e-4, relu_margin=1e-5, agreement=2e-5, branch_scale=0.25,
    ),
}  # fmt: skip
ZERO_AGREEMENT = 5e-7  # absolute, for gradients of projector biases, which norms and differences cancel
SEEDS = 20_000
FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


def passes_of(config: dict) -> list[tuple[bool, int]]:
    return planned_passes(config["mode"], config["symmetric"])


def draw_network(generator: torch.Generator, config: dict, branch_scale: float) -> Network:
    """Draws a float32 network. Every norm has random scales, shifts and running statistics, so that none is trivial."""
    gated, separate_norm = any(gated for gated, _ in passes_of(config)), config["separateNorm"]
    network = Network(config["width"], config["stem"], config["projector"], gated, separate_norm, config["arch"])
    initialise(network, generator)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                module.weight.normal_(1, 0.2, generator=generator)
                module.bias.normal_(0, 0.2, generator=generator)
                module.running_mean.normal_(0, 0.3, generator=generator)
                module.running_var.uniform_(0.5, 1.5, generator=generator)
        for block in network.blocks().values():
            for norms in ("bn", "gated_bn") if separate_norm else ("bn",):
                getattr(block, f"{norms}{block.depth}").weight.mul_(branch_scale)
        # Larger projections, so that the variance hinge is open in some dimensions and closed in others.
        network.projector[6].weight.mul_(2)
        # A larger weight before a norm has a smaller gradient, so that LARS clips some tensors and scales others.
        network.layer2[0].conv1.weight.mul_(64)
        network.layer4[1].conv2.weight.mul_(32)
        # Larger weights keep the rounding of the biases' gradients, which are zero before norms, far below 1e-6 in
        # float32.
        network.projector[0].weight.mul_(8)
        network.projector[3].weight.mul_(8)
    return network


def draw_inputs(generator: torch.Generator, network: Network, config: dict) -> dict[str, torch.Tensor]:
    """Draws two related views in NHWC and the uniform noise of every gated pass, in float32."""
    count, size = config["batch"], config["image"]
    inputs = {"input/view1": torch.randn(count, size, size, 3, generator=generator)}
    inputs["input/view2"] = inputs["input/view1"] + 0.5 * torch.randn(count, size, size, 3, generator=generator)
    for index, (gated, _) in enumerate(passes_of(config)):
        for name, channels in network.gate_channels().items() if gated else ():
            bits = torch.randint(1 << 24, (count, channels), generator=generator)
            inputs[f"noise/{index}/{name}"] = ((bits.double() + 0.5) * 2**-24).float()
    return inputs


def run_forward(network: Network, inputs: dict[str, torch.Tensor], config: dict, objective=vicreg) -> Step:
    dtype = network.conv1.weight.dtype
    views = tuple(inputs[f"input/view{index + 1}"].to(dtype).permute(0, 3, 1, 2).contiguous() for index in range(2))
    noise = [
        {name: inputs[f"noise/{index}/{name}"].to(dtype) for name in network.gate_channels()} if gated else None
        for index, (gated, _) in enumerate(passes_of(config))
    ]
    cost = network_cost(network, config["stem"], config["image"])
    return forward_step(
        network, views, noise, passes_of(config), cost, config["budget"], config["epoch"], config["boundAlpha"],
        config["lambda"], config["gamma"], objective,
    )  # fmt: skip


def smallest_margins(network: Network, inputs: dict[str, torch.Tensor], config: dict) -> tuple[float, float, float]:
    """Smallest distances of gates, relu inputs and hinges from their discontinuities, in float64."""
    nearest = []
    hooks = [
        module.register_forward_pre_hook(lambda _, arguments: nearest.append(arguments[0].abs().min().item()))
        for module in network.modules()
        if isinstance(module, nn.ReLU)
    ]
    with torch.no_grad():
        step = run_forward(network, inputs, config)
    for hook in hooks:
        hook.remove()
    p, s = math.exp(-config["boundAlpha"] * config["epoch"]), math.sqrt(config["budget"])
    gates = [gate for opened in step.gates for gate in opened.values()]
    hinges = [(1 - torch.sqrt(x.var(dim=0) + 1e-4)).abs().min().item() for x in step.projections]
    hinges += [min(abs(p * s - d), abs(d - (1 - p + p * s))) for d in (gate.mask.mean().item() for gate in gates)]
    return min([(gate.soft - 0.5).abs().min().item() for gate in gates], default=1.0), min(nearest), min(hinges)


def named_state(network: Network) -> dict[str, torch.Tensor]:
    return {name: x.clone() for name, x in network.state_dict().items() if not name.endswith("num_batches_tracked")}


def run_step(network: Network, inputs: dict[str, torch.Tensor], config: dict) -> tuple[dict, dict, Step]:
    """Trains the network by one step. Returns its results under the fixture's names, LARS' factors, and the step."""
    step = run_forward(network, inputs, config)
    step.terms["total"].backward()
    results = {f"terms/{name}": value.detach().reshape(1) for name, value in step.terms.items()}
    for index, (features, projection, gates) in enumerate(zip(step.features, step.projections, step.gates)):
        results[f"features/{index}"], results[f"projection/{index}"] = features.detach(), projection.detach()
        results |= {f"mask/{index}/{name}": gate.mask.detach() for name, gate in gates.items()}
    gradients = {name: x.grad for name, x in network.named_parameters() if x.grad is not None}
    results |= {f"gradient/{name}": gradient.clone() for name, gradient in gradients.items()}
    factors = lars_step(
        network, {}, config["lr"], config["momentum"], config["weightDecay"], config["trust"], config["larsEpsilon"]
    )
    results |= {f"updated/{name}": value for name, value in named_state(network).items()}
    return results, factors, step


def worst_difference(exact: dict, approximate: dict) -> tuple[dict[str, tuple[float, str]], float]:
    """Largest max|difference| / max|exact| by kind of tensor, and the largest difference from an exact zero."""
    worst, zeros = {}, 0.0
    for name, value in exact.items():
        difference, scale = (approximate[name].double() - value).abs().max().item(), value.abs().max().item()
        if scale < 1e-10:
            zeros = max(zeros, difference)
            continue
        kind = name.split("/")[0]
        worst[kind] = max(worst.get(kind, (0.0, "")), (difference / scale, name))
    return worst, zeros


class Candidate(NamedTuple):
    """The step of one seed. `unfit` is the reason if it cannot be a fixture."""

    unfit: str | None
    margins: tuple[float, float, float]
    tensors: dict[str, torch.Tensor]
    factors: dict[str, float]
    step: Step
    worst: dict[str, tuple[float, str]]
    zeros: float


def compare_precisions(network: Network, initial: dict, inputs: dict, config: dict) -> tuple[dict, dict, dict, Step]:
    """Runs a step in float64 and float32. Returns exact and approximate results, LARS' factors and the float64 step."""
    runs = []
    for dtype in (torch.float64, torch.float32):
        network = network.to(dtype)
        network.load_state_dict({name: x.to(dtype) for name, x in initial.items()}, strict=False)
        network.zero_grad(set_to_none=True)
        runs.append(run_step(network, inputs, config))
    (exact, factors, step), (approximate, _, _) = runs
    return exact, approximate, factors, step


def try_seed(case: Case, config: dict, seed: int) -> Candidate | None:
    """The candidate of a seed, or None if a discontinuity is near."""
    generator = torch.Generator().manual_seed(seed)
    network = draw_network(generator, config, case.branch_scale)
    inputs = draw_inputs(generator, network, config)
    initial = named_state(network)
    margins = smallest_margins(network.double(), inputs, config)
    if any(x <= limit for x, limit in zip(margins, (case.gate_margin, case.relu_margin, case.hinge_margin))):
        return None
    exact, approximate, factors, step = compare_precisions(network, initial, inputs, config)
    worst, zeros = worst_difference(exact, approximate)
    clipped = sum(x == 1 for x in factors.values())
    unfit = None
    if max(difference for difference, _ in worst.values()) > case.agreement or zeros > ZERO_AGREEMENT:
        unfit = "float32 does not agree with float64"
    elif not 0 < clipped < len(factors):
        unfit = "LARS does not both clip and scale"
    tensors = inputs | {f"initial/{name}": x for name, x in initial.items()}
    tensors |= {name: x.float() for name, x in exact.items()}
    return Candidate(unfit, margins, tensors, factors, step, worst, zeros)


def write_fixture(name: str) -> None:
    case = CASES[name]
    config = CONFIG | {"symmetric": False, "separateNorm": case.config["mode"] == "dual"} | case.config
    for seed in range(SEEDS):
        candidate = try_seed(case, config, seed)
        if candidate is not None and candidate.unfit is None:
            break
        if candidate is not None:
            print(f"{name}: seed {seed} rejected: {candidate.unfit}")
    else:
        raise SystemExit(f"{name}: none of {SEEDS} seeds is fit; lower a margin")
    path = FIXTURES / f"{name}_step.safetensors"
    config["seed"] = seed
    tensors = {name: x.contiguous() for name, x in candidate.tensors.items()}
    path.write_bytes(save(tensors, {"config": json.dumps(config, sort_keys=True)}))
    print(f"{path.name}: {len(candidate.tensors)} tensors, {path.stat().st_size} bytes, seed {seed}")
    describe(candidate)


def describe(candidate: Candidate) -> None:
    print("  nearest gate {:.1e}, relu input {:.1e}, hinge {:.1e}".format(*candidate.margins))
    print("  " + ", ".join(f"{name} {value.item():.6g}" for name, value in candidate.step.terms.items()))
    for gates in filter(None, candidate.step.gates):
        print("  open shares", [round(gate.mask.mean().item(), 3) for gate in gates.values()])
    clipped = [name for name, factor in candidate.factors.items() if factor == 1]
    print(f"  LARS adapts {len(candidate.factors)} tensors, of which it clips {clipped}")
    for kind, (difference, name) in candidate.worst.items():
        print(f"  float32 against float64, {kind}: {difference:.1e} ({name})")
    print(f"  float32 against float64, true zeros: {candidate.zeros:.1e}")


def check_costs() -> None:
    """Fails unless the reference reproduces the published MACs."""
    for arch, stem, image, macs, gates in (
        ("resnet18", "cifar-paper", 32, 703_560_448, 240_640), ("resnet18", "cifar", 32, 555_417_600, 240_640),
        ("resnet18", "imagenet", 96, 333_103_104, 240_640), ("resnet18", "imagenet", 224, 1_813_561_344, 240_640),
        ("resnet50", "imagenet", 224, 4_087_136_256, 10_129_408),
    ):  # fmt: skip
        with torch.device("meta"):
            cost = network_cost(Network(64, stem, 16, arch=arch), stem, image)
        if (cost.full, cost.gates) != (macs, gates):
            raise SystemExit(
                f"{arch}, {stem} at {image}: {cost.full} MACs and {cost.gates} in gates, not {macs} and {gates}"
            )


if __name__ == "__main__":
    torch.set_num_threads(1)
    check_costs()
    FIXTURES.mkdir(exist_ok=True)
    for name in sys.argv[1:] or CASES:
        write_fixture(name)
