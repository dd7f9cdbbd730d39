"""Computes outputs and gradients of the operation cases with PyTorch in float64.

usage: operation_fixtures.py CASES [OUTPUT]

CASES is the file that export_cases.ts writes; OUTPUT is tests/fixtures/operations.safetensors by default. For every
case it has `NAME/output I` and `NAME/gradient INPUT` in float32. Its metadata have, as JSON, the checksum of each
case's inputs.
"""

import json
import pathlib
import sys

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch.nn import functional

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures" / "operations.safetensors"


def channels_first(x):
    """Turns [N, H, W, C] into [N, C, H, W], and OHWI into OIHW."""
    return x.movedim(-1, 1)


def channels_last(x):
    return x.movedim(1, -1)


def batch_norm(i, a):
    x = channels_first(i["x"])
    mean, var = i["runningMean"].clone(), i["runningVar"].clone()
    y = functional.batch_norm(x, mean, var, i["gamma"], i["beta"], a["training"], a["momentum"], a["epsilon"])
    if a["residual"]:
        y = y + channels_first(i["residual"])
    if a["relu"]:
        y = functional.relu(y)
    if a["mask"]:
        y = y * i["mask"].reshape(*i["mask"].shape, *[1] * (x.dim() - 2))
    return [channels_last(y), mean, var]


def binary(i, a):
    shape = {"none": i["b"].shape, "row": (1, -1), "column": (-1, 1), "scalar": (1, 1)}[a["broadcast"]]
    operation = {"add": torch.add, "subtract": torch.sub, "multiply": torch.mul, "divide": torch.div}[a["name"]]
    return [operation(i["a"], i["b"].reshape(shape))]


def conv2d(i, a):
    y = functional.conv2d(channels_first(i["x"]), channels_first(i["weight"]), stride=a["stride"], padding=a["padding"])
    return [channels_last(y)]


def cross_entropy(i, _):
    return [functional.cross_entropy(i["logits"], i["labels"].long(), reduction="none")]


def enqueue_rows(i, _):
    return [torch.cat([i["rows"], i["queue"]])[: len(i["queue"])]]


def gate(i, a):
    if a["threshold"]:
        return [(i["logits"] >= 0).double()]
    logistic = torch.log(i["noise"] + 1e-8) - torch.log(1 - i["noise"] + 1e-8)
    soft = torch.sigmoid((a["factor"] * i["logits"] + logistic) / a["tau"])
    return [(soft >= 0.5).double() + (soft - soft.detach())]


def gate_decide(i, a):
    hidden = functional.linear(i["pooled"], i["weight1"])
    hidden = functional.batch_norm(hidden, *[i[name] for name in ("mean", "var", "gamma", "beta")], eps=a["epsilon"])
    logits = functional.linear(functional.relu(hidden), i["weight2"], i.get("bias"))
    return [(logits >= 0).double()]


def numbered_norm(i, a, x, n):
    """A norm with running statistics, whose tensors have the number `n` in their names."""
    names = (f"mean{n}", f"var{n}", f"gamma{n}", f"beta{n}")
    return functional.batch_norm(x, *[i[name] for name in names], False, 0.0, a["epsilon"])


def gated_convolutions(i, a):
    h = channels_first(i["x"])
    count = len(a["strides"])
    for n, (stride, padding) in enumerate(zip(a["strides"], a["paddings"]), 1):
        h = functional.conv2d(h, channels_first(i[f"weight{n}"]), stride=stride, padding=padding)
        h = numbered_norm(i, a, h, n)
        if n == count:
            h = functional.relu(h + channels_first(i["residual"]))
        else:
            h = functional.relu(h) * i[f"mask{n}"][:, :, None, None]
    return [channels_last(h)]


def gather_rows(i, _):
    return [i["x"].index_select(0, i["indices"].long())]


def global_pool(i, _):
    return [channels_first(i["x"]).mean(dim=(2, 3))]


def linear(i, _):
    return [functional.linear(i["x"], i["weight"], i.get("bias"))]


def matmul(i, a):
    left = i["a"].T if a["transposeA"] else i["a"]
    right = i["b"].T if a["transposeB"] else i["b"]
    return [a["alpha"] * left @ right]


def max_pool(i, a):
    # max_pool2d refuses padding beyond half a kernel, so pad with minus infinity here.
    padded = functional.pad(channels_first(i["x"]), [a["padding"]] * 4, value=-torch.inf)
    return [channels_last(functional.max_pool2d(padded, a["kernel"], a["stride"]))]


def moving_average(i, a):
    return [torch.lerp(i["value"], i["average"], a["momentum"])]


def repeat_columns(i, a):
    return [i["x"].repeat_interleave(a["count"], dim=1)]


def rotate(i, _):
    return [torch.stack([torch.rot90(x, int(turns)) for x, turns in zip(i["x"], i["turns"])])]


def scale(i, a):
    return [a["factor"] * i["x"] + a["offset"]]


def stack(i, _):
    return [torch.cat([i[name] for name in ("first", "second", "third") if name in i])]


