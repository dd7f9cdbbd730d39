"""Times ONNX exports in ONNX Runtime with one thread, beside the dense network of width 64 in eager PyTorch.

`python tests/peer/exported_speed.py FILE.onnx... [--torch]`, in a virtual environment with onnxruntime and numpy, and
with torch for --torch. All networks take turns in rounds, so that changes of the machine affect all of them. Prints
median milliseconds, with what the middle half of the times spans in brackets, and the share of the first file's time.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime


def in_onnx_runtime(file: Path, batch: int) -> Callable[[], None]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    images = session.get_inputs()[0]
    values = np.random.default_rng(0).standard_normal([batch, *images.shape[1:]], np.float32)
    return lambda: session.run(None, {images.name: values})


def in_torch(batch: int) -> Callable[[], None]:
    import torch
    from reference import Network, initialise

    torch.set_num_threads(1)
    network = Network(64, "cifar", projector=8, gated=False)
    initialise(network, torch.Generator().manual_seed(0))
    network = network.eval().to(memory_format=torch.channels_last)
    images = torch.randn((batch, 3, 32, 32)).contiguous(memory_format=torch.channels_last)

    def run() -> None:
        with torch.inference_mode():
            network.encode(images, False)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--torch", action="store_true", help="time PyTorch as well")
    parser.add_argument("--batches", default="1,8,64", help="batch sizes, separated by commas")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    batches = [int(batch) for batch in options.batches.split(",")]
    makers = [(file.name, lambda batch, file=file: in_onnx_runtime(file, batch)) for file in options.files]
    if options.torch:
        makers.append(("PyTorch eager, dense", in_torch))
    works = [(name, batch, make(batch), []) for batch in batches for name, make in makers]
    for _, _, run, _ in works:
        run()
    for _ in range(options.rounds):
        for _, _, run, times in works:
            begun = time.perf_counter()
            while time.perf_counter() - begun < 0.1:
                start = time.perf_counter()
                run()
                times.append(1e3 * (time.perf_counter() - start))
    medians = {(name, batch): statistics.quantiles(times, n=4) for name, batch, _, times in works}
    print(f"{'network':32}" + "".join(f"{f'batch {batch}':>24}" for batch in batches))
    first = makers[0][0]
    for name, _ in makers:
        row = f"{name:32}"
        for batch in batches:
            low, median, high = medians[name, batch]
            row += f"{f'{median:.2f} ({high - low:.2f}) {median / medians[first, batch][1]:.2f}':>24}"
        print(row)


if __name__ == "__main__":
    main()
