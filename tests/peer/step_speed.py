"""Times the dual training step in PyTorch on this machine's CPU or GPU, for a comparison with sluice's step.

Uses channels-last tensors. A step is forward, backward and optimiser, without augmentation and data loading. With bf16,
the networks run under autocast, and objective and budget in float32. Compiling covers forward and backward.
"""

import argparse
from collections.abc import Callable

import torch

import speed
from reference import PASSES, Network, budget_terms, initialise, lars_step, network_cost, vicreg


def prepare_step(options: argparse.Namespace) -> Callable[[], None]:
    """A function that makes one step on two views held in memory, with new noise each time."""
    generator = torch.Generator().manual_seed(0)
    network = Network(options.width, options.stem, options.projector)
    initialise(network, generator)
    cost = network_cost(network, options.stem, options.image)
    network = network.to(device=options.device, memory_format=torch.channels_last)
    shape = (options.batch, 3, options.image, options.image)
    views = [
        torch.randn(shape, generator=generator).to(options.device).contiguous(memory_format=torch.channels_last)
        for _ in range(2)
    ]
    velocities = {}

    def loss(noise: dict[str, torch.Tensor]) -> torch.Tensor:
        projections, masks = [], []
        with torch.autocast(torch.device(options.device).type, dtype=torch.bfloat16, enabled=options.precision == "bf16"):
            for view, gated in zip(views, PASSES["dual"]):
                features, gates = network.encode(view, gated, noise if gated else None)
                projections.append(network.projector(features).float())
                masks.append(gates)
        macs, bound = budget_terms(masks[0], cost, 0.3, 0, 0.02, 5.0, 1.0)
        return vicreg(*projections)["objective"] + macs + bound

    compute = torch.compile(loss) if options.compile else loss

    def step() -> None:
        noise = {
            name: torch.rand(options.batch, block.conv1.out_channels, generator=generator).to(options.device)
            for name, block in network.blocks().items()
        }
        total = compute(noise)
        network.zero_grad(set_to_none=True)
        total.backward()
        lars_step(network, velocities, rate=0.3)
        if options.device != "cpu":
            torch.cuda.synchronize()

    return step


def main() -> None:
    parser = speed.parser(__doc__)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--projector", type=int, default=512)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    name = f"batch {options.batch}, projector {options.projector}"
    works = {"step" if options.serve else name: (prepare_step(options), 2 * options.batch)}
    speed.measure(options, f"PyTorch {torch.__version__} step", works)


if __name__ == "__main__":
    main()
