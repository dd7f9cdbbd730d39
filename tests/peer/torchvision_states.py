"""Writes tests/fixtures/torchvision_states.json, the names and shapes of torchvision's state by architecture.

The format is `{ARCHITECTURE: {NAME: SHAPE}}`. The classifier and the norms' batch counters are left out: sluice has
neither.
"""

import json
from pathlib import Path

import torch
from torchvision import models

FIXTURE = Path(__file__).resolve().parent.parent / "fixtures" / "torchvision_states.json"


def shapes(arch: str) -> dict[str, list[int]]:
    with torch.device("meta"):
        state = getattr(models, arch)(weights=None).state_dict()
    return {
        name: list(value.shape)
        for name, value in state.items()
        if not name.startswith("fc.") and not name.endswith("num_batches_tracked")
    }


if __name__ == "__main__":
    lines = [f'"{arch}": {json.dumps(shapes(arch))}' for arch in ("resnet18", "resnet34", "resnet50")]
    FIXTURE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
