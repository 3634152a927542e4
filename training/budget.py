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
    """How long and how fast to learn: by `steps`, which is repeatable to the bit, or by `minutes` of the clock."""

    minutes: float = 0.0
    steps: int = 0
    batch: int = 96
    rate: float = 1e-3
    decay: float = 0.05
    seed: int = 0
    warmup: float = 0.04
    save_every: float = 120.0
    stop_after: int | None = None


class Step(Protocol):
    """One batch: the loss to minimise and numbers for the log. `progress` runs from 0 to 1 over the budget."""

    def __call__(self, generator: torch.Generator, progress: float) -> tuple[torch.Tensor, dict[str, float]]: ...


def rate_at(plan: Plan, progress: float) -> float:
    """Linear rise, then half a cosine down to a hundredth."""
    if progress < plan.warmup:
        return plan.rate * (0.02 + 0.98 * progress / plan.warmup)
    share = (progress - plan.warmup) / (1 - plan.warmup)
    return plan.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, share))))


def groups(model: torch.nn.Module, decay: float) -> list[dict[str, object]]:
    """Matrices decay; biases, norms, positions and the temperature do not."""
    matrices: list[torch.nn.Parameter] = []
    others: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            (matrices if parameter.ndim >= 2 and "position" not in name and "class" not in name else others).append(
                parameter
            )
    return [{"params": matrices, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def fit(model: torch.nn.Module, step_of: Step, plan: Plan, folder: Path) -> int:
    """Learn until the budget is used up, from the checkpoint in `folder` where there is one; the number of steps made.

    Writes `checkpoint.pt` and `log.jsonl` into `folder`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    optimiser = torch.optim.AdamW(groups(model, plan.decay), lr=plan.rate, betas=(0.9, 0.98), eps=1e-6)
    checkpoint = folder / "checkpoint.pt"
    done, used = 0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=next(model.parameters()).device, weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        done, used = int(state["step"]), float(state["seconds"])
    began = saved = time.monotonic()

    def spent() -> float:
        return used + time.monotonic() - began

    def progress() -> float:
        return done / plan.steps if plan.steps else spent() / (60 * plan.minutes)

    def save() -> None:
        state = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": done, "seconds": spent()}
        torch.save(state, checkpoint.with_suffix(".part"))
        checkpoint.with_suffix(".part").replace(checkpoint)

    model.train()
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
        while (share := progress()) < 1 and (plan.stop_after is None or done < plan.stop_after):
            rate = rate_at(plan, share)
            for group in optimiser.param_groups:
                group["lr"] = rate
            loss, numbers = step_of(torch.Generator().manual_seed(plan.seed * 1_000_003 + done), share)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
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
