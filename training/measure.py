"""Measure the models on drawn documents never trained on, and on the real files of a corpus: python -m training.measure.

What counts as which kind on the corpus, decided before measuring: `receipts/`, `forms/` (the first page), `charts/` and
`photos/` as their folders say; `slides/` up to fifteen pages of each file; report: up to six pages of each file of
`pdfs/`, evenly spread, but the one handwritten list among them.
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.metrics import confusion_matrix
from torch.nn import functional
from transformers import BertTokenizer, BlipForConditionalGeneration, CLIPModel, CLIPTokenizer

from mmrag.adapters.clip_onnx import OnnxClip
from mmrag.adapters.picture_size import PictureSize
from mmrag.domain.pictures import Guess
from mmrag.evaluation.metrics.captions import bleu, cider_d
from mmrag.retrieval.kinds import page_sorter
from training.blip import speakable
from training.data import DrawnSet, Item, centred
from training.drawing.captions import CHARTS, NAMES, with_article
from training.drawing.lexicon import NUMBERS
from training.models import IMAGE_SIZE, MEAN, STD

# The kinds of the corpus, each by the names of drawn kinds that a page of it may look like.
PAGE_KINDS: dict[str, tuple[str, ...]] = {
    "receipt": ("receipt",),
    "form": ("form", "tax form", "contract", "invoice"),
    "chart": CHARTS,
    "slide": ("slide",),
    "photo": ("photograph",),
    "report": ("report page", "scientific paper", "financial statement", "letter", "cover page", "table"),
}
# The kinds that mmrag stores which fit a page of the corpus.
STORED_KINDS: dict[str, frozenset[str]] = {
    "receipt": frozenset({"receipt"}),
    "form": frozenset({"form", "contract", "invoice"}),
    "chart": frozenset({"chart"}),
    "slide": frozenset({"presentation", "cover"}),
    "photo": frozenset({"photo"}),
    "report": frozenset({"report", "letter", "table", "cover", "diagram"}),
}
CHART_TYPES: dict[str, tuple[str, ...]] = {
    "bar": ("bar chart",),
    "stacked": ("stacked bar chart",),
    "grouped": ("grouped bar chart",),
    "line": ("line chart",),
    "area": ("area chart",),
    "pie": ("pie chart", "donut chart"),
    "scatter": ("scatter chart",),
}
# Looked at by a person; a bar chart with a line over it counts as a bar chart, bars to both sides as stacked.
CORPUS_CHARTS = {
    "c001": "grouped", "c002": "stacked", "c003": "bar", "c004": "bar", "c005": "stacked", "c006": "stacked", "c007": "bar",
    "c008": "bar", "c009": "stacked", "c010": "bar", "c011": "stacked", "c012": "bar", "c013": "stacked", "c014": "grouped",
    "c015": "bar", "p001": "bar", "p002": "stacked", "p003": "bar", "p004": "stacked", "p005": "stacked", "p006": "grouped",
    "p007": "stacked", "p008": "stacked",
}  # fmt: skip
TEMPLATES = ("{}", "a scan of {}", "a picture of {}", "this is {}", "an image of {}")
_HANDWRITTEN = "olm_buildingnotes"
_SIZE = PictureSize(side=IMAGE_SIZE, edge=IMAGE_SIZE, way="fit", resample=2, mean=MEAN, std=STD)


class Clip:
    """A CLIP folder, read for measuring."""

    def __init__(self, folder: Path) -> None:
        self.model = CLIPModel.from_pretrained(folder, dtype=torch.float32).eval()
        self.tokenizer = CLIPTokenizer.from_pretrained(folder)

    @torch.no_grad()
    def texts(self, texts: Sequence[str]) -> torch.Tensor:
        """Vectors of length 1, (texts, 256)."""
        found = []
        for start in range(0, len(texts), 128):
            batch = self.tokenizer(
                list(texts[start : start + 128]), padding=True, truncation=True, max_length=48, return_tensors="pt"
            )
            pooled = self.model.text_model(
                input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]
            ).pooler_output
            found.append(functional.normalize(self.model.text_projection(pooled), dim=-1))
        return torch.cat(found)

    @torch.no_grad()
    def images(self, batches: Iterable[torch.Tensor]) -> torch.Tensor:
        """Vectors of length 1, (pictures, 256), of normalised pixels."""
        pooled = [self.model.vision_model(pixel_values=batch).pooler_output for batch in batches]
        return functional.normalize(self.model.visual_projection(torch.cat(pooled)), dim=-1)

    def zero_shot(self, images: torch.Tensor, classes: Mapping[str, tuple[str, ...]]) -> list[str]:
        """The likeliest class of each picture: probabilities of names, averaged over templates, added up by class."""
        names = [name for members in classes.values() for name in members]
        scale = self.model.logit_scale.exp().detach()
        chances = torch.stack(
            [
                (scale * images @ self.texts([template.format(with_article(NAMES[name][0])) for name in names]).T).softmax(1)
                for template in TEMPLATES
            ]
        ).mean(0)
        first, sums = 0, []
        for members in classes.values():
            sums.append(chances[:, first : first + len(members)].sum(1))
            first += len(members)
        labels = list(classes)
        return [labels[index] for index in torch.stack(sums, 1).argmax(1).tolist()]


def batches(drawn: DrawnSet, size: int = 64) -> Iterator[torch.Tensor]:
    """The pictures of a drawn set, normalised."""
    for start in range(0, len(drawn), size):
        yield centred(drawn.pictures(list(range(start, min(start + size, len(drawn))))))


def recall(clip: Clip, drawn: DrawnSet) -> dict[str, float]:
    """Recall@1 and @5 both ways, one short caption a picture, by the picture's own caption and by any that is true of it."""
    images = clip.images(batches(drawn))
    texts = [next(text for text in item.texts if text.form == "short") for item in drawn.items]
    scores = clip.texts([text.text for text in texts]) @ images.T
    true = torch.tensor([[text.facts <= item.facts for item in drawn.items] for text in texts])
    own = torch.eye(len(drawn), dtype=torch.bool)
    found: dict[str, float] = {"pictures": float(len(drawn))}
    for way, table, marks in (("text_to_image", scores, (own, true)), ("image_to_text", scores.T, (own, true.T))):
        for k in (1, 5):
            top = table.topk(k, dim=1).indices
            for name, mark in zip(("own", "true"), marks, strict=True):
                found[f"{way}@{k}_{name}"] = round(float(mark.gather(1, top).any(1).float().mean()), 4)
    return found


