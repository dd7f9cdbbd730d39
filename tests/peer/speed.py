"""What the measurements of PyTorch's speed share: their options, the clock, and how another program asks for a measurement.

With --serve a script does its warm-up, prints {"ready": true}, and then for every line {"work": NAME, "calls": N} on its
input runs that work once untimed and N times timed, and prints {"ms": [...], "residentBytes": ...}: so side_by_side.py takes
turns between processes that stay as they are. Nothing else of theirs goes to stdout.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable


def parser(description: str) -> argparse.ArgumentParser:
    """The options that every measurement has."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--width", type=int, default=16)
    options.add_argument("--stem", default="cifar-paper", choices=["cifar-paper", "cifar", "imagenet"])
    options.add_argument("--image", type=int, default=32)
    options.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    options.add_argument("--precision", default="f32", choices=["f32", "bf16"])
    options.add_argument("--compile", action="store_true", help="torch.compile in place of eager; takes minutes to start")
    options.add_argument("--warmup", type=int, default=2)
    options.add_argument("--calls", type=int, default=5)
    options.add_argument("--serve", action="store_true", help="measure on request, for side_by_side.py")
    return options


def resident_peak() -> int | None:
    """The highest resident memory of this process until now in bytes (VmHWM), where the system tells."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next((int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM")), None)
    except FileNotFoundError:
        return None


def milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


def serve(works: dict[str, Callable[[], object]]) -> None:
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        work = works[request["work"]]
        work()
        times = [milliseconds(work) for _ in range(request["calls"])]
        print(json.dumps({"ms": times, "residentBytes": resident_peak()}), flush=True)


def measure(options: argparse.Namespace, title: str, works: dict[str, tuple[Callable[[], object], int]]) -> None:
    """Measures each work, which comes with the number of images that it takes; prints a line each, or serves."""
    for work, _ in works.values():
        for _ in range(options.warmup):
            work()
    if options.serve:
        serve({name: work for name, (work, _) in works.items()})
        return
    for name, (work, images) in works.items():
        times = sorted(milliseconds(work) for _ in range(options.calls))
        median = statistics.median(times)
        print(
            f"{title}, {'compiled' if options.compile else 'eager'}, {options.precision}, {options.threads} threads, "
            f"width {options.width}, {options.stem}, image {options.image}, {name}: median {median:.2f} ms "
            f"({times[0]:.2f}-{times[-1]:.2f}), {images / median * 1e3:.0f} images/s, "
            f"peak memory {(resident_peak() or 0) / 2**20:.0f} MiB"
        )
