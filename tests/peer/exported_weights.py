"""Loads exported encoders into torchvision and PyTorch, and compares their features with sluice's features.

    python tests/peer/exported_weights.py [--threads T] [--keep FOLDER]

For several architectures and stems of width 64, the script trains a few steps on image files that it draws, exports
both networks with `sluice export`, and encodes the files with `sluice embed`. Then, without sluice, it

- reads the exported files with the Python package `safetensors`, and rebuilds normalisation and transform from their
  metadata;
- loads the dense network strictly into `torchvision.models` with `fc = Identity()`. For the CIFAR stems it first
  replaces conv1 by the stem's convolution and maxpool by Identity;
- loads the gated network strictly into the network of reference.py (ResNet-18 and 50), whose own gates decide the
  masks.

It prints the largest difference of features divided by the largest feature, for two kinds of images. Images of the
network's size are used as they are. Larger images are resized by torchvision's Resize (bicubic) and CenterCrop on whole
grey levels, and are compared for dense networks only: sluice's resize differs by up to one grey level, and one level in
a few pixels can change the decisions of gates in a hardly trained network. Exits with 1 if the first difference exceeds
1e-4, or the second exceeds 2e-3.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import reference
import torch
import torchvision
from PIL import Image
from safetensors import safe_open
from side_by_side import DENO
from torch import nn
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as transforms

# Architecture, stem, image size, further flags.
CASES = [
    ("resnet18", "imagenet", 64, []),
    ("resnet18", "cifar", 32, []),
    ("resnet18", "cifar-paper", 32, ["--no-separate-norm"]),
    ("resnet18", "cifar", 32, ["--separate-encoders"]),
    ("resnet18", "cifar", 32, ["--gate-group", "16"]),
    ("resnet34", "imagenet", 64, []),
    ("resnet50", "imagenet", 64, []),
    ("resnet50", "cifar", 32, []),
    ("resnet50", "cifar", 32, ["--gate-group", "16"]),
]
AS_IS_TOLERANCE = 1e-4
RESIZED_TOLERANCE = 2e-3


def draw(folder: Path, count: int, height: int, width: int, seed: int) -> None:
    """Draws images of smooth colours with some noise, so that gates and norms see different inputs."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    rows, columns = np.meshgrid(np.linspace(0, 1, height), np.linspace(0, 1, width), indexing="ij")
    for index in range(count):
        frequency, phase = random.uniform(1, 12, (2, 3)), random.uniform(0, 6, 3)
        waves = np.sin(rows[..., None] * frequency[0] + columns[..., None] * frequency[1] + phase)
        pixels = 127 + 90 * waves + random.normal(0, 12, (height, width, 3))
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{index:03}.png")


def sluice(*arguments: str | Path) -> str:
    command = [*DENO, "task", "--quiet", "sluice", *map(str, arguments), "--quiet"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def embedded(run: Path, images: Path, network: str, out: Path, device: list[str]) -> tuple[np.ndarray, list[str]]:
    sluice("embed", run, images, "--network", network, "--out", out, *device)
    return np.load(out, allow_pickle=False), out.with_suffix(".txt").read_text().splitlines()


def read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()


def torchvision_network(metadata: dict[str, str]) -> nn.Module:
    network = getattr(torchvision.models, metadata["arch"])()
    network.fc = nn.Identity()
    if metadata["stem"] != "imagenet":
        padding = {"cifar": 1, "cifar-paper": 2}[metadata["stem"]]
        network.conv1 = nn.Conv2d(3, 64, 3, 1, padding, bias=False)
        network.maxpool = nn.Identity()
    return network


def gated_network(metadata: dict[str, str]) -> nn.Module:
    group = int(metadata.get("gate_group", "1"))
    network = reference.Network(64, metadata["stem"], 1, separate_norm=False, arch=metadata["arch"], gate_group=group)
    del network.projector
    network.forward = lambda images: network.encode(images, gated=True)[0]
    return network


def prepared(paths: list[str], metadata: dict[str, str]) -> torch.Tensor:
    """Reads images, and resizes and normalises them as the metadata say, [N, 3, H, W]."""
    transform = json.loads(metadata["transform"])
    mean, std = (json.loads(metadata[name]) for name in ("mean", "std"))
    images = []
    for path in paths:
        image = Image.open(path).convert("RGB")
        if image.size != (transform["as_is"],) * 2:
            mode = InterpolationMode(transform["interpolation"])
            image = transforms.resize(image, transform["resize"], mode, antialias=transform["antialias"])
            image = transforms.center_crop(image, transform["center_crop"])
        images.append(transforms.normalize(transforms.to_tensor(image), mean, std))
    return torch.stack(images)


def difference(network: nn.Module, metadata: dict[str, str], features: np.ndarray, paths: list[str]) -> float:
    with torch.no_grad():
        own = network(prepared(paths, metadata)).numpy()
    assert own.shape == features.shape == (len(paths), int(metadata["feature_size"]))
    return float(np.abs(own - features).max() / np.abs(features).max())


def compare(folder: Path, case: tuple[str, str, int, list[str]], device: list[str]) -> bool:
    arch, stem, side, flags = case
    title = " ".join([arch, stem, *flags])
    folder.mkdir()
    run, as_is, larger = folder / "run", folder / "as-is", folder / "larger"
    draw(as_is, 24, side, side, 1)
    draw(larger, 8, side * 2 + 7, side * 2 - 9, 2)
    network = ["--arch", arch, "--stem", stem, "--width", "64", "--image-size", str(side), "--projector", "64", *flags]
    training = ["--batch", "8", "--epochs", "3", "--warmup-epochs", "0", "--budget", "0.6", "--precision", "f32"]
    sluice("pretrain", "--dataset", "images", "--data", as_is, *network, *training, *device, "--out", run)
    good = True
    for name in ("dense", "gated"):
        if name == "gated" and arch not in reference.STAGES:
            continue
        file = folder / f"{name}.safetensors"
        report = json.loads(sluice("export", run, "--network", name, "-o", file, "--json", *device))
        tensors, metadata = read(file)
        peer = (torchvision_network if name == "dense" else gated_network)(metadata)
        peer.load_state_dict(tensors, strict=True)
        peer.eval()
        print(f"{title}, {name}: {len(tensors)} tensors, {report['bytes']} bytes;", end=" ")
        print(f"own check {report['check']['largestDifference']}", end="")
        compared = [("as they are", as_is, AS_IS_TOLERANCE), ("larger", larger, RESIZED_TOLERANCE)]
        for words, images, tolerance in compared if name == "dense" else compared[:1]:
            features = embedded(run, images, name, folder / f"{name}-{images.name}.npy", device)
            found = difference(peer, metadata, *features)
            good &= found <= tolerance
            print(f"; images {words} {found:.1e}", end="")
        print(flush=True)
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="a new folder in which runs and files stay")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = ["--device", "cpu", "--threads", str(options.threads)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        results = [compare(folder / str(place), case, device) for place, case in enumerate(CASES)]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
