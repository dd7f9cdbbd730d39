"""Augments small images with torchvision and fixed parameters, as fixtures for sluice's views.

usage: augmentation_fixtures.py [OUTPUT]

OUTPUT is tests/fixtures/augmentation.safetensors by default. For every case it has `KIND/NAME/image` u8 [H,W,3],
`KIND/NAME/parameters` f32 [13] (a row of sl_augment's table, SL_AUGMENT_* of native/include/sluice.h) and
`KIND/NAME/expected` u8 [h,w,3]. The metadata key "references" has, as JSON by case, the dtype of torchvision's tensors:
"uint8" or "float32".

Single operations use torchvision on uint8 tensors, whose results torchvision truncates or rounds to whole grey levels.
sluice keeps fractions, so the two may differ by one level. Three cases differ by more, and use torchvision on float32
tensors in 0..1 instead (`FLOAT`), rounded once at the end:
- several operations in sequence: truncation adds up, to 11 levels in one of the cases here;
- a resize that goes beyond black or white: on uint8 tensors, values are also clamped between the two passes. This
  changes up to 19 levels at edges of black and white, and depends on the order of the passes (torchvision begins with
  the horizontal pass, Pillow sometimes with the vertical one);
- saturation by a factor below one half: the grey is truncated to a whole level before it is weighted, which changes two
  levels in 3 % of random values at a factor of 0.2. On float32 tensors torchvision does not clamp the result of a
  resize to 0..1. This script clamps it, as on uint8. For each case it prints the largest difference between
  torchvision's uint8 and float32 results.

sluice's Gaussian blur has torchvision's kernel but its own size: ceil(3 sigma) pixels on each side, or as many as the
image can mirror.
"""

import json
import math
import sys
from pathlib import Path

import numpy
import torch
from safetensors.torch import save
from torchvision.transforms.v2 import ColorJitter, InterpolationMode
from torchvision.transforms.v2 import functional

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "augmentation.safetensors"
# The columns of the table, in order; digits of `order` are indices of JITTER, the first applied first.
COLUMNS = [
    "top", "left", "height", "width", "order", "brightness", "contrast", "saturation", "hue", "grayscale", "sigma",
    "solarize", "flip",
]  # fmt: skip
JITTER = ["brightness", "contrast", "saturation", "hue"]
UNCHANGED = {name: 0.0 for name in COLUMNS} | {"order": -1.0, "brightness": 1.0, "contrast": 1.0, "saturation": 1.0}


def photo(seed: int, height: int, width: int) -> numpy.ndarray:
    """An image [H,W,3] like a photograph in middle greys: a smooth ground, an edge and texture."""
    random = numpy.random.default_rng(seed)
    y, x = numpy.mgrid[0:height, 0:width] / max(height, width)
    image = numpy.empty((height, width, 3))
    for channel in range(3):
        a, b, phase = random.uniform(-4, 4, 3)
        image[..., channel] = 128 + 55 * numpy.sin(a * x + b * y + phase)
    a, b, offset = random.uniform(-1, 1, 3)
    image += numpy.where((a * x + b * y > offset * 0.3)[..., None], random.uniform(-30, 30, 3), 0)
    image += random.normal(0, 6, image.shape)
    return image.clip(0, 255).round().astype(numpy.uint8)


