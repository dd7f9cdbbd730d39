"""Reads a run's event files with TensorBoard, and compares every scalar with metrics.jsonl.

    python tests/peer/event_files.py RUN [RUN ...]

Each run is read twice: by TensorBoard's EventAccumulator in Python, and by the data server behind a TensorBoard that is
started on a free port of this machine and asked by HTTP. What is expected is written down here afresh, not taken from sluice:
which tags, at which steps, once each, with the values that metrics.jsonl has, as float32 holds them.

Exits with 1 where anything is missing, twice, or different.
"""

import argparse
import json
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import SCALARS, EventAccumulator

Scalars = dict[str, list[tuple[int, float]]]


def expected(run: Path) -> Scalars:
    scalars: Scalars = {}

    def add(tag: str, step: int, value: float | None) -> None:
        if value is not None:
            scalars.setdefault(tag, []).append((step, float(np.float32(value))))

    for line in (run / "metrics.jsonl").read_text().splitlines():
        record = json.loads(line)
        step = record["step"]
        for network, watched in record.get("networks", {}).items():
            add(f"{network}/20-NN", step, watched["knn20"])
            add(f"{network}/onlineProbe", step, watched.get("onlineProbe", {}).get("top1"))
            add(f"{network}/costShare", step, watched["cost"]["share"])
            add(f"{network}/featureStd", step, watched["health"]["featureStd"])
            add(f"{network}/effectiveRank", step, watched["health"]["effectiveRank"])
        if "networks" not in record:
            add("loss/total", step, record["loss"])
            for name, value in record["terms"].items():
                add(f"loss/{name}", step, value)
            for name in ("share", "noiseFreeShare", "multiplier"):
                add(f"budget/{name}", step, record[name])
            for name in ("lr", "viewsPerSecond"):
                add(f"training/{name}", step, record[name])
    return scalars


def accumulated(run: Path) -> Scalars:
    reader = EventAccumulator(str(run / "tensorboard"), size_guidance={SCALARS: 0})
    reader.Reload()
    return {tag: [(event.step, event.value) for event in reader.Scalars(tag)] for tag in reader.Tags()["scalars"]}


def served(run: Path) -> Scalars:
    """What a TensorBoard shows; its data server keeps a sample of 1,000 points of a tag unless it is told otherwise."""
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(run), "--port", "0", "--load_fast", "true"]
    server = subprocess.Popen([*command, "--samples_per_plugin", "scalars=1000000"], stderr=subprocess.PIPE, text=True)
    try:
        address = next(found[0] for line in server.stderr if (found := re.search(r"http://\S+", line)))

        def ask(path: str, **query: str):
            url = f"{address.rstrip('/')}/data/plugin/scalars/{path}?{urllib.parse.urlencode(query)}"
            return json.load(urllib.request.urlopen(url))

        tags: dict = {}
        seen: Scalars = {}
        for _ in range(60):  # it reads beside serving: done where two looks are the same
            time.sleep(1)
            tags = ask("tags").get("tensorboard", {})
            scalars = {tag: [(step, value) for _, step, value in ask("scalars", run="tensorboard", tag=tag)] for tag in tags}
            if tags and scalars == seen:
                break
            seen = scalars
        return seen
    finally:
        server.terminate()
        server.wait()


def differences(found: Scalars, wanted: Scalars) -> list[str]:
    lines = [f"{tag}: is there, and should not be" for tag in sorted(found.keys() - wanted.keys())]
    for tag, points in wanted.items():
        if (own := found.get(tag, [])) != points:
            steps = [step for step, _ in own]
            twice = sorted({step for step in steps if steps.count(step) > 1})
            lines.append(f"{tag}: {len(own)} points, not {len(points)}; twice {twice[:5]}; {set(own) ^ set(points)}"[:300])
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+")
    good = True
    for run in parser.parse_args().runs:
        wanted = expected(run)
        files = len(list((run / "tensorboard").iterdir()))
        points = sum(map(len, wanted.values()))
        print(f"{run}: {files} event files; metrics.jsonl has {points} scalars of {len(wanted)} tags")
        for name, read in (("EventAccumulator", accumulated), ("TensorBoard", served)):
            wrong = differences(read(run), wanted)
            print(f"  {name}: {'all the same' if not wrong else '; '.join(wrong)}")
            good &= not wrong
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
