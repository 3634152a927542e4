"""Adapt a CLIP or a captioner to one's own images and captions: `python -m training.finetune --help`.

The data is JSON Lines of {"image": path, "caption": text}; paths are relative to the file. Works with the compact models and
with any CLIP, SigLIP or BLIP folder or hub name. A share of the images is held out; the table shows them before and after.
"""

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from PIL import Image
from rich.console import Console
from rich.table import Table
from transformers import AutoModel, AutoProcessor, BlipForConditionalGeneration

from mmrag.evaluation.metrics.captions import bleu, cider_d

How = Literal["frozen", "lora", "full"]
Kind = Literal["clip", "captioner"]
_LORA = {"clip": ["q_proj", "v_proj"], "captioner": ["query", "value"]}
# What learns when the towers are frozen: where the towers meet, and the decoder of a captioner.
_OPEN = {"clip": ("projection", "logit_", "head"), "captioner": ("text_decoder",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An image with its caption."""

    image: Path
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to adapt: what learns, how long, how fast."""

    how: How = "frozen"
    steps: int = 100
    batch: int = 16
    rate: float = 1e-3
    rank: int = 8
    seed: int = 0
    held_out: float = 0.2


def read_pairs(file: Path) -> list[Pair]:
    """The pairs of a JSON Lines file. Raises ValueError naming the line that is not one."""
    pairs = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        record = json.loads(line)
        if (
            not isinstance(record, dict)
            or not isinstance(record.get("image"), str)
            or not isinstance(record.get("caption"), str)
        ):
            raise ValueError(f'{file.name}, line {number}: needs "image" and "caption"')
        pairs.append(Pair(image=file.parent / record["image"], caption=record["caption"]))
    if len(pairs) < 4:
        raise ValueError(f"{file.name}: {len(pairs)} pairs; at least 4 are needed to hold some out")
    return pairs


def split(pairs: Sequence[Pair], held_out: float, seed: int) -> tuple[list[Pair], list[Pair]]:
    """(to learn from, held out); an image with several captions stands on one side only."""
    images = sorted({pair.image for pair in pairs})
    random.Random(seed).shuffle(images)
    apart = set(images[: max(2, round(held_out * len(images)))])
    return [pair for pair in pairs if pair.image not in apart], [pair for pair in pairs if pair.image in apart]


def opened(kind: Kind, name: str) -> tuple[Any, Any]:
    """(model, processor) in full precision; only safetensors are read, and no code from the folder is run."""
    options: dict[str, Any] = {"dtype": torch.float32, "use_safetensors": True}
    model = (AutoModel if kind == "clip" else BlipForConditionalGeneration).from_pretrained(name, **options)
    return model, AutoProcessor.from_pretrained(name)


def prepared(model: Any, kind: Kind, plan: Plan) -> Any:
    """The model with what is to learn left open: projections or decoder, low-rank parts of the attention, or everything."""
    if plan.how == "full":
        return model
    if plan.how == "frozen":
        for name, parameter in model.named_parameters():
            parameter.requires_grad = any(part in name for part in _OPEN[kind])
        return model
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError as missing:
        raise RuntimeError("LoRA needs peft: pip install peft") from missing
    return get_peft_model(model, LoraConfig(r=plan.rank, lora_alpha=2 * plan.rank, target_modules=_LORA[kind]))


def _inputs(processor: Any, pairs: Sequence[Pair], device: str) -> dict[str, torch.Tensor]:
    images = [Image.open(pair.image).convert("RGB") for pair in pairs]
    texts = [pair.caption for pair in pairs]
    found = processor(images=images, text=texts, return_tensors="pt", padding=True, truncation=True)
    return {name: value.to(device) for name, value in found.items()}


def _loss(model: Any, kind: Kind, inputs: dict[str, torch.Tensor], pad: int) -> torch.Tensor:
    if kind == "clip":
        return torch.as_tensor(model(**inputs, return_loss=True).loss)
    labels = inputs["input_ids"].masked_fill(inputs["input_ids"] == pad, -100)
    return torch.as_tensor(model(**inputs, labels=labels).loss)


@torch.no_grad()
def measured(model: Any, processor: Any, kind: Kind, pairs: Sequence[Pair], device: str) -> dict[str, float]:
    """Of held-out pairs: recall@1 and @5 both ways, or BLEU-4, CIDEr-D and the loss."""
    model.eval()
    inputs = _inputs(processor, pairs, device)
    if kind == "clip":
        scores = model(**inputs).logits_per_text
        own = torch.tensor([[a.image == b.image for b in pairs] for a in pairs], device=scores.device)
        found = {}
        for way, table in (("text to image", scores), ("image to text", scores.T)):
            for k in (1, 5):
                top = table.topk(min(k, len(pairs)), dim=1).indices
                found[f"{way} recall@{k}"] = float(own.gather(1, top).any(1).float().mean())
        return found
    pad = processor.tokenizer.pad_token_id
    ids = model.generate(pixel_values=inputs["pixel_values"], max_new_tokens=40, num_beams=1, do_sample=False)
    said = processor.batch_decode(ids, skip_special_tokens=True)
    references = [[other.caption for other in pairs if other.image == pair.image] for pair in pairs]
    cider = cider_d(said, references)
    return {
        "loss": float(_loss(model, kind, inputs, pad)),
        "BLEU-4": bleu(said, references),
        "CIDEr-D": sum(cider) / len(cider),
    }


def adapt(
    kind: Kind, name: str, pairs: Sequence[Pair], plan: Plan, device: str, out: Path
) -> list[tuple[str, float, float]]:
    """Adapt, save to `out`, and tell each measure before and after on the held-out pairs."""
    torch.manual_seed(plan.seed)
    learned, held = split(pairs, plan.held_out, plan.seed)
    model, processor = opened(kind, name)
    model = model.to(device)
    before = measured(model, processor, kind, held, device)
    model = prepared(model, kind, plan).to(device)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=plan.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=plan.rate, total_steps=plan.steps)
    rng = random.Random(plan.seed)
    model.train()
    for _ in range(plan.steps):
        batch = rng.sample(learned, min(plan.batch, len(learned)))
        loss = _loss(model, kind, _inputs(processor, batch, device), processor.tokenizer.pad_token_id)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()
    if plan.how == "lora":
        model = model.merge_and_unload()
    after = measured(model, processor, kind, held, device)
    model.save_pretrained(out, safe_serialization=True)
    processor.save_pretrained(out)
    return [(measure, before[measure], after[measure]) for measure in before]


def main() -> None:
    """Read the options, adapt, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=("clip", "captioner"), required=True)
    parser.add_argument("--model", required=True, help="a folder or a hub name")
    parser.add_argument("--data", type=Path, required=True, help='JSON Lines of {"image": path, "caption": text}')
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--how", choices=("frozen", "lora", "full"), default="frozen")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    plan = Plan(
        how=options.how, steps=options.steps, batch=options.batch, rate=options.rate, rank=options.rank, seed=options.seed
    )
    rows = adapt(options.kind, options.model, read_pairs(options.data), plan, options.device, options.out)
    table = Table("measure on held-out images", "before", "after")
    for measure, before, after in rows:
        table.add_row(measure, f"{before:.3f}", f"{after:.3f}")
    Console().print(table)


if __name__ == "__main__":
    main()
