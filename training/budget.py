"""A training run with a budget in minutes or steps: the schedule, the log, the checkpoint. Every step is a function of
(seed, step).
"""

import json
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long and how fast to learn: by `steps`, which is repeatable to the bit, or by `minutes`.

    `threads` above 0 counts as minutes only the time that this process worked, on so many threads: a machine that does other
    work too then makes the training later, not shorter. At 0 the clock on the wall counts, as it must where a GPU does the
    work.
    """

    minutes: float = 0.0
    threads: int = 0
    steps: int = 0
    batch: int = 96
    rate: float = 1.5e-3
    decay: float = 0.05
    seed: int = 0
    warmup: float = 0.04
    save_every: float = 120.0
    stop_after: int | None = None


class Step(Protocol):
    """One batch: the loss to minimise and numbers for the log. `progress` runs from 0 to 1 over the budget."""

    def __call__(self, generator: torch.Generator, progress: float) -> tuple[torch.Tensor, dict[str, float]]: ...


SETTLING = 0.75
"""Where the last part of the budget begins, in which the rate falls."""


def rate_at(plan: Plan, progress: float) -> float:
    """Linear rise, a level stretch, then a fall to nearly nothing that is fast at first (1 - sqrt).

    Haegele et al., "Scaling laws and compute-optimal training beyond fixed training durations", 2024: as good as a cosine,
    and a run can be lengthened, or ended early, from any checkpoint of the level stretch.
    """
    if progress < plan.warmup:
        return plan.rate * (0.02 + 0.98 * progress / plan.warmup)
    if progress < SETTLING:
        return plan.rate
    share = min(1.0, (progress - SETTLING) / (1 - SETTLING))
    return plan.rate * max(0.005, 1 - math.sqrt(share))


def optimisers(model: torch.nn.Module, plan: Plan) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the layers; AdamW for embeddings, projections, heads, norms, biases and the temperature.

    Muon (Jordan et al., 2024) makes a step equally long in all directions of a matrix, which tells most where the budget is
    short: it needs a quarter of the steps of AdamW alone here. Its steps are scaled to AdamW's (Liu et al., "Muon is
    scalable for LLM training", 2025), so one rate serves both.
    """
    hidden: list[torch.nn.Parameter] = []
    matrices: list[torch.nn.Parameter] = []
    others: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            inside = ".layer" in name and parameter.ndim == 2
            plain = parameter.ndim < 2 or "position" in name or "class" in name
            (hidden if inside else others if plain else matrices).append(parameter)
    kept = [{"params": matrices, "weight_decay": plan.decay}, {"params": others, "weight_decay": 0.0}]
    found: list[torch.optim.Optimizer] = [torch.optim.AdamW(kept, lr=plan.rate, betas=(0.9, 0.98), eps=1e-6)]
    if hidden:
        found.append(torch.optim.Muon(hidden, lr=plan.rate, weight_decay=plan.decay, adjust_lr_fn="match_rms_adamw"))
    return found


def _clock(plan: Plan) -> float:
    return time.process_time() / plan.threads if plan.threads else time.monotonic()


def fit(model: torch.nn.Module, step_of: Step, plan: Plan, folder: Path) -> int:
    """Learn until the budget is used up, from the checkpoint in `folder` where there is one; the number of steps made.

    Writes `checkpoint.pt` and `log.jsonl` into `folder`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    steppers = optimisers(model, plan)
    checkpoint = folder / "checkpoint.pt"
    done, used = 0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=next(model.parameters()).device, weights_only=True)
        model.load_state_dict(state["model"])
        for stepper, kept in zip(steppers, state["optimisers"], strict=True):
            stepper.load_state_dict(kept)
        done, used = int(state["step"]), float(state["seconds"])
    began, saved = _clock(plan), time.monotonic()

    def spent() -> float:
        return used + _clock(plan) - began

    def progress() -> float:
        return done / plan.steps if plan.steps else spent() / (60 * plan.minutes)

    def save() -> None:
        states = [stepper.state_dict() for stepper in steppers]
        state = {"model": model.state_dict(), "optimisers": states, "step": done, "seconds": spent()}
        torch.save(state, checkpoint.with_suffix(".part"))
        checkpoint.with_suffix(".part").replace(checkpoint)

    model.train()
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
        while (share := progress()) < 1 and (plan.stop_after is None or done < plan.stop_after):
            rate = rate_at(plan, share)
            for group in (group for stepper in steppers for group in stepper.param_groups):
                group["lr"] = rate
            loss, numbers = step_of(torch.Generator().manual_seed(plan.seed * 1_000_003 + done), share)
            model.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for stepper in steppers:
                stepper.step()
            done += 1
            rounded = {name: round(value, 4) for name, value in numbers.items()}
            log.write(
                json.dumps(
                    {"step": done, "seconds": round(spent(), 1), "rate": rate, "loss": float(loss.detach()), **rounded}
                )
                + "\n"
            )
            log.flush()
            if time.monotonic() - saved > plan.save_every:
                save()
                saved = time.monotonic()
    save()
    return done
