"""Reads a run's event files with TensorBoard, and compares every scalar with metrics.jsonl.

    python tests/peer/event_files.py RUN [RUN ...]

The script reads each run twice: with TensorBoard's EventAccumulator in Python, and through the HTTP server of a
TensorBoard that it starts on a free port of this machine. It does not take the expected tags from sluice but lists them
here. Every value of metrics.jsonl must appear once, at its step, rounded to float32.

Exits with 1 if a scalar is missing, repeated or different.
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
    """The scalars that TensorBoard's server returns. By default, it keeps a sample of only 1,000 points of a tag."""
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(run), "--port", "0", "--load_fast", "true"]
    server = subprocess.Popen([*command, "--samples_per_plugin", "scalars=1000000"], stderr=subprocess.PIPE, text=True)
    try:
        address = next(found[0] for line in server.stderr if (found := re.search(r"http://\S+", line)))

        def ask(path: str, **query: str):
            url = f"{address.rstrip('/')}/data/plugin/scalars/{path}?{urllib.parse.urlencode(query)}"
            return json.load(urllib.request.urlopen(url))

        tags: dict = {}
        seen: Scalars = {}
        for _ in range(60):  # the server reads in the background: it has finished when two answers are equal
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
    lines = [f"{tag}: unexpected" for tag in sorted(found.keys() - wanted.keys())]
    for tag, points in wanted.items():
        if (own := found.get(tag, [])) != points:
            steps = [step for step, _ in own]
            repeated = sorted({step for step in steps if steps.count(step) > 1})
            difference = f"repeated steps {repeated[:5]}; different points {set(own) ^ set(points)}"
            lines.append(f"{tag}: {len(own)} points, not {len(points)}; {difference}"[:300])
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
            print(f"  {name}: {'all equal' if not wrong else '; '.join(wrong)}")
            good &= not wrong
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
