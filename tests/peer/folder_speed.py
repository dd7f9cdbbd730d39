"""Compares the speed of reading JPEG files in sluice and in torchvision on this machine's CPU.

usage: folder_speed.py [--small ARCHIVE] [--threads N] ...

There are two data sets with a folder for each class: 500 x 375 photographs that this script draws (smooth ground,
texture, edges; quality 90, 4:2:0), cropped to 224 x 224; and with --small the files of ARCHIVE, cropped to 32 x 32.
ARCHIVE is a tar of class folders, optionally in a folder `train`, such as CIFAR-10 as JPEG. Both data sets are in a
temporary folder and come from the system's cache, so the script measures decoding and cropping.

torchvision uses ImageFolder with its PIL loader or with decode_image to tensors, RandomResizedCrop (scale 0.2 to 1,
bicubic), and a DataLoader with as many worker processes as sluice has threads; for one thread, also without a worker
process. sluice runs `sluice bench folder DIR --image-size N --threads T --json`. Both take turns in rounds, as in
side_by_side.py. The ratio compares sluice with the fastest way of torchvision.
"""

import argparse
import functools
import json
import os
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy
import torch
from PIL import Image
from torch.utils.data import DataLoader, RandomSampler
from torchvision.datasets import ImageFolder
from torchvision.io import ImageReadMode, decode_image
from torchvision.transforms import v2
from torchvision.transforms.v2 import InterpolationMode

import side_by_side
import speed

LOADERS = ("PIL", "decode_image")
# Height and width of the photographs, and the number in each class folder.
PHOTO = (375, 500)
PHOTO_CLASSES, PHOTOS = 4, 100


