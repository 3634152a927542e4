"""How answers hold as scans get worse: the sample pictures blurred, shrunk, darkened, turned and compressed, asked each
time.

    python benchmarks/degradation.py [--quick]

Figures are shares of right answers, and ratios to the clean pages of the same run. Only samples that are pictures take part.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from _measuring import figure, measured, show
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from mmrag.api import open_session
from mmrag.evaluation.asking import StoreAsker
from mmrag.evaluation.datasets.reading import read_dataset
from mmrag.evaluation.questions import Dataset
from mmrag.evaluation.summary import mean_of

SAMPLES = Path(__file__).parents[1] / "examples" / "samples"
PICTURES = {".png", ".jpg", ".jpeg"}


def shrunk(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width // 3, picture.height // 3), Image.Resampling.BILINEAR)


WAYS: dict[str, tuple[Callable[[Image.Image], Image.Image], int]] = {
    "clean": (lambda p: p, 95),
    "blur 3 px": (lambda p: p.filter(ImageFilter.GaussianBlur(3)), 95),
    "a third of the dots": (shrunk, 95),
    "JPEG quality 4": (lambda p: p, 4),
    "little contrast": (lambda p: ImageEnhance.Contrast(p).enhance(0.12), 95),
    "turned by 7 degrees": (lambda p: p.rotate(7, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC), 95),
}


def worsened(target: Path, way: str) -> None:
    """Copies of the sample pictures, worsened, under their own names, so that the questions still name them."""
    change, quality = WAYS[way]
    target.mkdir()
    for file in sorted(SAMPLES.iterdir()):
        if file.suffix.lower() in PICTURES:
            with Image.open(file) as opened:
                picture = change(ImageOps.exif_transpose(opened).convert("RGB"))
            if file.suffix.lower() == ".png":
                picture.save(target / file.name)
            else:
                picture.save(target / file.name, quality=quality)


async def right_share(folder: Path, store: Path, dataset: Dataset) -> tuple[int, float | None, float | None]:
    """Questions asked, the share answered rightly, and the share whose page came first."""
    async with open_session(store) as session:
        await session.ingest([folder])
        scored = await measured(dataset, await session.app(), StoreAsker(session, store / "traces"))
    return len(scored), mean_of(scored, "right"), mean_of(scored, "page_recall@1")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three ways only")
    args = parser.parse_args()
    dataset = read_dataset(SAMPLES)
    pictures = tuple(q for q in dataset.questions if q.file and Path(q.file).suffix.lower() in PICTURES)
    dataset = Dataset(name="samples", folder=dataset.folder, questions=pictures)
    ways = list(WAYS)[:3] if args.quick else list(WAYS)
    rows, clean = [], None
    with tempfile.TemporaryDirectory() as place:
        for n, way in enumerate(ways):
            await asyncio.to_thread(worsened, Path(place, str(n)), way)
            asked, right, found = await right_share(Path(place, str(n)), Path(place, f"store{n}"), dataset)
            clean = right if clean is None else clean
            ratio = right / clean if right is not None and clean else None
            rows.append([way, str(asked), figure(right), figure(ratio), figure(found)])
    show("Sample pictures made worse", ("way", "questions", "right", "against clean", "page first"), rows)


if __name__ == "__main__":
    asyncio.run(main())
