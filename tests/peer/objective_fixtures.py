"""Computes the objectives and their gradients with PyTorch in float64.

usage: objective_fixtures.py [OUTPUT]

OUTPUT is tests/fixtures/objectives.safetensors by default. For every objective and shape it has, in float32 under
`NAME/SHAPE/`: the inputs `a` and `b` [N, D], the targets `targetA` and `targetB` if the objective uses them, the
objective's own tensors as `state/...`, its loss and terms as `term/...`, and `gradient/...` of a, b and every
parameter. Inputs are drawn in float32, so that both sides compute from the same numbers. The metadata lists the shapes
of each objective.
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures" / "objectives.safetensors"
SHAPES = {"tall": (24, 8), "wide": (6, 20)}
QUEUE = 16


def off_diagonal(matrix):
    return matrix - torch.diag(torch.diag(matrix))


class Objective(nn.Module):
    """An objective whose own tensors are the module's state. `targets`: it needs projections of a momentum copy."""

    targets = False

    def __init__(self, size):
        super().__init__()
        self.size = size


class Vicreg(Objective):
    invariance_weight = 25.0

    def forward(self, a, b, *_):
        invariance = functional.mse_loss(a, b)
        variance = sum(functional.relu(1 - torch.sqrt(z.var(dim=0) + 1e-4)).mean() for z in (a, b))
        covariance = sum(off_diagonal(torch.cov(z.T)).square().sum() / self.size for z in (a, b))
        loss = self.invariance_weight * invariance + 25 * variance + covariance
        return loss, {"invariance": invariance, "variance": variance, "covariance": covariance}


class VicregWithoutInvariance(Vicreg):
    invariance_weight = 0.0


class Vibcreg(Objective):
    def forward(self, a, b, *_):
        invariance = functional.mse_loss(a, b)
        variance = sum(functional.relu(1 - torch.sqrt(z.var(dim=0) + 1e-4)).mean() for z in (a, b))
        covariance = sum(off_diagonal(torch.corrcoef(z.T)).square().mean() for z in (a, b))
        loss = 25 * invariance + 25 * variance + 200 * covariance
        return loss, {"invariance": invariance, "variance": variance, "covariance": covariance}


class BarlowTwins(Objective):
    def forward(self, a, b, *_):
        norm = nn.BatchNorm1d(self.size, affine=False, dtype=a.dtype)
        correlation = norm(a).T @ norm(b) / a.shape[0]
        on_diagonal = (torch.diag(correlation) - 1).square().sum()
        redundancy = off_diagonal(correlation).square().sum()
        return 0.024 * (on_diagonal + 0.0051 * redundancy), {"onDiagonal": on_diagonal, "offDiagonal": redundancy}


class Simclr(Objective):
    def forward(self, a, b, *_):
        z = functional.normalize(torch.cat([a, b]))
        count = a.shape[0]
        logits = (z @ z.T / 0.2).masked_fill(torch.eye(2 * count, dtype=torch.bool), -torch.inf)
        loss = functional.cross_entropy(logits, torch.arange(2 * count).roll(count))
        return loss, {"contrast": loss}


class Predicting(Objective):
    """An objective with a predictor D -> `hidden` -> D."""

    def __init__(self, size, hidden):
        super().__init__(size)
        self.predictor = nn.Sequential(
            nn.Linear(size, hidden, bias=False), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, size)
        )
        for parameter in self.predictor[1].parameters():
            nn.init.normal_(parameter, 0.7, 0.3)