def draw_photo(random: numpy.random.Generator) -> Image.Image:
    """Noise of all scales, stronger at coarse scales as in photographs, with flat shapes and grain."""
    height, width = PHOTO
    picture = numpy.full((height, width, 3), random.uniform(80, 170, 3), dtype=numpy.float32)
    for cells, strength in ((2, 50), (5, 30), (12, 18), (30, 12), (80, 10), (200, 9)):
        # The fourth channel is the light, which dominates all colours.
        noise = random.normal(0, strength, (cells * 3 // 4 + 1, cells, 4)).astype(numpy.float32)
        for channel in range(3):
            field = Image.fromarray(0.9 * noise[..., 3] + 0.4 * noise[..., channel])
            picture[..., channel] += numpy.asarray(field.resize((width, height), Image.Resampling.BICUBIC))
    y, x = numpy.mgrid[0:height, 0:width]
    for _ in range(12):
        centre, radii = random.uniform((0, 0), PHOTO), random.uniform(8, 90, 2)
        inside = (abs((y - centre[0]) / radii[0]) ** 3 + abs((x - centre[1]) / radii[1]) ** 3) < 1
        picture[inside] = 0.5 * picture[inside] + random.uniform(0, 128, 3)
    picture += random.normal(0, 4, (height, width, 1))
    return Image.fromarray(picture.clip(0, 255).astype(numpy.uint8))


def write_photos(folder: Path) -> None:
    random = numpy.random.default_rng(0)
    for label in range(PHOTO_CLASSES):
        own = folder / f"class{label}"
        own.mkdir(parents=True)
        for index in range(PHOTOS):
            draw_photo(random).save(own / f"{index:04}.jpg", quality=90, subsampling="4:2:0")


def unpack(archive: Path, folder: Path) -> Path:
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    return folder / "train" if (folder / "train").is_dir() else folder


def read_tensor(path: str) -> torch.Tensor:
    return decode_image(path, ImageReadMode.RGB)


def worker_counts(threads: int) -> list[int]:
    return [threads, 0] if threads == 1 else [threads]


def work_names(threads: int) -> list[str]:
    return [f"{loader}, {workers} worker{'s' * (workers != 1)}" for loader in LOADERS for workers in worker_counts(threads)]


def prepare_loaders(options: argparse.Namespace) -> dict[str, Callable[[], None]]:
    """Functions that read `images` random images once, by name."""
    crop = v2.RandomResizedCrop(options.size, scale=(0.2, 1), interpolation=InterpolationMode.BICUBIC, antialias=True)
    ways = [
        {"transform": v2.Compose([crop, v2.PILToTensor()])},
        {"transform": crop, "loader": read_tensor},
    ]
    works = []
    for way in ways:
        dataset = ImageFolder(options.folder, **way)
        for workers in worker_counts(options.threads):
            loader = DataLoader(
                dataset,
                # Small batches make all workers finish at nearly the same time.
                batch_size=max(1, min(256, options.images // (8 * options.threads))),
                sampler=RandomSampler(dataset, num_samples=options.images),
                num_workers=workers,
                persistent_workers=workers > 0,
                worker_init_fn=lambda _: torch.set_num_threads(1),
            )
            works.append(functools.partial(read_all, loader))
    return dict(zip(work_names(options.threads), works))


def read_all(loader: DataLoader) -> None:
    for _ in loader:
        pass


def serve(options: argparse.Namespace) -> None:
    torch.set_num_threads(options.threads)
    works = prepare_loaders(options)
    for work in works.values():
        work()
    speed.serve(works)


def compare(folder: Path, size: int, images: int, options: argparse.Namespace) -> dict[str, dict]:
    served = ["--folder", str(folder), "--size", str(size), "--images", str(images), "--threads", str(options.threads)]
    peer = side_by_side.Torch("folder_speed.py", served, compiled=False)
    rounds = []
    for _ in range(options.rounds):
        measured = {f"torchvision, {name}": peer.measure(name, 1) for name in work_names(options.threads)}
        for row in measured.values():
            row["ms"] /= images
        arguments = [str(folder), "--image-size", str(size), "--threads", str(options.threads)]
        own = side_by_side.run_sluice("folder", arguments)
        rounds.append(measured | {"sluice": {"ms": 1e3 / own["imagesPerSecond"], "residentBytes": None}})
    peer.close()
    result = side_by_side.compare(rounds, ["sluice"])
    return {
        name: {"imagesPerSecond": 1e3 / row["ms"]} | ({"ratio": row["ratio"]} if "ratio" in row else {})
        for name, row in result.items()
    }


def measure_all(options: argparse.Namespace) -> dict[str, dict[str, dict]]:
    results = {}
    with tempfile.TemporaryDirectory() as temporary:
        photos = Path(temporary) / "photos"
        write_photos(photos)
        files = list(photos.glob("*/*.jpg"))
        kib = sum(file.stat().st_size for file in files) / len(files) / 1024
        title = f"{len(files)} photographs of {PHOTO[1]} x {PHOTO[0]}, {kib:.0f} KiB each, cropped to 224 x 224"
        results[title] = compare(photos, 224, len(files), options)
        if options.small:
            small = unpack(options.small, Path(temporary) / "small")
            count = len(list(small.glob("*/*.jpg")))
            title = f"{options.small.name}, {count} images, cropped to 32 x 32"
            results[title] = compare(small, 32, min(count, options.images), options)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=Path, metavar="ARCHIVE", help="also read an archive of small images")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=int, default=10_000, help="small images that torchvision reads in a round")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", action="store_true", help="measure torchvision on request, for this script")
    parser.add_argument("--folder", type=Path, help="with --serve: the class folders")
    parser.add_argument("--size", type=int, help="with --serve: height and width of the crops")
    options = parser.parse_args()
    if options.serve:
        serve(options)
        return
    results = measure_all(options)
    if options.json:
        named = {name: str(value) if isinstance(value, Path) else value for name, value in vars(options).items()}
        print(json.dumps({"options": named, "folders": results}, indent=2))
        return
    for title, result in results.items():
        rows = [[name, f"{row['imagesPerSecond']:.0f}", side_by_side.ratio(row)] for name, row in result.items()]
        side_by_side.print_table(f"{title}, {options.threads} threads", ["", "images/s", "torchvision / sluice"], rows)


if __name__ == "__main__":
    main()
