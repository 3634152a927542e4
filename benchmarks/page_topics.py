"""Whether an image model can tell people in pictures, which ``ask.keep_local`` would have to know.

    python benchmarks/page_topics.py CORPUS [--profile embedded|hub]

CORPUS holds ``captions.jsonl`` ({"file", "captions": [...]} a line) and the photos it names. A photo shows people when all
captions but one name a person, nobody when none does; others are left out. Prints how many are marked with a topic, as
``mmrag.retrieval.topics`` would mark them, and how well the probability of ``people`` tells the two groups apart.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path

from _ingesting import table

from mmrag.adapters.picture_files import decode_picture
from mmrag.adapters.sight import find_sight
from mmrag.retrieval.kinds import Sorter, templates
from mmrag.retrieval.topics import LEAST
from mmrag.settings import ModelSettings

_PERSON = re.compile(r"\b(man|woman|men|women|boy|girl|people|person|child|children|lady|guy)s?\b", re.IGNORECASE)


async def main(corpus: Path, profile: str) -> None:
    embedder = find_sight(ModelSettings.model_validate({"profile": profile}), captions=False).embedder
    if embedder is None:
        raise SystemExit("There is no image model here.")
    phrases = tomllib.loads(files("mmrag.retrieval").joinpath("topics.toml").read_text(encoding="utf-8"))
    sorter = Sorter(embedder, {**phrases["topics"], **phrases["others"]}, templates())
    groups: dict[str, list[dict[str, float]]] = {"people": [], "nobody": []}
    for line in (corpus / "captions.jsonl").read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        named = sum(_PERSON.search(caption) is not None for caption in told["captions"])
        group = "people" if named >= len(told["captions"]) - 1 else "nobody" if named == 0 else None
        if group is not None:
            pixels = decode_picture((corpus / told["file"]).read_bytes())
            groups[group].append({g.label: g.probability for g in (await sorter.of_pictures([pixels]))[0]})
    rows = [["photos of", "n", "topic", f"marked (from {LEAST})", "median", "highest"]]
    for group, photos in groups.items():
        for topic in phrases["topics"]:
            given = sorted(photo[topic] for photo in photos)
            marked = sum(probability >= LEAST for probability in given)
            rows.append([group, str(len(photos)), topic, str(marked), f"{given[len(given) // 2]:.2f}", f"{given[-1]:.2f}"])
    table(rows)
    print(f"AUC of people: {_auc(*([photo['people'] for photo in groups[group]] for group in ('people', 'nobody'))):.2f}")


def _auc(these: list[float], those: list[float]) -> float:
    """Area under the ROC curve: how often one of ``these`` is above one of ``those``, ties half."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score([1] * len(these) + [0] * len(those), [*these, *those]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--profile", choices=("embedded", "hub"), default="embedded")
    asked = parser.parse_args()
    asyncio.run(main(asked.corpus, asked.profile))
