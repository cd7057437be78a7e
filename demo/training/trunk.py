"""Warm-up of the image trunk: every cell of its grid learns to predict what is there. Without it the rest of the
model learns nothing from answers."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from data import SIDE, Pictures, cell_targets
from files import write
from ofa import Ofa

BATCH = 64
LOOK_EVERY = 500
# Shapes and sizes have one more class than the world: hidden.
HEADS = {"thing": 2, "shape": 7, "colour": 8, "size": 3, "place": 2}


class CellHeads(nn.Module):
    """Predicts the content of a cell from its features. Discarded after the warm-up."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.heads = nn.ModuleDict({name: nn.Linear(channels, size) for name, size in HEADS.items()})

    def forward(self, features: Tensor) -> dict[str, Tensor]:
        return {name: head(features).float() for name, head in self.heads.items()}


def cell_losses(found: dict[str, Tensor], targets: dict[str, Tensor]) -> Tensor:
    """Hidden things have four times the weight: they are rare, hard to see, and important."""
    there = targets["shape"] >= 0
    importance = 1.0 + 3.0 * (targets["shape"] == HEADS["shape"] - 1)
    things = F.cross_entropy(found["thing"].flatten(0, 1), there.long().flatten(), reduction="none")
    loss = 2 * (things * (importance * (1 + 2.0 * there)).flatten()).mean()
    weights = importance[there]
    for name in ("shape", "colour", "size"):
        losses = F.cross_entropy(found[name][there], targets[name][there], reduction="none")
        loss = loss + (losses * weights).sum() / weights.sum()
    return loss + 5 * F.smooth_l1_loss(found["place"][there], targets["place"][there], beta=0.05)


def cell_accuracies(found: dict[str, Tensor], targets: dict[str, Tensor]) -> dict[str, float]:
    there = targets["shape"] >= 0
    scores = {"thing": (found["thing"].argmax(-1) == there.long()).float().mean().item()}
    for name in ("shape", "colour", "size"):
        right = found[name].argmax(-1)[there] == targets[name][there]
        scores[name] = right.float().mean().item()
    hidden = targets["shape"] == HEADS["shape"] - 1
    scores["hidden"] = (found["shape"].argmax(-1)[hidden] == HEADS["shape"] - 1).float().mean().item()
    scores["place"] = (found["place"] - targets["place"])[there].abs().mean().item()
    return scores


def mirror(pixels: Tensor, targets: dict[str, Tensor], which: Tensor) -> None:
    """Mirrors some of the pictures [B, H, W, 3] and their targets [B, cells, ...] left to right, in place. Shapes are
    symmetric."""
    pixels[which] = pixels[which].flip(2)
    for target in targets.values():
        grid = target[which].unflatten(1, (SIDE, SIDE))
        target[which] = grid.flip(2).flatten(1, 2)
    targets["place"][which, :, 0] = 1 - targets["place"][which, :, 0]


@dataclass(frozen=True)
class WarmUp:
    steps: int
    peak: float
    seed: int
    # Folder of the work in progress.
    kept: pathlib.Path
    log: Callable[[str], None]


def shown(trunk: nn.Module, heads: CellHeads, model: Ofa, pictures: Pictures) -> str:
    """The accuracy of the heads on held-out pictures, as text for the log."""
    trunk.eval()
    with torch.no_grad():
        found = heads(model.features(torch.from_numpy(pictures.pixels)))
        scores = cell_accuracies(found, cell_targets(pictures.things))
    trunk.train()
    return " ".join(f"{name} {value:.4f}" for name, value in scores.items())


def warm_up(model: Ofa, pictures: Pictures, held_out: Pictures, plan: WarmUp) -> None:
    """Trains `encoder.embed_images` in place. Resumes from saved work."""
    trunk = model.encoder.embed_images
    heads = CellHeads(trunk.channels)
    parameters = [*trunk.parameters(), *heads.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=plan.peak, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, plan.peak, total_steps=plan.steps, pct_start=0.1
    )
    changing = {"trunk": trunk, "heads": heads, "optimizer": optimizer, "schedule": schedule}
    first = 0
    if plan.kept.exists():
        state = torch.load(plan.kept, weights_only=True)
        for name, part in changing.items():
            part.load_state_dict(state[name])
        first = state["step"]
        plan.log(f"going on from step {first} of the trunk")
    trunk.train()
    for step in range(first, plan.steps):
        # The seed depends on the step, so that a resumed run gets the same batches.
        random = np.random.default_rng((plan.seed, step))
        index = np.sort(random.integers(0, len(pictures.things), BATCH))
        targets = cell_targets(pictures.things[index])
        pixels = torch.from_numpy(pictures.pixels[index])
        mirror(pixels, targets, torch.from_numpy(random.random(BATCH) < 0.5))
        with torch.autocast("cpu", torch.bfloat16):
            found = heads(model.features(pixels))
        loss = cell_losses(found, targets)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        if step % LOOK_EVERY == 0 or step == plan.steps - 1:
            state = {name: part.state_dict() for name, part in changing.items()}
            write({**state, "step": step + 1}, plan.kept)
            plan.log(f"trunk {step}/{plan.steps} loss {loss.item():.4f} {shown(trunk, heads, model, held_out)}")
    trunk.eval()


@torch.no_grad()
def cache_features(model: Ofa, pictures: Pictures) -> Tensor:
    """The output of the frozen trunk for every picture, bf16 [N, cells, C]."""
    model.encoder.embed_images.eval()
    chunks = []
    for start in range(0, len(pictures.things), 256):
        pixels = torch.from_numpy(pictures.pixels[start : start + 256])
        chunks.append(model.features(pixels).bfloat16())
    return torch.cat(chunks)
