"""Times the dense encoder in PyTorch on this machine's CPU, for a comparison with sluice's inference.

Uses channels-last tensors, evaluation mode and inference_mode. With bf16, weights and images are bf16. Compiling also
freezes the network: weights become constants, and norms are folded into them.
"""

import argparse
from collections.abc import Callable

import torch
import torch._inductor.config

import speed
from reference import Network, initialise


def prepare_pass(network: Network, options: argparse.Namespace, batch: int) -> Callable[[], None]:
    """A function that encodes one batch held in memory."""
    dtype = torch.bfloat16 if options.precision == "bf16" else torch.float32
    generator = torch.Generator().manual_seed(batch)
    images = torch.randn((batch, 3, options.image, options.image), generator=generator)
    images = images.to(dtype).contiguous(memory_format=torch.channels_last)
    encode = torch.compile(lambda x: network.encode(x, False)[0], dynamic=False) if options.compile else (
        lambda x: network.encode(x, False)[0]
    )

    def run() -> None:
        with torch.inference_mode():
            encode(images)

    return run


def main() -> None:
    parser = speed.parser(__doc__)
    parser.add_argument("--batches", default="1,64", help="batch sizes, separated by commas")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch._inductor.config.freezing = True
    network = Network(options.width, options.stem, projector=8, gated=False)
    initialise(network, torch.Generator().manual_seed(0))
    network = network.eval().to(memory_format=torch.channels_last)
    if options.precision == "bf16":
        network = network.to(torch.bfloat16)
    batches = [int(batch) for batch in options.batches.split(",")]
    works = {
        str(batch) if options.serve else f"batch {batch}": (prepare_pass(network, options, batch), batch)
        for batch in batches
    }
    speed.measure(options, f"PyTorch {torch.__version__} inference", works)


if __name__ == "__main__":
    main()