class Simsiam(Predicting):
    def __init__(self, size):
        super().__init__(size, size // 4)

    def forward(self, a, b, *_):
        similarity = functional.cosine_similarity
        one = similarity(self.predictor(a), b.detach()).mean()
        two = similarity(self.predictor(b), a.detach()).mean()
        return -one / 2 - two / 2, {"cosine": (one + two) / 2}


class Byol(Predicting):
    targets = True

    def __init__(self, size):
        super().__init__(size, size)

    def forward(self, a, b, target_a, target_b):
        def distance(prediction, target):
            unit = functional.normalize(prediction) - functional.normalize(target)
            return unit.square().sum(dim=1).mean()

        loss = distance(self.predictor(a), target_b) + distance(self.predictor(b), target_a)
        return loss, {"cosine": 1 - loss / 4}


class Mocov3(Predicting):
    targets = True

    def __init__(self, size):
        super().__init__(size, size)

    def forward(self, a, b, target_a, target_b):
        def contrast(queries, keys):
            logits = functional.normalize(queries) @ functional.normalize(keys).T / 0.2
            return functional.cross_entropy(logits, torch.arange(len(keys)))

        one, two = contrast(self.predictor(a), target_b), contrast(self.predictor(b), target_a)
        return 2 * 0.2 * (one + two), {"contrast": (one + two) / 2}


class Mocov2plus(Objective):
    targets = True

    def __init__(self, size):
        super().__init__(size)
        for name in ("a", "b"):
            self.register_buffer(f"queue_{name}", functional.normalize(torch.randn(QUEUE, size)))

    def forward(self, a, b, target_a, target_b):
        def contrast(queries, keys, queue):
            q, k = functional.normalize(queries), functional.normalize(keys)
            logits = torch.cat([(q * k).sum(dim=1, keepdim=True), q @ queue.T], dim=1) / 0.2
            return functional.cross_entropy(logits, torch.zeros(len(q), dtype=torch.long))

        loss = (contrast(a, target_b, self.queue_b) + contrast(b, target_a, self.queue_a)) / 2
        return loss, {"contrast": loss}


OBJECTIVES = {
    "vicreg": Vicreg,
    "vicreg-without-invariance": VicregWithoutInvariance,
    "barlow-twins": BarlowTwins,
    "simclr": Simclr,
    "simsiam": Simsiam,
    "byol": Byol,
    "mocov2plus": Mocov2plus,
    "mocov3": Mocov3,
    "vibcreg": Vibcreg,
}


def state_name(name):
    return name.replace("queue_", "queue.")


def fixture(make, rows, size):
    """Inputs, state, terms and gradients of an objective at a shape, by name."""
    objective = make(size)
    deviations = torch.linspace(0.4, 1.6, size)
    inputs = {name: torch.randn(rows, size) * deviations for name in ("a", "b")}
    targets = {name: torch.randn(rows, size) * deviations for name in ("targetA", "targetB")} if make.targets else {}
    state = {name: tensor.clone() for name, tensor in objective.state_dict().items() if "num_batches" not in name}
    objective.double()
    wide = {name: tensor.double().requires_grad_() for name, tensor in inputs.items()}
    loss, terms = objective(*wide.values(), *[target.double() for target in targets.values()])
    loss.backward()
    parameters = {name: parameter.grad for name, parameter in objective.named_parameters()}
    gradients = {**{name: tensor.grad for name, tensor in wide.items()}, **parameters}
    return {
        **inputs,
        **targets,
        **{f"state/{state_name(name)}": tensor for name, tensor in state.items()},
        **{f"term/{name}": term.detach().reshape(1) for name, term in {**terms, "loss": loss}.items()},
        **{f"gradient/{name}": gradient for name, gradient in gradients.items()},
    }


def main():
    output = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FIXTURES
    torch.manual_seed(0)
    tensors = {}
    for name, make in OBJECTIVES.items():
        for shape, (rows, size) in SHAPES.items():
            found = fixture(make, rows, size)
            tensors |= {f"{name}/{shape}/{key}": value.float().contiguous() for key, value in found.items()}
    names = json.dumps({name: list(SHAPES) for name in OBJECTIVES})
    save_file(tensors, output, {"objectives": names, "queue": str(QUEUE), "torch": torch.__version__})
    print(f"{output}: {len(tensors)} tensors of {len(OBJECTIVES)} objectives")


if __name__ == "__main__":
    main()
