"""Loads slim networks into plain PyTorch, and compares their features with those of `sluice embed`.

`python tests/peer/slim_network.py RUN... --data DIR` takes CIFAR-10 runs with gates, in a virtual environment with
torch, numpy and safetensors. `load` is all that a program needs to use a slim network.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from torch import nn

STAGES = {"resnet18": (2, 2, 2, 2), "resnet34": (3, 4, 6, 3), "resnet50": (3, 4, 6, 3)}
STEMS = {"cifar": (3, 1, 1), "cifar-paper": (3, 1, 2), "imagenet": (7, 2, 3)}
TOLERANCE = 1e-5


class Block(nn.Module):
    def __init__(self, inputs: int, widths: list[int], outputs: int, stride: int):
        super().__init__()
        kernels, strided = ((3, 3), 0) if len(widths) == 1 else ((1, 3, 1), 1)
        channels = [inputs, *widths, outputs]
        for i, kernel in enumerate(kernels):
            step = stride if i == strided else 1
            conv = nn.Conv2d(channels[i], channels[i + 1], kernel, step, kernel // 2, bias=False)
            setattr(self, f"conv{i + 1}", conv)
            setattr(self, f"bn{i + 1}", nn.BatchNorm2d(channels[i + 1]))
        self.steps, self.downsample = len(kernels), nn.Identity()
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = x
        for i in range(1, self.steps + 1):
            h = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(h))
            h = torch.relu(h + self.downsample(x) if i == self.steps else h)
        return h


def load(path: Path) -> tuple[nn.Module, dict[str, str]]:
    """The network of a file of `sluice export --network slim`, from [N, 3, H, W] to features, and its metadata."""
    with safe_open(path, framework="pt") as file:
        state, about = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()
    width, widths, (kernel, stride, padding) = int(about["width"]), json.loads(about["widths"]), STEMS[about["stem"]]
    network = nn.Sequential()
    network.add_module("conv1", nn.Conv2d(3, width, kernel, stride, padding, bias=False))
    network.add_module("bn1", nn.BatchNorm2d(width))
    network.add_module("relu", nn.ReLU())
    network.add_module("maxpool", nn.MaxPool2d(3, 2, 1) if about["stem"] == "imagenet" else nn.Identity())
    inputs = width
    for stage, count in enumerate(STAGES[about["arch"]], 1):
        outputs = width * 2 ** (stage - 1) * (4 if about["arch"] == "resnet50" else 1)
        layer = nn.Sequential()
        for i in range(count):
            layer.append(Block(inputs, widths[f"layer{stage}.{i}"], outputs, 2 if stage > 1 and i == 0 else 1))
            inputs = outputs
        network.add_module(f"layer{stage}", layer)
    # A file has no counts of batches, which PyTorch's norms do not need in evaluation.
    missing, unexpected = network.load_state_dict(state, strict=False)
    assert not unexpected and all(name.endswith("num_batches_tracked") for name in missing)
    network.add_module("avgpool", nn.AdaptiveAvgPool2d(1))
    network.add_module("flatten", nn.Flatten())
    return network.eval(), about


def test_images(folder: Path, about: dict[str, str]) -> torch.Tensor:
    rows = np.fromfile(folder / "test_batch.bin", dtype=np.uint8).reshape(-1, 3073)
    images = torch.from_numpy(rows[:, 1:].reshape(-1, 3, 32, 32)).float() / 255
    mean, std = (torch.tensor(json.loads(about[key])).view(1, 3, 1, 1) for key in ("mean", "std"))
    return (images - mean) / std


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--data", type=Path, required=True, help="folder of CIFAR-10's binary files")
    parser.add_argument("--channel-multiple", help="as of sluice export")
    options = parser.parse_args()
    failed = False
    for run in options.runs:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            size = ["--channel-multiple", options.channel_multiple] if options.channel_multiple else []
            which = [run, "--network", "slim", "--data", str(options.data), *size]
            for command in (["export", *which], ["embed", run, "test", *which[1:]]):
                out = folder / ("slim.safetensors" if command[0] == "export" else "slim.npy")
                program = ["deno", "task", "--quiet", "sluice", *command, "--quiet", "--out", str(out)]
                subprocess.run(program, check=True, stdout=subprocess.DEVNULL)
            network, about = load(folder / "slim.safetensors")
            with torch.inference_mode():
                found = torch.cat([network(part) for part in test_images(options.data, about).split(250)]).numpy()
            expected = np.load(folder / "slim.npy")
            difference = np.abs(expected - found).max() / np.abs(expected).max()
            print(f"{run}: {len(expected)} images, {difference:.2e} of the largest feature")
            failed |= not difference <= TOLERANCE
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