def drawn_kinds(clip: Clip, drawn: DrawnSet) -> dict[str, float]:
    """Zero-shot accuracy over all drawn kinds, and over chart types among charts."""
    images = clip.images(batches(drawn))
    kinds = {kind: (kind,) for kind in NAMES}
    said = clip.zero_shot(images, kinds)
    right = [a == item.kind for a, item in zip(said, drawn.items, strict=True)]
    charts = [index for index, item in enumerate(drawn.items) if item.kind in CHARTS]
    among = clip.zero_shot(images[charts], {kind: (kind,) for kind in CHARTS})
    types = [a == drawn.items[index].kind for a, index in zip(among, charts, strict=True)]
    return {"kind": round(float(np.mean(right)), 4), "chart_type": round(float(np.mean(types)), 4)}


@torch.no_grad()
def caption_all(folder: Path, pictures: Iterable[torch.Tensor], prefix: str = "", most: int = 32) -> list[str]:
    """Greedy captions of normalised pictures."""
    model = BlipForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = BertTokenizer.from_pretrained(folder)
    said: list[str] = []
    for batch in pictures:
        given = tokenizer([prefix] * len(batch), return_tensors="pt") if prefix else None
        extra = {"input_ids": given["input_ids"], "attention_mask": given["attention_mask"]} if given else {}
        ids = model.generate(pixel_values=batch, max_new_tokens=most, num_beams=1, do_sample=False, **extra)
        said.extend(tokenizer.batch_decode(ids, skip_special_tokens=True))
    return said


def _count_in(text: str, noun: str) -> int | None:
    words = text.replace(",", " ").split()
    for number, word in pairwise(words):
        if word.rstrip("s") == noun.rstrip("s") and (number.isdigit() or number in NUMBERS):
            return int(number) if number.isdigit() else NUMBERS.index(number)
    return None


def caption_scores(said: list[str], items: Sequence[Item]) -> dict[str, float]:
    """BLEU-4 and CIDEr-D against the detailed captions, and how often kind, chart type and count (within one) are right."""
    references = [[text.text for text in speakable(item)["detailed"]] for item in items]
    kinds = sorted(NAMES, key=lambda kind: -len(NAMES[kind][0]))
    right, types, counts = [], [], []
    for text, item in zip(said, items, strict=True):
        kind = next((kind for kind in kinds if text.startswith(with_article(NAMES[kind][0]))), "")
        right.append(kind == item.kind)
        if item.kind in CHARTS:
            types.append(kind == item.kind)
        facts = dict(fact.split("=", 1) for fact in item.facts)
        for name in ("bars", "items", "slices", "lines", "bullets"):
            if name in facts and (name != "lines" or item.kind == "line chart"):
                noun = "points" if name == "bullets" else name
                count = _count_in(text.replace("bullet points", "points"), noun)
                counts.append(count is not None and abs(count - int(facts[name])) <= 1)
    return {
        "bleu4": round(bleu(said, references), 2),
        "cider_d": round(float(np.mean(cider_d(said, references))), 3),
        "kind": round(float(np.mean(right)), 4),
        "chart_type": round(float(np.mean(types)), 4),
        "count_within_one": round(float(np.mean(counts)), 4),
        "counted": float(len(counts)),
    }


