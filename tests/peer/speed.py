"""Options, clock and request protocol of the scripts that measure PyTorch's speed.

With --serve, a script warms up and prints {"ready": true}. For every line {"work": NAME, "calls": N} on stdin it then
runs the work once untimed and N times timed, and prints {"ms": [...], "residentBytes": ...}. In this way
side_by_side.py alternates between running processes. A serving script prints nothing else to stdout.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable


def parser(description: str) -> argparse.ArgumentParser:
    """A parser with the options of every measurement."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--width", type=int, default=16)
    options.add_argument("--stem", default="cifar-paper", choices=["cifar-paper", "cifar", "imagenet"])
    options.add_argument("--image", type=int, default=32)
    options.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    options.add_argument("--precision", default="f32", choices=["f32", "bf16"])
    options.add_argument("--compile", action="store_true", help="use torch.compile; takes minutes to start")
    options.add_argument("--warmup", type=int, default=2)
    options.add_argument("--calls", type=int, default=5)
    options.add_argument("--serve", action="store_true", help="measure on request, for side_by_side.py")
    return options


def resident_peak() -> int | None:
    """The peak resident memory of this process in bytes (VmHWM), or None if the system does not report it."""
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
    """Measures each work and prints a line, or serves requests. A work comes with its number of images."""
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
