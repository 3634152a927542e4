"""Draw how like pages are to words: python examples/similarity.py STORE "a receipt" "a bar chart" -o similarity.png"""

import argparse
import asyncio
import sys

import matplotlib
import numpy as np
from numpy.typing import NDArray

import mmrag
from mmrag.adapters.picture_files import decode_picture
from mmrag.ports import PageRef

matplotlib.use("Agg")
import matplotlib.pyplot as plt

WORDS = [
    "a receipt",
    "an invoice",
    "a form",
    "a letter",
    "a report page",
    "a slide",
    "a bar chart",
    "a table",
    "a photograph",
]


async def page_pictures(store: str, most: int) -> tuple[list[str], list[NDArray[np.uint8]]]:
    """The first page of ``most`` documents, evenly spread over the store, with their names."""
    names, pictures = [], []
    async with mmrag.open(store) as session:
        app = await session.app()
        documents = await app.catalog.documents()
        count = min(most, len(documents))
        for document in [documents[place * len(documents) // count] for place in range(count)]:
            page = await app.catalog.page(PageRef(document_id=document.id, page=1))
            if page is not None and page.image is not None:
                names.append(document.name)
                pictures.append(await asyncio.to_thread(decode_picture, await app.blobs.get(page.image)))
    return names, pictures


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store")
    parser.add_argument("words", nargs="*", default=WORDS)
    parser.add_argument("-o", "--output", default="similarity.png")
    parser.add_argument("-n", type=int, default=30, help="documents at most")
    arguments = parser.parse_args()
    async with mmrag.open(arguments.store) as session:
        embedder = (await session.app()).sight.embedder
    if embedder is None:
        print("There is no image model here: see 'mmrag models list'.", file=sys.stderr)
        return 1
    names, pictures = await page_pictures(arguments.store, arguments.n)
    texts = await embedder.embed_texts([f"a scan of {word}" for word in arguments.words])
    alike = await embedder.embed_images(pictures) @ texts.T  # cosines: all vectors have length 1
    figure, axes = plt.subplots(figsize=(3 + 0.6 * len(arguments.words), 2 + 0.28 * len(names)))
    shown = axes.imshow(alike, cmap="viridis", aspect="auto")
    axes.set_xticks(range(len(arguments.words)), arguments.words, rotation=40, ha="right")
    axes.set_yticks(range(len(names)), names, fontsize=8)
    figure.colorbar(shown, label="cosine")
    figure.tight_layout()
    figure.savefig(arguments.output, dpi=150, bbox_inches="tight")
    print(f"wrote {arguments.output}: {len(names)} pages and {len(arguments.words)} words")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
