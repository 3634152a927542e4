"""Train the compact captioner: `python -m training.blip --data FOLDER --run FOLDER --clip FOLDER --out FOLDER`.

A `BlipForConditionalGeneration` whose vision tower is the trained CLIP's, and stays so unless `--see` opens it: then a step
costs half as much again, which only a long training repays. It learns captions that speak only of what shows, some of them
after a beginning that asks for one form: "the kind is", "a scan of", "it shows".
"""

import argparse
import shutil
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional
from transformers import BertTokenizer, BlipForConditionalGeneration, CLIPModel

from training.budget import Plan, fit
from training.clip import UNSEEN
from training.data import DrawnSet, Item, Text, augmented
from training.drawing.captions import NAMES, with_article
from training.models import DECODER_LENGTH, new_blip, save_blip, vision_from_clip
from training.tokens import blip_tokenizer

# Shares of the captions that begin with "the kind is", with "a scan of" or "a picture of" (short), or with "it shows"
# (detailed). The others are detailed and begin with the kind.
_KIND_SHARE = 0.06
_BRIEF_SHARE = 0.1
_SHOWS_SHARE = 0.25
_READ = tuple(f"{name}=" for name in UNSEEN)


def speakable(item: Item) -> dict[str, list[Text]]:
    """Captions by form, without those that state what cannot be seen at this size."""
    found: dict[str, list[Text]] = {"template": [], "short": [], "detailed": []}
    for text in item.texts:
        if not any(fact.startswith(_READ) for fact in text.facts):
            found[text.form].append(text)
    return found


class Captioner(nn.Module):
    """The BLIP as it is trained: one forward pass from pictures and tokens to a loss for each token."""

    def __init__(self, blip: BlipForConditionalGeneration, *, sees: bool) -> None:
        super().__init__()
        self.blip = blip
        self.sees = sees
        blip.vision_model.requires_grad_(sees)

    def forward(self, images: torch.Tensor, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Scores of the next token, (pictures, tokens - 1, vocabulary)."""
        with torch.set_grad_enabled(self.sees and torch.is_grad_enabled()):
            states = self.blip.vision_model(pixel_values=images).last_hidden_state
        decoded = self.blip.text_decoder(
            input_ids=ids[:, :-1], attention_mask=mask[:, :-1], encoder_hidden_states=states, return_dict=True
        )
        scores: torch.Tensor = decoded.logits
        return scores


class CaptionStep:
    """One step of the training: draws pictures and one caption of each by the step's generator."""

    def __init__(self, captioner: Captioner, tokenizer: BertTokenizer, drawn: DrawnSet, batch: int, device: str) -> None:
        self.captioner, self.tokenizer, self.drawn = captioner, tokenizer, drawn
        self.batch, self.device = batch, device
        self._texts = [speakable(item) for item in drawn.items]

    def _caption(self, index: int, generator: torch.Generator) -> str:
        """A caption whole, or after a beginning that asks for a form of it."""
        texts = self._texts[index]
        chance = float(torch.rand((), generator=generator))
        if chance < _KIND_SHARE:
            return f"the kind is {with_article(NAMES[self.drawn.items[index].kind][0])}"
        if chance < _KIND_SHARE + _BRIEF_SHARE:
            pool, start = texts["short"] or texts["detailed"], "a scan of " if chance * 1000 % 2 < 1 else "a picture of "
        else:
            pool, start = texts["detailed"], "it shows " if chance > 1 - _SHOWS_SHARE else ""
        return start + pool[int(torch.randint(len(pool), (1,), generator=generator))].text

    def __call__(self, generator: torch.Generator, progress: float) -> tuple[torch.Tensor, dict[str, float]]:
        del progress
        chosen = torch.randint(len(self.drawn), (self.batch,), generator=generator).tolist()
        texts = [self._caption(index, generator) for index in chosen]
        encoded = self.tokenizer(texts, padding=True, truncation=True, max_length=DECODER_LENGTH, return_tensors="pt").to(
            self.device
        )
        images = augmented(self.drawn.pictures(chosen), generator).to(self.device)
        ids, mask = encoded["input_ids"], encoded["attention_mask"]
        with torch.autocast(self.device, torch.bfloat16):
            scores = self.captioner(images, ids, mask)
        targets = ids[:, 1:].masked_fill(mask[:, 1:] == 0, -100)
        loss = functional.cross_entropy(scores.float().transpose(1, 2), targets, ignore_index=-100, label_smoothing=0.05)
        right = ((scores.argmax(-1) == targets) & (targets != -100)).sum() / (targets != -100).sum()
        return loss, {"token_right": right.item()}


def train(
    data: Path,
    run: Path,
    clip: Path | None,
    plan: Plan,
    device: str,
    limit: int | None = None,
    *,
    see: bool = False,
    after: Path | None = None,
) -> tuple[BlipForConditionalGeneration, BertTokenizer]:
    """Train on a drawn set, from the vision tower of the CLIP in folder `clip`; the model and its tokenizer.

    The tower learns too where it is told to `see`, and where there is no CLIP. With `after`, the folder of a finished run,
    this is the next round (see clip.py): the decoder and the vocabulary are that run's, the tower is still that of `clip`.
    """
    torch.manual_seed(plan.seed)
    drawn = DrawnSet(data, limit)
    run.mkdir(parents=True, exist_ok=True)
    if after is not None and not (run / "tokenizer").exists():
        shutil.copytree(after / "tokenizer", run / "tokenizer")
    if not (run / "tokenizer" / "tokenizer.json").exists():
        blip_tokenizer(
            text.text for item in drawn.items for texts in speakable(item).values() for text in texts
        ).save_pretrained(run / "tokenizer")
    tokenizer = BertTokenizer.from_pretrained(run / "tokenizer")
    model = new_blip(tokenizer)
    captioner = Captioner(model, sees=see or clip is None).to(device)
    if after is not None:
        captioner.load_state_dict(torch.load(after / "checkpoint.pt", map_location=device, weights_only=True)["model"])
    if clip is not None:
        vision_from_clip(model, CLIPModel.from_pretrained(clip, dtype=torch.float32))
    if device == "cpu":
        model.set_attn_implementation("eager")  # see clip.py
    fit(captioner, CaptionStep(captioner, tokenizer, drawn, plan.batch, device), plan, run)
    return model.eval(), tokenizer


def main() -> None:
    """Read the options, train, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True, help="folder of the checkpoint and the log")
    parser.add_argument("--clip", type=Path, help="folder of the trained CLIP; without it the vision tower starts anew")
    parser.add_argument("--after", type=Path, help="folder of a finished run to go on from in another round")
    parser.add_argument("--out", type=Path, required=True, help="folder of the finished model")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--see", action="store_true", help="the vision tower learns too")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    plan = Plan(
        minutes=options.minutes,
        steps=options.steps,
        batch=options.batch,
        rate=options.rate,
        seed=options.seed,
        threads=0 if options.device.startswith("cuda") else options.threads,
    )
    model, tokenizer = train(
        options.data, options.run, options.clip, plan, options.device, see=options.see, after=options.after
    )
    save_blip(model.cpu(), tokenizer, options.out)


if __name__ == "__main__":
    main()