def sum_(i, a):
    x = i["x"].reshape(-1, i["x"].shape[-1])
    total = {"rows": lambda: x.sum(0), "columns": lambda: x.sum(1), "all": lambda: x.sum().reshape(1)}[a["axis"]]()
    return [a["factor"] * total]


def unary(i, a):
    return [getattr(torch, a["name"])(i["x"])]


def write_rows(i, a):
    target = i["target"].clone()
    target[a["start"] : a["start"] + len(i["rows"])] = i["rows"]
    return [target]


def steps(tensors, rates, momentum, weight_decay, adapt):
    """Parameters after steps of PyTorch's SGD. With `adapt`, gradients are scaled first, as LARC wraps an optimiser."""
    results = []
    for value, gradient, decayed in tensors:
        parameter = torch.nn.Parameter(value.clone())
        optimiser = torch.optim.SGD([parameter], lr=1.0, momentum=momentum)
        for rate in rates:
            decay = weight_decay if decayed else 0.0
            lengths = parameter.detach().norm(), gradient.norm()
            trust = 1.0
            if adapt and decayed:
                if lengths[0] > 0 and lengths[1] > 0:
                    trust = min(0.02 * lengths[0] / (lengths[1] + decay * lengths[0] + 1e-8) / rate, 1.0)
                else:
                    decay = 0.0
            optimiser.param_groups[0]["lr"] = rate
            parameter.grad = trust * (gradient + decay * parameter.detach())
            optimiser.step()
        results.append(parameter.detach())
    return results


def sgd(i, a):
    tensors = [(i[name], i[f"{name}Gradient"], name == "matrix") for name in ("matrix", "vector", "scalar")]
    return steps(tensors, a["rates"], a["momentum"], a["weightDecay"], False)


def lars(i, a):
    tensors = [(i[name], i[f"{name}Gradient"], name == "matrix") for name in ("matrix", "vector")]
    return steps(tensors, a["rates"], a["momentum"], a["weightDecay"], True)


def augment(i, a):
    """Crop, resize and flip, the operations that PyTorch has (bicubic with antialiasing is Pillow's kernel)."""
    views = []
    for source, row in zip(i["indices"].long().tolist(), i["parameters"].tolist()):
        top, left, height, width = (int(value) for value in row[:4])
        crop = channels_first(i["images"][source : source + 1, top : top + height, left : left + width]) / 255
        view = functional.interpolate(crop, a["size"], mode="bicubic", antialias=True).clamp(0, 1)
        views.append(view.flip(3) if row[12] == 1 else view)
    mean, std = (torch.tensor(a[name], dtype=torch.float64) for name in ("mean", "std"))
    return [(channels_last(torch.cat(views)) - mean) / std]


OPERATIONS = {
    "augment": augment,
    "batch_norm": batch_norm,
    "binary": binary,
    "conv2d": conv2d,
    "cross_entropy": cross_entropy,
    "enqueue_rows": enqueue_rows,
    "gate": gate,
    "gate_decide": gate_decide,
    "gated_convolutions": gated_convolutions,
    "gather_rows": gather_rows,
    "global_pool": global_pool,
    "lars": lars,
    "linear": linear,
    "matmul": matmul,
    "max_pool": max_pool,
    "moving_average": moving_average,
    "repeat_columns": repeat_columns,
    "rotate": rotate,
    "scale": scale,
    "sgd": sgd,
    "stack": stack,
    "sum": sum_,
    "unary": unary,
    "write_rows": write_rows,
}


def compute(case, tensor):
    """Outputs and gradients of a case, by their names in the file."""
    inputs = {}
    for name in case["inputs"]:
        value = tensor(f"{case['name']}/input {name}").double()
        inputs[name] = value.requires_grad_(name in case["differentiable"])
    outputs = OPERATIONS[case["operation"]](inputs, case["attributes"])
    results = {f"{case['name']}/output {index}": output.detach() for index, output in enumerate(outputs)}
    if case["differentiable"]:
        objective = torch.zeros((), dtype=torch.float64)
        for index, output in enumerate(outputs):
            cotangent = tensor(f"{case['name']}/cotangent {index}").double()
            objective = objective + (output * cotangent.reshape(output.shape)).sum()
        gradients = torch.autograd.grad(objective, [inputs[name] for name in case["differentiable"]])
        for name, gradient in zip(case["differentiable"], gradients):
            results[f"{case['name']}/gradient {name}"] = gradient
    return {name: result.float().contiguous() for name, result in results.items()}


def main(cases_path, output_path=FIXTURES):
    torch.set_num_threads(1)
    results = {}
    with safe_open(cases_path, "pt") as file:
        cases = json.loads(file.metadata()["cases"])
        for case in cases:
            results.update(compute(case, file.get_tensor))
    checksums = json.dumps({case["name"]: case["checksum"] for case in cases}, sort_keys=True)
    save_file(results, str(output_path), {"checksums": checksums})
    size = pathlib.Path(output_path).stat().st_size
    print(f"{len(cases)} cases, {len(results)} tensors, {size / 1024:.0f} KiB")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
