"""Times the dual training step in eager PyTorch on this machine's CPU: the figure sluice's own step is compared with.

float32, eager; forward, backward and optimiser; augmentation and data loading are not in it.
"""

import argparse
import time

import torch

from reference import Network, forward_step, initialise, lars_step, network_cost


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--stem", default="cifar-paper", choices=["cifar-paper", "cifar", "imagenet"])
    parser.add_argument("--image", type=int, default=32)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--projector", type=int, default=512)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--layout", default="channels-last", choices=["channels-last", "contiguous"])
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--steps", type=int, default=5)
    return parser.parse_args()


def main() -> None:
    options = parse_arguments()
    torch.set_num_threads(options.threads)
    generator = torch.Generator().manual_seed(0)
    network = Network(options.width, options.stem, options.projector)
    initialise(network, generator)
    layout = torch.channels_last if options.layout == "channels-last" else torch.contiguous_format
    network = network.to(memory_format=layout)
    cost = network_cost(network, options.stem, options.image)
    shape = (options.batch, 3, options.image, options.image)
    views = [torch.randn(shape, generator=generator).contiguous(memory_format=layout) for _ in range(2)]
    velocities, seconds, processor = {}, [], time.process_time()
    for _ in range(options.warmup + options.steps):
        start = time.perf_counter()
        noise = {
            name: torch.rand(options.batch, block.conv1.out_channels, generator=generator)
            for name, block in network.blocks().items()
        }
        step = forward_step(network, views, [noise, None], "dual", cost, budget=0.3, epoch=0, alpha=0.02)
        network.zero_grad(set_to_none=True)
        step.terms["total"].backward()
        lars_step(network, velocities, rate=0.3)
        seconds.append(time.perf_counter() - start)
    processor = (time.process_time() - processor) / len(seconds)
    measured = sorted(seconds[options.warmup :])
    median = measured[len(measured) // 2]
    print(
        f"PyTorch {torch.__version__}, {options.threads} threads, {options.layout}, width {options.width}, "
        f"{options.stem}, image {options.image}, batch {options.batch}, projector {options.projector}: "
        f"median {median * 1e3:.0f} ms a step ({measured[0] * 1e3:.0f}-{measured[-1] * 1e3:.0f}), "
        f"{processor * 1e3:.0f} ms of processor time, {2 * options.batch / median:.0f} views/s"
    )


if __name__ == "__main__":
    main()
