"""Decodes every file of a folder with Pillow and with sluice, and compares the pixels.

    python -m pip download --no-binary :all: --no-deps pillow==13.0.0
    tar xzf pillow-13.0.0.tar.gz
    python tests/peer/pillow_images.py pillow-13.0.0/Tests/images

It is made for Pillow's own test images, which have every format and kind of damage. sluice must

  - refuse a file that Pillow does not read as JPEG or PNG,
  - otherwise give the pixels of `ImageOps.exif_transpose(image).convert("RGB")`: exactly for PNG, within JPEG_LEVELS
    for JPEG, since the two may use different versions of libjpeg-turbo,
  - or differ in the way that EXPECTED below lists, with the reason.

Exits with 1 if a file differs in any other way, or if an entry of EXPECTED in the folder is no longer true.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

ROOT = Path(__file__).resolve().parents[2]
JPEG_LEVELS = 2

# Files that sluice reads differently from Pillow, by path in the folder: the difference and the reason.
EXPECTED = {
    "apng/chunk_no_fctl.png": (
        "PNG refused by Pillow",
        "the chunks of its animation are incomplete; sluice reads the still image and no animation",
    ),
    "hopper_bad_exif.jpg": (
        "JPEG refused by sluice",
        "a code of its pixels is damaged: sluice refuses pixels that libjpeg made up, Pillow accepts them",
    ),
    "i_trns.png": (
        "PNG different",
        "grey of 16 bits: sluice takes the upper 8 bits, as both do for colours; Pillow clamps values to 255",
    ),
    "png_decompression_dos.png": (
        "PNG refused by Pillow",
        "a text inflates to more than Pillow allows; sluice inflates only texts that may contain an orientation",
    ),
    "unknown_compression_method.png": (
        "PNG refused by Pillow",
        "a text is compressed in an unknown way; sluice does not read it",
    ),
}

warnings.simplefilter("ignore")
Image.MAX_IMAGE_PIXELS = None


def by_pillow(path: Path) -> tuple[str, np.ndarray | str]:
    """The format, and the pixels or the reason why there are none."""
    try:
        with Image.open(path) as image:
            kind = "JPEG" if image.format == "MPO" else image.format
            if kind not in ("JPEG", "PNG"):
                return kind, "another format"
            image.load()
            upright = ImageOps.exif_transpose(image)
            return kind, np.asarray(upright.convert("RGB"))
    except Exception as error:  # Pillow refuses a file by any exception
        with path.open("rb") as file:
            start = file.read(8)
        kind = "JPEG" if start.startswith(b"\xff\xd8\xff") else "PNG" if start == b"\x89PNG\r\n\x1a\n" else "none"
        return kind, f"{type(error).__name__}: {error}"


def by_sluice(paths: list[Path], folder: Path) -> list[np.ndarray | str]:
    listed = folder / "paths.json"
    listed.write_text(json.dumps([str(path) for path in paths]))
    flags = ["--allow-read", "--allow-write", "--allow-ffi", "--allow-env"]
    script = ROOT / "tests" / "peer" / "decode_images.ts"
    subprocess.run(["deno", "run", *flags, str(script), str(listed), str(folder)], check=True, cwd=ROOT)
    results: list[np.ndarray | str] = []
    for place, result in enumerate(json.loads((folder / "results.json").read_text())):
        if "reason" in result:
            results.append(result["reason"])
        else:
            pixels = np.fromfile(folder / f"{place}.rgb", dtype=np.uint8)
            results.append(pixels.reshape(result["height"], result["width"], 3))
    return results


def judge(kind: str, pillow: np.ndarray | str, own: np.ndarray | str) -> tuple[str, str]:
    """A short verdict and its details. A verdict with "!" in front is a disagreement."""
    if isinstance(own, str):
        if kind not in ("JPEG", "PNG"):
            return "refused, of another format", own
        return ("refused by both", own) if isinstance(pillow, str) else (f"! {kind} refused by sluice", own)
    if isinstance(pillow, str):
        return f"! {kind} refused by Pillow", pillow
    if own.shape != pillow.shape:
        return f"! {kind} of another size", f"{own.shape[:2]}, Pillow {pillow.shape[:2]}"
    levels = int(np.abs(own.astype(int) - pillow.astype(int)).max(initial=0))
    if levels == 0:
        return f"{kind} equal", ""
    if kind == "JPEG" and levels <= JPEG_LEVELS:
        return f"JPEG within {JPEG_LEVELS} levels", str(levels)
    different = int((own != pillow).any(axis=2).sum())
    return f"! {kind} different", f"by up to {levels} levels in {different} of {own.shape[0] * own.shape[1]} pixels"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", type=Path)
    parser.add_argument("--verbose", action="store_true", help="name every file")
    options = parser.parse_args()
    paths = sorted(path.resolve() for path in options.images.rglob("*") if path.is_file())
    with tempfile.TemporaryDirectory() as folder:
        own = by_sluice(paths, Path(folder))
        counts: Counter[str] = Counter()
        unexpected = 0
        for path, result in zip(paths, own):
            short, text = judge(*by_pillow(path), result)
            name = path.relative_to(options.images.resolve()).as_posix()
            expected, reason = EXPECTED.get(name, (None, ""))
            agrees = not short.startswith("!")
            holds = agrees if expected is None else short == f"! {expected}"
            counts[short if agrees else f"{short[2:]}, {'as listed' if holds else 'NOT LISTED'}"] += 1
            unexpected += not holds
            if not holds or options.verbose:
                print(f"{name}: {short} {text} {reason}".rstrip() + ("" if holds else "  <- not expected"))
    for short, count in sorted(counts.items()):
        print(f"{count:5} {short}")
    print(f"{len(paths)} files, {unexpected} not as expected")
    sys.exit(1 if unexpected or not paths else 0)


if __name__ == "__main__":
    main()
