"""Train the compact CLIP: `python -m training.clip --data FOLDER --run FOLDER --out FOLDER --minutes 45`.

Pictures and captions meet by InfoNCE with a learned temperature, where every caption that is true of a picture counts
as its match, or by the pairwise sigmoid of SigLIP (`--loss sigmoid`). Beside it each picture chooses among all kinds as
they are put in words when pages are classified, and the vision tower learns to name kind and facts by heads that are thrown
away. For the first part of the budget it sees only half of the patches (FLIP), which costs half.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional
from transformers import CLIPModel, CLIPTokenizer

from training.budget import SETTLING, Plan, fit
from training.data import DrawnSet, Text, augmented, truth
from training.drawing.captions import NAMES, TEMPLATES, with_article
from training.models import IMAGE_SIZE, PATCH, WIDTH, new_clip, prepared, save_clip
from training.tokens import clip_tokenizer

UNSEEN = ("topic", "title", "vendor", "trade", "agency", "language", "event", "station", "person", "source")
SPARSE_SHARE = 0.5
_FACTS_WEIGHT = 0.5
_KINDS_WEIGHT = 1.0


class Learner(nn.Module):
    """The CLIP with what only the training needs: a head for kinds, a head for facts, the bias of the pairwise sigmoid."""

    def __init__(self, clip: CLIPModel, kinds: list[str], labels: list[str]) -> None:
        super().__init__()
        self.clip = clip
        self.kinds = kinds
        self.labels = labels
        self.kind_head = nn.Linear(WIDTH, len(kinds))
        self.fact_head = nn.Linear(WIDTH, max(1, len(labels)))
        self.bias = nn.Parameter(torch.tensor(-4.0))

    def look(self, images: torch.Tensor, keep: torch.Tensor | None) -> torch.Tensor:
        """Pooled state of the vision tower, (pictures, width), from all patches or from those in `keep` (pictures, kept)."""
        tower = self.clip.vision_model
        tokens = tower.embeddings(images)
        if keep is not None:
            chosen = (keep + 1)[..., None].expand(-1, -1, tokens.shape[-1])
            tokens = torch.cat([tokens[:, :1], tokens.gather(1, chosen)], dim=1)
        states = tower.encoder(inputs_embeds=tower.pre_layrnorm(tokens)).last_hidden_state
        pooled: torch.Tensor = tower.post_layernorm(states[:, 0])
        return pooled

    def classes(self, tokenizer: CLIPTokenizer, generator: torch.Generator, phrasings: int = 2) -> torch.Tensor:
        """A vector of length 1 for each kind, the mean of some of its names in some templates, (kinds, 256)."""

        def any_of(choices: tuple[str, ...]) -> str:
            return choices[int(torch.randint(len(choices), (1,), generator=generator))]

        texts = [
            any_of(TEMPLATES).format(with_article(NAMES[kind][0] if part == 0 else any_of(NAMES[kind])))
            for kind in self.kinds
            for part in range(phrasings)
        ]
        encoded = tokenizer(texts, padding=True, return_tensors="pt").to(self.bias.device)
        said = self.read(encoded["input_ids"], encoded["attention_mask"])
        return functional.normalize(said.unflatten(0, (len(self.kinds), phrasings)).mean(1), dim=-1)

    def read(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Text vectors of length 1."""
        pooled = self.clip.text_model(input_ids=ids, attention_mask=mask).pooler_output
        return functional.normalize(self.clip.text_projection(pooled), dim=-1)


def contrastive(scores: torch.Tensor, matches: torch.Tensor) -> torch.Tensor:
    """Symmetric InfoNCE over (texts, pictures) where a row may have several matches, which share the probability."""
    rows = -(matches / matches.sum(1, keepdim=True) * functional.log_softmax(scores, dim=1)).sum(1).mean()
    columns = -(matches / matches.sum(0, keepdim=True) * functional.log_softmax(scores, dim=0)).sum(0).mean()
    return (rows + columns) / 2


def pairwise(scores: torch.Tensor, matches: torch.Tensor) -> torch.Tensor:
    """The sigmoid loss of SigLIP: every pair on its own, summed over a row and divided by the batch."""
    return -functional.logsigmoid(scores * (2 * matches - 1)).sum() / scores.shape[0]


