"""Compares the speed of sluice and PyTorch on this machine, in training and inference.

PyTorch runs eager and compiled, each in its own process, which sleeps while another program is measured. sluice runs
`sluice bench ... --json`. All programs take turns in rounds, so that changes of the machine affect all of them. A ratio
is the median over the rounds, and compares sluice with the faster PyTorch.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

PEER = Path(__file__).resolve().parent
ROOT = PEER.parent.parent
# If Deno is not installed, npx downloads it.
DENO = ["deno"] if shutil.which("deno") else ["npx", "-y", "deno@2.9.6"]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--stem", default="cifar-paper", choices=["cifar-paper", "cifar", "imagenet"])
    parser.add_argument("--batch", type=int, default=256, help="images per step")
    parser.add_argument("--projector", type=int, help="default: 32 times the width, at most 2048")
    parser.add_argument("--budget", type=float, default=0.3, help="cost share of the gated network in inference")
    parser.add_argument("--precision", default="f32", choices=["f32", "bf16"])
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=5, help="steps in a round; inference makes ten times as many")
    parser.add_argument("--only", choices=["step", "infer"], help="default: both")
    parser.add_argument("--no-compile", action="store_true", help="measure eager PyTorch only: compiling takes minutes")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    options.projector = options.projector or min(32 * options.width, 2048)
    return options


class Torch:
    """A PyTorch process that measures on request."""

    def __init__(self, script: str, arguments: list[str], compiled: bool):
        command = [sys.executable, str(PEER / script), "--serve", *arguments, *(["--compile"] if compiled else [])]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.receive()

    def receive(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{' '.join(self.process.args)} ended with status {self.process.wait()}: see above")
        return json.loads(line)

    def measure(self, work: str, calls: int) -> dict:
        self.process.stdin.write(json.dumps({"work": work, "calls": calls}) + "\n")
        self.process.stdin.flush()
        answer = self.receive()
        return {"ms": statistics.median(answer["ms"]), "residentBytes": answer["residentBytes"]}

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def start_torch(script: str, arguments: list[str], options: argparse.Namespace) -> dict[str, Torch]:
    """Starts the PyTorch processes, and returns them by name after their warm-up."""
    kinds = {"PyTorch eager": False} | ({} if options.no_compile else {"PyTorch compiled": True})
    return {name: Torch(script, arguments, compiled) for name, compiled in kinds.items()}


def run_sluice(kind: str, arguments: list[str]) -> dict:
    command = [*DENO, "task", "--quiet", "sluice", "bench", kind, "--json", "--quiet", *arguments]
    finished = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
    if finished.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with status {finished.returncode}: see above")
    return json.loads(finished.stdout)


def common_arguments(options: argparse.Namespace) -> list[str]:
    """The flags that PyTorch's scripts and sluice share."""
    names = ["width", "stem", "precision", "threads"]
    return [part for name in names for part in (f"--{name}", str(getattr(options, name)))]


def compare(rounds: list[dict[str, dict]], ours: list[str]) -> dict[str, dict]:
    """Medians and peaks over the rounds, by name. Each of `ours` also gets the ratio to the fastest PyTorch."""
    result = {}
    for name in rounds[0]:
        residents = [measured[name]["residentBytes"] for measured in rounds]
        known = [bytes for bytes in residents if bytes is not None]
        times = [measured[name]["ms"] for measured in rounds]
        result[name] = {"ms": statistics.median(times), "residentBytes": max(known) if known else None}
    best = min((name for name in result if name not in ours), key=lambda name: result[name]["ms"])
    for name in ours:
        result[name]["ratio"] = statistics.median(measured[best]["ms"] / measured[name]["ms"] for measured in rounds)
    return result


def compare_steps(options: argparse.Namespace) -> dict[str, dict]:
    sizes = ["--batch", str(options.batch), "--projector", str(options.projector)]
    arguments = [*common_arguments(options), *sizes]
    peers = start_torch("step_speed.py", arguments, options)
    rounds = []
    for _ in range(options.rounds):
        measured = {name: peer.measure("step", options.steps) for name, peer in peers.items()}
        own = run_sluice("step", [*arguments, "--steps", str(options.steps)])
        measured["sluice"] = {"ms": own["msPerStep"], "residentBytes": own["residentBytes"]}
        rounds.append(measured)
    for peer in peers.values():
        peer.close()
    result = compare(rounds, ["sluice"])
    for row in result.values():
        row["viewsPerSecond"] = 2 * options.batch / row["ms"] * 1e3
    return result


def compare_inference(options: argparse.Namespace) -> dict[str, dict[str, dict]]:
    """Results by batch size. The masks of sluice's gated network cost as much as the budget."""
    peers = start_torch("infer_speed.py", common_arguments(options), options)
    rounds = {"1": [], "64": []}
    for _ in range(options.rounds):
        theirs = {
            batch: {name: peer.measure(batch, 10 * options.steps) for name, peer in peers.items()} for batch in rounds
        }
        own = run_sluice("infer", [*common_arguments(options), "--budget", str(options.budget)])
        for batch, measured in rounds.items():
            # The first row of a batch size has masks for the budget.
            row = next(row for row in own["rows"] if row["batch"] == int(batch))
            dense, gated = ({"ms": row[key], "residentBytes": None} for key in ("denseMs", "gatedMs"))
            measured.append(theirs[batch] | {"sluice dense": dense, "sluice gated": gated})
    for peer in peers.values():
        peer.close()
    return {batch: compare(measured, ["sluice dense", "sluice gated"]) for batch, measured in rounds.items()}


def print_table(title: str, headings: list[str], rows: list[list[str]]) -> None:
    widths = [max(len(row[column]) for row in [headings, *rows]) for column in range(len(headings))]
    print(f"\n{title}")
    for row in [headings, *rows]:
        first, *others = (cell.rjust(width) for cell, width in zip(row, widths))
        print("  ".join([row[0].ljust(len(first)), *others]))


def ratio(row: dict) -> str:
    return f"{row['ratio']:.2f}" if "ratio" in row else "-"


def main() -> None:
    options = parse_arguments()
    result = {}
    if options.only != "infer":
        result["step"] = compare_steps(options)
    if options.only != "step":
        result["inference"] = compare_inference(options)
    if options.json:
        print(json.dumps({"options": vars(options), **result}, indent=2))
        return
    setting = f"width {options.width}, {options.stem}, {options.precision}, {options.threads} threads"
    if "step" in result:
        title = f"training step, {setting}, batch {options.batch}, projector {options.projector}"
        rows = [
            [
                name,
                f"{row['ms']:.1f}",
                f"{row['viewsPerSecond']:.0f}",
                "-" if row["residentBytes"] is None else f"{row['residentBytes'] / 2**20:.0f} MiB",
                ratio(row),
            ]
            for name, row in result["step"].items()
        ]
        print_table(title, ["", "ms", "views/s", "peak memory", "PyTorch / sluice"], rows)
    for batch, measured in result.get("inference", {}).items():
        title = f"inference, {setting}, batch {batch}; gated at a cost of {options.budget}"
        rows = [
            [name, f"{row['ms']:.2f}", f"{int(batch) / row['ms'] * 1e3:.0f}", ratio(row)]
            for name, row in measured.items()
        ]
        print_table(title, ["", "ms", "images/s", "PyTorch / sluice"], rows)


if __name__ == "__main__":
    main()