def colours(seed: int, height: int, width: int) -> numpy.ndarray:
    """An image with painted pixels: pure colours, black, white, greys, and both sides of the solarisation threshold."""
    image = photo(seed, height, width)
    levels = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0], [127] * 3, [128] * 3, [126, 127, 128], [255] * 3, [0] * 3]
    image[height // 2, 1 : 1 + len(levels)] = levels
    image[height // 2 + 1, 1 : 1 + len(levels)] = [level[::-1] for level in levels]
    return image


def board(height: int, width: int) -> numpy.ndarray:
    """A board of black and white fields, whose edges make bicubic resizing go furthest beyond black and white."""
    y, x = numpy.mgrid[0:height, 0:width]
    fields = ((y // 5 + x // 4) % 2 * 255).astype(numpy.uint8)
    return numpy.stack([fields, 255 - fields, fields.T.reshape(height, width)], axis=-1)


def clamped(image: torch.Tensor) -> torch.Tensor:
    return image.clamp(0, 1) if image.is_floating_point() else image


def crop(image: torch.Tensor, p: dict[str, float], size: list[int]) -> torch.Tensor:
    corner = [int(p[name]) for name in ("top", "left", "height", "width")]
    return clamped(functional.resized_crop(image, *corner, size, InterpolationMode.BICUBIC, antialias=True))


def jitter(image: torch.Tensor, p: dict[str, float]) -> torch.Tensor:
    """torchvision's transform with given instead of drawn parameters."""
    order = torch.tensor([int(digit) for digit in f"{int(p['order']):04}"])
    # None leaves out an operation. A factor of 1 would still truncate to whole levels.
    factors = {f"{name}_factor": p[name] if p[name] != UNCHANGED[name] else None for name in JITTER}
    return ColorJitter().transform(image, {"fn_idx": order, **factors})


def blur(image: torch.Tensor, sigma: float) -> torch.Tensor:
    radii = [min(math.ceil(3 * sigma), size - 1) for size in (image.shape[-1], image.shape[-2])]
    return functional.gaussian_blur(image, [2 * radius + 1 for radius in radii], [sigma, sigma])


def view(image: torch.Tensor, p: dict[str, float], size: list[int]) -> torch.Tensor:
    """Turns an image [3,H,W] into a view [3,h,w], with the operations in sluice's order."""
    image = crop(image, p, size)
    if p["order"] >= 0:
        image = jitter(image, p)
    if p["grayscale"]:
        image = functional.rgb_to_grayscale(image, num_output_channels=3)
    if p["sigma"]:
        image = blur(image, p["sigma"])
    if p["solarize"]:
        image = functional.solarize(image, 128 / 255 if image.is_floating_point() else 128)
    return functional.horizontal_flip(image) if p["flip"] else image


def cases() -> dict[str, tuple[numpy.ndarray, dict[str, float], list[int]]]:
    """Image, parameters and size of the view, by KIND/NAME."""
    found = {}

    def add(name: str, image: numpy.ndarray, size: tuple[int, int] | None = None, **changed: float) -> None:
        height, width = image.shape[:2]
        parameters = UNCHANGED | {"height": height, "width": width} | changed
        found[name] = (image, parameters, list(size or (int(parameters["height"]), int(parameters["width"]))))

    add("crop/smaller", photo(1, 40, 32), (15, 13), top=5, left=3, height=30, width=26)
    add("crop/much smaller", photo(2, 40, 32), (9, 7))
    add("crop/larger", photo(3, 24, 20), (32, 27), top=7, left=4, height=9, width=11)
    add("crop/one pixel", photo(4, 20, 24), (8, 8), top=11, left=5, height=1, width=1)
    add("crop/lower and wider", photo(5, 40, 21), (16, 33), top=1, left=2, height=37, width=18)
    add("crop/equal", photo(6, 33, 25), top=6, left=4, height=20, width=18)
    add("crop/colours, larger", colours(9, 24, 20), (32, 27), top=7, left=4, height=9, width=11)
    add("crop/black and white, smaller", board(30, 30), (17, 13), top=2, left=1, height=27, width=28)
    add("crop/black and white, larger", board(20, 20), (27, 31), top=3, left=4, height=13, width=12)
    add("flip/even", colours(7, 20, 24), flip=1)
    add("flip/odd", colours(8, 24, 21), flip=1)
    for index, factor in enumerate((0.0, 0.6, 1.4)):
        add(f"brightness/{factor}", colours(10 + index, 20, 17), order=123, brightness=factor)
        add(f"contrast/{factor}", colours(20 + index, 20, 17), order=123, contrast=factor)
    for index, factor in enumerate((0.0, 0.2, 0.5, 0.8, 1.2, 1.9)):
        add(f"saturation/{factor}", colours(30 + index, 20, 17), order=123, saturation=factor)
    for index, shift in enumerate((-0.5, -0.1, 0.03, 0.1, 0.4)):
        add(f"hue/{shift}", colours(40 + index, 20, 17), order=123, hue=shift)
    add("grayscale/even", colours(50, 20, 24), grayscale=1)
    add("grayscale/odd", colours(51, 21, 17), grayscale=1)
    for index, sigma in enumerate((0.1, 0.5, 1.3, 2.0)):
        add(f"blur/{sigma}", colours(60 + index, 21, 24), sigma=sigma)
    add("blur/cut to the image", colours(64, 10, 20), sigma=4.0)
    add("solarize/even", colours(70, 20, 24), solarize=1)
    add("solarize/odd", colours(71, 21, 17), solarize=1)
    factors = {"brightness": 1.3, "contrast": 0.7, "saturation": 1.15, "hue": -0.08}
    for order in (123, 3102, 2130):
        add(f"jitter/{order:04}", colours(80 + order % 7, 21, 24), order=order, **factors)
    add(
        "view/smaller", colours(90, 40, 32), (20, 20), top=3, left=2, height=33, width=28, order=2031, brightness=0.8,
        contrast=1.3, saturation=0.85, hue=0.06, sigma=0.9, solarize=1, flip=1,
    )  # fmt: skip
    add(
        "view/larger", colours(91, 24, 20), (27, 25), top=4, left=1, height=17, width=15, order=1302, brightness=1.2,
        contrast=0.8, saturation=1.2, hue=-0.1, grayscale=1, sigma=0.4, solarize=1, flip=1,
    )  # fmt: skip
    return found


# Cases and kinds of cases that torchvision computes on float32 tensors, for the reasons at the head of this file.
FLOAT = [
    "crop/colours, larger", "crop/black and white, larger", "crop/black and white, smaller", "saturation/0.2", "jitter",
    "view",
]  # fmt: skip


def main(output: Path = FIXTURES) -> None:
    torch.set_num_threads(1)
    tensors, references = {}, {}
    for name, (image, parameters, size) in cases().items():
        row = torch.tensor([parameters[column] for column in COLUMNS], dtype=torch.float32)
        # Both sides use the parameters rounded to float32.
        rounded = dict(zip(COLUMNS, row.tolist()))
        channels_first = torch.from_numpy(image).permute(2, 0, 1)
        whole = view(channels_first, rounded, size)
        exact = view(functional.to_dtype(channels_first, torch.float32, scale=True), rounded, size)
        exact = (exact * 255).round().to(torch.uint8)
        references[name] = "float32" if name in FLOAT or name.split("/")[0] in FLOAT else "uint8"
        difference = (whole.int() - exact.int()).abs().max().item()
        print(f"{name}: {references[name]}; torchvision's uint8 and float32 differ by up to {difference} grey levels")
        tensors[f"{name}/image"], tensors[f"{name}/parameters"] = torch.from_numpy(image), row
        tensors[f"{name}/expected"] = (exact if references[name] == "float32" else whole).permute(1, 2, 0).contiguous()
    # A single metadata key: safetensors writes several keys in changing order.
    content = save(tensors, {"references": json.dumps(references, sort_keys=True)})
    output.write_bytes(content)
    print(f"{len(references)} cases, {len(content) / 1024:.0f} KiB")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit(__doc__)
    main(*map(Path, sys.argv[1:]))