class ClipStep:
    """One step of the training: draws a batch by the step's generator."""

    def __init__(
        self, learner: Learner, tokenizer: CLIPTokenizer, drawn: DrawnSet, batch: int, loss: str, device: str
    ) -> None:
        self.learner, self.tokenizer, self.drawn = learner, tokenizer, drawn
        self.batch, self.loss, self.device = batch, loss, device

    def __call__(self, generator: torch.Generator, progress: float) -> tuple[torch.Tensor, dict[str, float]]:
        chosen = torch.randint(len(self.drawn), (self.batch,), generator=generator).tolist()
        items = [self.drawn.items[index] for index in chosen]
        texts: list[Text] = [item.texts[int(torch.randint(len(item.texts), (1,), generator=generator))] for item in items]
        images = augmented(self.drawn.pictures(chosen), generator).to(self.device)
        patches = (IMAGE_SIZE // PATCH) ** 2
        keep = None
        if progress < SETTLING:
            kept = int(patches * SPARSE_SHARE)
            keep = torch.rand((self.batch, patches), generator=generator).argsort(1)[:, :kept].to(self.device)
        encoded = self.tokenizer(
            [text.text for text in texts], padding=True, truncation=True, max_length=48, return_tensors="pt"
        ).to(self.device)
        with torch.autocast(self.device, torch.bfloat16):
            pooled = self.learner.look(images, keep)
            projected = self.learner.clip.visual_projection(pooled)
            said = self.learner.read(encoded["input_ids"], encoded["attention_mask"])
            classes = self.learner.classes(self.tokenizer, generator)
        pooled, seen, said = (
            pooled.float(),
            functional.normalize(projected.float(), dim=-1),
            functional.normalize(said.float(), dim=-1),
        )
        scale = self.learner.clip.logit_scale.clamp(max=4.6).exp()
        scores = scale * said @ seen.T
        matches = truth(texts, items).to(self.device)
        matching = contrastive(scores, matches) if self.loss == "infonce" else pairwise(scores + self.learner.bias, matches)
        kinds = torch.tensor([self.learner.kinds.index(item.kind) for item in items], device=self.device)
        facts = torch.tensor(
            [[float(label in item.facts) for label in self.learner.labels] for item in items], device=self.device
        )
        chosen_kinds = scale * seen @ classes.float().T
        choosing = functional.cross_entropy(chosen_kinds, kinds, label_smoothing=0.05)
        naming = functional.cross_entropy(self.learner.kind_head(pooled), kinds)
        telling = (
            functional.binary_cross_entropy_with_logits(self.learner.fact_head(pooled), facts, reduction="none")
            .sum(1)
            .mean()
            / 10
        )
        right = (chosen_kinds.argmax(1) == kinds).float().mean()
        hit = matches.gather(1, scores.argmax(1, keepdim=True)).mean()
        parts = {"match": matching, "choose": choosing, "kind": naming, "facts": telling, "kind_right": right, "found": hit}
        numbers = {name: part.item() for name, part in parts.items()}
        return matching + _KINDS_WEIGHT * choosing + _FACTS_WEIGHT * (naming + telling), numbers


def _heads(drawn: DrawnSet, place: Path) -> tuple[list[str], list[str]]:
    """Kinds and facts to be named: as they were when the run began, so that it can go on with a larger set."""
    if not place.exists():
        kinds = sorted({item.kind for item in drawn.items})
        place.write_text(json.dumps({"kinds": kinds, "labels": drawn.labels(leave_out=(*UNSEEN, "kind"))}), encoding="utf-8")
    read = json.loads(place.read_text(encoding="utf-8"))
    return [str(kind) for kind in read["kinds"]], [str(label) for label in read["labels"]]


def train(
    data: Path, run: Path, plan: Plan, loss: str, device: str, limit: int | None = None, after: Path | None = None
) -> tuple[CLIPModel, CLIPTokenizer]:
    """Train on a drawn set; the model in full precision, with its tokenizer.

    With `after`, the folder of a run that has come to its end, this run is the next round: it begins with what that one
    learned, with its vocabulary and its heads, and goes through rise, level stretch and fall again (warm restart: Loshchilov
    and Hutter, "SGDR", 2017).
    """
    torch.manual_seed(plan.seed)
    drawn = DrawnSet(data, limit)
    run.mkdir(parents=True, exist_ok=True)
    if after is not None and not (run / "heads.json").exists():
        shutil.copytree(after / "tokenizer", run / "tokenizer", dirs_exist_ok=True)
        shutil.copy(after / "heads.json", run / "heads.json")
    if not (run / "tokenizer" / "tokenizer.json").exists():
        clip_tokenizer(drawn.captions()).save_pretrained(run / "tokenizer")
    tokenizer = CLIPTokenizer.from_pretrained(run / "tokenizer")
    some = augmented(drawn.pictures(list(range(min(192, len(drawn))))), torch.Generator().manual_seed(plan.seed))
    model = prepared(new_clip(tokenizer), some)
    if device == "cpu":
        # The fused kernel's way back is slow there for rows this short: plain products take a quarter off a step.
        model.set_attn_implementation("eager")
    kinds, labels = _heads(drawn, run / "heads.json")
    learner = Learner(model, kinds, labels).to(device)
    if after is not None and not (run / "checkpoint.pt").exists():
        learner.load_state_dict(torch.load(after / "checkpoint.pt", map_location=device, weights_only=True)["model"])
    fit(learner, ClipStep(learner, tokenizer, drawn, plan.batch, loss, device), plan, run)
    return model.eval(), tokenizer


def main() -> None:
    """Read the options, train, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True, help="folder of the checkpoint and the log")
    parser.add_argument("--after", type=Path, help="folder of a finished run to go on from in another round")
    parser.add_argument("--out", type=Path, required=True, help="folder of the finished model")
    parser.add_argument("--minutes", type=float, default=45)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--batch", type=int, default=96)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--loss", choices=("infonce", "sigmoid"), default="infonce")
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
    model, tokenizer = train(options.data, options.run, plan, options.loss, options.device, after=options.after)
    save_clip(model.cpu(), tokenizer, options.out)


if __name__ == "__main__":
    main()
