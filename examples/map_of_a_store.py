"""Draw every page of a store as a point near those that look like it: python examples/map_of_a_store.py STORE -o map.png"""

import argparse
import asyncio
import sys

import matplotlib
import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

import mmrag
from mmrag.adapters.picture_files import decode_picture
from mmrag.ports import PageRef

matplotlib.use("Agg")
import matplotlib.pyplot as plt

FEW = 12
"""Under so many pages there are no neighbourhoods for t-SNE to keep: PCA alone."""


async def looked_at(store: str) -> tuple[NDArray[np.float32], list[str]]:
    """The image vector of every page, and what kind of page it was taken for."""
    rows, kinds = [], []
    async with mmrag.open(store) as session:
        app = await session.app()
        if app.sight.embedder is None:
            return np.zeros((0, 0), np.float32), []
        for document in await app.catalog.documents():
            for number in range(1, document.pages + 1):
                page = await app.catalog.page(PageRef(document_id=document.id, page=number))
                if page is not None and page.image is not None:
                    picture = await asyncio.to_thread(decode_picture, await app.blobs.get(page.image))
                    rows.append((await app.sight.embedder.embed_images([picture]))[0])
                    kinds.append(page.kind.value if page.kind is not None else "unknown")
    return np.array(rows, np.float32), kinds


def in_two_dimensions(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    if len(vectors) < FEW:
        return np.asarray(PCA(n_components=2).fit_transform(vectors), np.float32)
    fewer = PCA(n_components=min(30, *vectors.shape), random_state=0).fit_transform(vectors)
    points = TSNE(perplexity=min(30, len(vectors) / 4), init="pca", random_state=0).fit_transform(fewer)
    return np.asarray(points, np.float32)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store")
    parser.add_argument("-o", "--output", default="map.png")
    arguments = parser.parse_args()
    vectors, kinds = asyncio.run(looked_at(arguments.store))
    if len(vectors) < 2:
        print("A map needs an image model ('mmrag models list') and two pages.", file=sys.stderr)
        return 1
    points = in_two_dimensions(vectors)
    figure, axes = plt.subplots(figsize=(9, 7))
    for kind, colour in zip(sorted(set(kinds)), plt.get_cmap("tab20")(np.arange(40) % 20), strict=False):
        mine = [i for i, k in enumerate(kinds) if k == kind]
        axes.scatter(points[mine, 0], points[mine, 1], s=30, color=colour, label=f"{kind} ({len(mine)})")
    axes.legend(fontsize=8)
    axes.set_xticks([])
    axes.set_yticks([])
    figure.tight_layout()
    figure.savefig(arguments.output, dpi=150)
    print(f"wrote {arguments.output}: {len(kinds)} pages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
