"""Runs the ONNX exports of a run in ONNX Runtime, and compares their features with those of `sluice embed`.

`python tests/peer/exported_onnx.py RUN --data DIR` takes a CIFAR-10 run with gates, in a virtual environment with onnx,
onnxruntime, numpy and safetensors. Each network is exported in every form, checked by onnx.checker in full, and run on
all test images. Gated features are compared where every logit is further than 1e-4 from 0; the others are counted, and
all images are compared under the masks that sluice decided on.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file

ROOT = Path(__file__).resolve().parent.parent.parent
MARGIN = 1e-4
TOLERANCE = 1e-4
BATCH = 250


def sluice(*arguments: str) -> None:
    command = ["deno", "task", "--quiet", "--config", str(ROOT / "deno.json"), "sluice", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def test_images(folder: Path) -> np.ndarray:
    """The test images as bytes [N, 32, 32, 3]."""
    record = 1 + 3 * 32 * 32
    rows = np.fromfile(folder / "test_batch.bin", dtype=np.uint8).reshape(-1, record)
    return rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)


def prepared(images: np.ndarray, metadata: dict[str, str], is_bytes: bool) -> np.ndarray:
    """The images as a model takes them, by its metadata."""
    if is_bytes:
        return np.ascontiguousarray(images)
    mean, std = (np.array(json.loads(metadata[key]), dtype=np.float32) for key in ("mean", "std"))
    return ((images.astype(np.float32) / 255 - mean) / std).transpose(0, 3, 1, 2).copy()


def run(model: onnx.ModelProto, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    """All outputs of a model, row by row."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    count = len(next(iter(inputs.values())))
    parts = [
        session.run(None, {name: value[start : start + BATCH] for name, value in inputs.items()})
        for start in range(0, count, BATCH)
    ]
    return [np.concatenate(outputs) for outputs in zip(*parts)]


def with_logits(model: onnx.ModelProto) -> onnx.ModelProto:
    """A model that gives the logits of its gates, too."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for node in model.graph.node:
        if node.op_type == "GreaterOrEqual":
            value = onnx.helper.make_tensor_value_info(node.input[0], onnx.TensorProto.FLOAT, None)
            copy.graph.output.append(value)
    return copy


def with_given_masks(model: onnx.ModelProto, masks: dict[str, np.ndarray]) -> onnx.ModelProto:
    """A model whose masks are inputs [N, C, 1, 1] instead of the gates' decisions."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    kept = [node for node in copy.graph.node if node.output[0] not in masks]
    del copy.graph.node[:]
    copy.graph.node.extend(kept)
    for name, mask in masks.items():
        shape = ["batch", mask.shape[1], 1, 1]
        copy.graph.input.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape))
    return copy


def compare(label: str, expected: np.ndarray, found: np.ndarray, remark: str = "") -> bool:
    """Prints the largest difference as a share of the largest feature. Returns whether it is within the tolerance."""
    difference = np.abs(expected - found).max() / np.abs(expected).max()
    print(f"{label:58} {len(expected):6} images {difference:10.2e} {remark}")
    return bool(difference <= TOLERANCE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder of CIFAR-10's binary files")
    options = parser.parse_args()
    images = test_images(options.data)
    results = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = folder / "masks.safetensors"
        script = str(ROOT / "tests" / "peer" / "gated_masks.ts")
        subprocess.run(["deno", "run", "-A", "-q", script, str(options.run), str(options.data), str(given)], check=True)
        masks = load_file(given)
        own = masks.pop("features")
        for network in ("dense", "gated", "slim"):
            features = folder / f"{network}.npy"
            which = ["--network", network, "--data", str(options.data)]
            sluice("embed", str(options.run), "test", *which, "--precision", "f32", "-o", str(features))
            expected = np.load(features)
            for flags in ([], ["--keep-norms"], ["--include-preprocessing"]):
                label = " ".join([network, *flags])
                file = folder / f"{label.replace(' ', '')}.onnx"
                sluice("export", str(options.run), *which, *flags, "-o", str(file))
                model = onnx.load(file)
                onnx.checker.check_model(model, full_check=True)
                metadata = {entry.key: entry.value for entry in model.metadata_props}
                inputs = {"images": prepared(images, metadata, "--include-preprocessing" in flags)}
                found, *logits = run(with_logits(model), inputs)
                clear = np.ones(len(images), dtype=bool)
                for own_logits in logits:
                    clear &= (np.abs(own_logits) > MARGIN).all(axis=1)
                remark = f"{(~clear).sum()} with a logit near 0" if logits else ""
                results.append(compare(label, expected[clear], found[clear], remark))
                if logits:
                    pixels = {name: mask[:, :, None, None] for name, mask in masks.items()}
                    (found,) = run(with_given_masks(model, masks), {**inputs, **pixels})
                    results.append(compare(f"{label}, given masks", own, found))
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
