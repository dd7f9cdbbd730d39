"""Writes tests/fixtures/objective_steps.safetensors: the steps of the dual, vanilla and gated fixture with each of the
other objectives, computed in float64.

Network, views and noise are those of `MODE_step.safetensors`, which is read and not repeated. An objective with a
momentum target takes it from a copy of the network that draws the same noise and whose last bias is 1 larger, so that
targets differ from the projections. A fixture holds, in float32: state/OBJECTIVE/<name>, the objective's own tensors;
terms/MODE/OBJECTIVE/<name> [1]; and gradient/MODE/OBJECTIVE/<name> of two convolutions, of a gate if there is one, of
the projector's last layer, and of the objective's own parameters.
"""

import copy
import json
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from objective_fixtures import OBJECTIVES, QUEUE, state_name
from reference import Network
from step_fixture import run_forward

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
MODES = ("dual", "vanilla", "gated")
WATCHED = ("conv1.weight", "layer2.0.conv2.weight", "layer2.0.gate.fc2.weight", "projector.6.weight")
AGREEMENT = 2e-5  # of float32 with float64


def read_step(mode: str) -> tuple[dict, dict[str, torch.Tensor]]:
    path = FIXTURES / f"{mode}_step.safetensors"
    with safe_open(path, "pt") as file:
        config = json.loads(file.metadata()["config"])
    return {"symmetric": False} | config, load_file(path)


def run(mode: str, make, state: dict[str, torch.Tensor], dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Terms and gradients of one step, by name."""
    config, tensors = read_step(mode)
    network = Network(config["width"], config["stem"], config["projector"], mode != "vanilla", config["separateNorm"])
    initial = {name.removeprefix("initial/"): x for name, x in tensors.items() if name.startswith("initial/")}
    network.load_state_dict(initial, strict=False)
    network = network.to(dtype)
    objective = make(config["projector"])
    objective.load_state_dict(state, strict=False)
    objective = objective.to(dtype)
    targets = []
    if make.targets:
        target_network = copy.deepcopy(network)
        with torch.no_grad():
            target_network.projector[6].bias += 1
            targets = run_forward(target_network, tensors, config).projections

    def compare(a: torch.Tensor, b: torch.Tensor) -> dict[str, torch.Tensor]:
        loss, terms = objective(a, b, *targets)
        return {**terms, "objective": loss}

    step = run_forward(network, tensors, config, compare)
    step.terms["total"].backward()
    parameters = dict(network.named_parameters())
    gradients = {name: parameters[name].grad for name in WATCHED if name in parameters}
    gradients |= {f"objective.{name}": parameter.grad for name, parameter in objective.named_parameters()}
    results = {f"terms/{name}": value.detach().reshape(1) for name, value in step.terms.items()}
    return results | {f"gradient/{name}": gradient for name, gradient in gradients.items()}


def disagreement(exact: torch.Tensor, approximate: torch.Tensor) -> float:
    largest = exact.abs().max().item()
    return (approximate.double() - exact).abs().max().item() / largest if largest > 1e-10 else 0.0


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    size = read_step("dual")[0]["projector"]
    tensors = {}
    for name, make in OBJECTIVES.items():
        if name.startswith("vicreg"):
            continue  # the steps' own fixtures
        state = {key: x.clone() for key, x in make(size).state_dict().items() if "num_batches" not in key}
        tensors |= {f"state/{name}/{state_name(key)}": x for key, x in state.items()}
        for mode in MODES:
            exact, approximate = (run(mode, make, state, dtype) for dtype in (torch.float64, torch.float32))
            worst = max((disagreement(x, approximate[key]), key) for key, x in exact.items())
            print(f"{mode} {name}: loss {exact['terms/objective'].item():.6g}, float32 off by {worst}")
            if worst[0] > AGREEMENT:
                raise SystemExit(f"{mode} {name}: float32 does not agree with float64; draw another state")
            for key, x in exact.items():
                kind, own = key.split("/")
                tensors[f"{kind}/{mode}/{name}/{own}"] = x.float().contiguous()
    path = FIXTURES / "objective_steps.safetensors"
    save_file(tensors, path, {"queue": str(QUEUE)})
    print(f"{path.name}: {len(tensors)} tensors, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
