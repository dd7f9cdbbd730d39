"""Compares the speed of two views of a batch in sluice and in torchvision on this machine's CPU, in views a second.

The view is the paper's view of 32 x 32 images, with new parameters for every image. torchvision draws parameters once
for each call, so it transforms images one by one. It runs in several ways: on uint8 tensors and on PIL images, with the
transforms v2 and v1, and with as many processes or threads as sluice, each with a share of the batch. The processes
write into memory that they share with their parent. sluice runs `sluice bench augment --json`. All programs take turns
in rounds, as in side_by_side.py. The ratio compares sluice with the fastest way of torchvision.
"""

import argparse
import functools
import json
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
import torchvision.transforms
from torchvision.transforms import v2
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2.functional import to_pil_image

import side_by_side
import speed

SIDE = 32
# Inputs of torchvision, and the package that transforms them.
WAYS = ("tensors", "PIL images", "PIL images, v1")
MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)


def paper_view(library, finish: list) -> Callable:
    """The view in transforms of `library` (v2 or v1), with `finish` before the normalisation."""
    return library.Compose([
        library.RandomResizedCrop(SIDE, scale=(0.2, 1), interpolation=InterpolationMode.BICUBIC, antialias=True),
        library.RandomApply([library.ColorJitter(0.4, 0.4, 0.2, 0.1)], p=0.8),
        library.RandomGrayscale(p=0.2),
        library.RandomSolarize(128, p=0.1),
        library.RandomHorizontalFlip(p=0.5),
        *finish,
        library.Normalize(MEAN, STD),
    ])  # fmt: skip


def prepare_views(images: torch.Tensor) -> dict[str, tuple[Callable, list]]:
    """The transform and its input images, by way."""
    pictures = [to_pil_image(image) for image in images]
    old, to_float = torchvision.transforms, v2.ToDtype(torch.float32, scale=True)
    return dict(zip(WAYS, [
        (paper_view(v2, [to_float]), list(images)),
        (paper_view(v2, [v2.ToImage(), to_float]), pictures),
        (paper_view(old, [old.ToTensor()]), pictures),
    ]))  # fmt: skip


class Views:
    """Makes two views of a batch with several workers, each with a share of the images."""

    def __init__(self, images: torch.Tensor, workers: int):
        count = len(images)
        self.workers = workers
        self.shares = [range(count * rank // workers, count * (rank + 1) // workers) for rank in range(workers)]
        self.ways = prepare_views(images)
        self.target = torch.empty(2, count, 3, SIDE, SIDE).share_memory_()

    def make(self, way: str, rank: int) -> None:
        transform, images = self.ways[way]
        for view in self.target:
            for index in self.shares[rank]:
                view[index] = transform(images[index])

    def start_processes(self) -> Callable[[str], None]:
        """Starts processes that sleep until they receive a way to run. They end with this process."""
        context = multiprocessing.get_context("fork")
        pipes = [context.Pipe() for _ in self.shares]

        def work(rank: int) -> None:
            torch.manual_seed(rank)
            while True:
                self.make(pipes[rank][1].recv(), rank)
                pipes[rank][1].send(True)

        for rank in range(self.workers):
            context.Process(target=work, args=(rank,), daemon=True).start()

        def run(way: str) -> None:
            for pipe, _ in pipes:
                pipe.send(way)
            for pipe, _ in pipes:
                pipe.recv()

        return run

    def start_threads(self) -> Callable[[str], None]:
        pool = ThreadPoolExecutor(self.workers)

        def run(way: str) -> None:
            list(pool.map(lambda rank: self.make(way, rank), range(self.workers)))

        return run

    def works(self) -> dict[str, Callable[[], None]]:
        """The functions to measure, by the names of `work_names`."""
        if self.workers == 1:
            runs = [lambda way: self.make(way, 0)]
        else:
            # Fork the processes first: a fork does not copy threads.
            runs = [self.start_processes(), self.start_threads()]
        calls = [functools.partial(run, way) for way in WAYS for run in runs]
        return dict(zip(work_names(self.workers), calls))


def work_names(workers: int) -> list[str]:
    kinds = [""] if workers == 1 else [", processes", ", threads"]
    return [way + kind for way in WAYS for kind in kinds]


def serve(options: argparse.Namespace) -> None:
    # The images are too small for threads within an operation, and the workers use all processors.
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (options.batch, 3, SIDE, SIDE), generator=generator, dtype=torch.uint8)
    works = Views(images, options.threads).works()
    for work in works.values():
        work()
    speed.serve(works)


def compare(options: argparse.Namespace) -> dict[str, dict]:
    arguments = ["--threads", str(options.threads), "--batch", str(options.batch)]
    peer = side_by_side.Torch("augment_speed.py", arguments, compiled=False)
    rounds = []
    for _ in range(options.rounds):
        measured = {f"torchvision, {name}": peer.measure(name, options.calls) for name in work_names(options.threads)}
        own = side_by_side.run_sluice("augment", [*arguments, "--precision", "f32"])
        rounds.append(measured | {"sluice": {"ms": own["msPerBatch"], "residentBytes": None}})
    peer.close()
    result = side_by_side.compare(rounds, ["sluice"])
    return {
        name: {"ms": row["ms"], "viewsPerSecond": 2 * options.batch / row["ms"] * 1e3}
        | ({"ratio": row["ratio"]} if "ratio" in row else {})
        for name, row in result.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--calls", type=int, default=3, help="batches that torchvision transforms in a round")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", action="store_true", help="measure torchvision on request, for this script")
    options = parser.parse_args()
    if options.serve:
        serve(options)
        return
    result = compare(options)
    if options.json:
        print(json.dumps({"options": vars(options), "views": result}, indent=2))
        return
    rows = [
        [name, f"{row['ms']:.2f}", f"{row['viewsPerSecond']:.0f}", side_by_side.ratio(row)]
        for name, row in result.items()
    ]
    title = f"two views of {options.batch} images of {SIDE} x {SIDE}, {options.threads} threads"
    side_by_side.print_table(title, ["", "ms", "views/s", "torchvision / sluice"], rows)


if __name__ == "__main__":
    main()