def _pages(path: Path, most: int) -> Iterator[Image.Image]:
    """Pages of a PDF, evenly spread, or the picture."""
    if path.suffix != ".pdf":
        yield Image.open(path).convert("RGB")
        return
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    count = min(most, len(document))
    for index in range(count):
        yield document[index * len(document) // count].render(scale=1.0).to_pil().convert("RGB")


def corpus_pictures(corpus: Path) -> Iterator[tuple[str, str, Image.Image]]:
    """(kind, file name, picture) of the real files."""
    folders = {
        "receipts": "receipt",
        "forms": "form",
        "charts": "chart",
        "slides": "slide",
        "photos": "photo",
        "pdfs": "report",
    }
    most = {"slide": 15, "report": 6}
    for folder, kind in folders.items():
        for path in sorted((corpus / folder).iterdir()):
            if path.stem != _HANDWRITTEN:
                for page in _pages(path, most.get(kind, 1)):
                    yield kind, path.stem, page


def as_tensor(image: Image.Image) -> torch.Tensor:
    """(1, 3, 192, 192), as the installed package makes it."""
    pixels = torch.from_numpy(_SIZE.batch([np.asarray(image.convert("RGB"))])).permute(0, 3, 1, 2)
    return pixels.float() / 127.5 - 1


def corpus_scores(clip: Clip, corpus: Path) -> dict[str, object]:
    """Accuracy of page kind and of chart type on the real files, with the confusion matrix (rows are the truth)."""
    found = list(corpus_pictures(corpus))
    images = clip.images(as_tensor(image) for _, _, image in found)
    said = clip.zero_shot(images, PAGE_KINDS)
    truth = [kind for kind, _, _ in found]
    labels = list(PAGE_KINDS)
    matrix = confusion_matrix(truth, said, labels=labels)
    charts = [index for index, (kind, name, _) in enumerate(found) if kind == "chart" and name in CORPUS_CHARTS]
    types = clip.zero_shot(images[charts], CHART_TYPES)
    right = [a == CORPUS_CHARTS[found[index][1]] for a, index in zip(types, charts, strict=True)]
    return {
        "pages": len(found),
        "accuracy": round(float(np.mean([a == b for a, b in zip(said, truth, strict=True)])), 4),
        "balanced_accuracy": round(float(np.mean(matrix.diagonal() / matrix.sum(1))), 4),
        "labels": labels,
        "confusion": matrix.tolist(),
        "chart_type": round(float(np.mean(right)), 4),
        "chart_types": [f"{found[index][1]}: {a}" for a, index in zip(types, charts, strict=True)],
    }


def kinds_stored(folder: Path, corpus: Path) -> list[dict[str, float]]:
    """Of the real files, at each least probability: the share that gets a kind as mmrag stores them, and how many fit."""
    found = list(corpus_pictures(corpus))
    with tempfile.TemporaryDirectory() as cache:
        embedder = OnnxClip(folder, Path(cache), threads=1)

        async def sorted_out() -> list[Guess]:
            rows = []
            for start in range(0, len(found), 32):
                pictures = [np.asarray(image.convert("RGB")) for _, _, image in found[start : start + 32]]
                rows += [row[0] for row in await page_sorter(embedder).of_pictures(pictures)]
            return rows

        guesses = asyncio.run(sorted_out())
    table = []
    for least in (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        kept = [
            (guess.label, kind) for guess, (kind, _, _) in zip(guesses, found, strict=True) if guess.probability >= least
        ]
        right = sum(label in STORED_KINDS[kind] for label, kind in kept)
        table.append(
            {"least": least, "kept": round(len(kept) / len(found), 3), "right": round(right / max(1, len(kept)), 3)}
        )
    return table


def main() -> None:
    """Read the options, measure, print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--captioner", type=Path)
    parser.add_argument("--data", type=Path, help="a set drawn with --split test")
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--corpus", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    report: dict[str, object] = {}
    drawn = DrawnSet(options.data, options.pictures) if options.data else None
    if options.clip:
        clip = Clip(options.clip)
        report["clip_parameters"] = sum(parameter.numel() for parameter in clip.model.parameters())
        if drawn:
            report["recall"] = recall(clip, drawn)
            report["drawn"] = drawn_kinds(clip, drawn)
        if options.corpus:
            report["corpus"] = corpus_scores(clip, options.corpus)
            report["kinds_stored"] = kinds_stored(options.clip, options.corpus)
    if options.captioner:
        captioner = BlipForConditionalGeneration.from_pretrained(options.captioner)
        report["captioner_parameters"] = sum(parameter.numel() for parameter in captioner.parameters())
    if options.captioner and drawn:
        report["captions"] = caption_scores(caption_all(options.captioner, batches(drawn)), drawn.items)
    if options.captioner and options.corpus:
        shown = [
            (name, as_tensor(image))
            for index, (_, name, image) in enumerate(corpus_pictures(options.corpus))
            if index % 29 == 3
        ]
        said = caption_all(options.captioner, [picture for _, picture in shown])
        report["real_captions"] = {name: text for (name, _), text in zip(shown, said, strict=True)}
    print(json.dumps(report, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
