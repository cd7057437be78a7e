"""Warm-up of the image trunk: every cell of its grid learns to tell what lies there. Without it the rest of the
model learns nothing from answers."""

from __future__ import annotations

import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from data import Pictures, cell_targets
from ofa import Ofa

# Shapes and sizes have one class more than the world: hidden.
HEADS = {"thing": 2, "shape": 7, "colour": 8, "size": 3, "place": 2}


class CellHeads(nn.Module):
    """Reads a cell's contents off its features; dropped after the warm-up."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.heads = nn.ModuleDict({name: nn.Linear(channels, size) for name, size in HEADS.items()})

    def forward(self, features: Tensor) -> dict[str, Tensor]:
        return {name: head(features).float() for name, head in self.heads.items()}


def cell_losses(found: dict[str, Tensor], targets: dict[str, Tensor]) -> Tensor:
    """Hidden things are rare and hard to see, and much depends on them: they count four times."""
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


def warm_up(
    model: Ofa, pictures: Pictures, held_out: Pictures, steps: int, peak: float, seed: int, log
) -> None:
    """Trains `encoder.embed_images` in place."""
    trunk = model.encoder.embed_images
    heads = CellHeads(trunk.channels)
    parameters = [*trunk.parameters(), *heads.parameters()]
    batch = 64
    optimizer = torch.optim.AdamW(parameters, lr=peak, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, peak, total_steps=steps, pct_start=0.1)
    random = np.random.default_rng(seed)
    started = time.monotonic()
    trunk.train()
    for step in range(steps):
        index = np.sort(random.integers(0, len(pictures.things), batch))
        targets = cell_targets(pictures.things[index])
        pixels = torch.from_numpy(pictures.pixels[index])
        with torch.autocast("cpu", torch.bfloat16):
            found = heads(model.features(pixels))
        loss = cell_losses(found, targets)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        if step % 500 == 0 or step == steps - 1:
            trunk.eval()
            with torch.no_grad():
                sample = torch.from_numpy(held_out.pixels[:1000])
                scores = cell_accuracies(heads(model.features(sample)), cell_targets(held_out.things[:1000]))
            trunk.train()
            told = " ".join(f"{name} {value:.4f}" for name, value in scores.items())
            log(f"trunk {step}/{steps} loss {loss.item():.4f} {told} {time.monotonic() - started:.0f} s")
    trunk.eval()


@torch.no_grad()
def cache_features(model: Ofa, pictures: Pictures) -> Tensor:
    """The frozen trunk's output for every picture, bf16 [N, cells, C]."""
    model.encoder.embed_images.eval()
    chunks = []
    for start in range(0, len(pictures.things), 256):
        pixels = torch.from_numpy(pictures.pixels[start : start + 256])
        chunks.append(model.features(pixels).bfloat16())
    return torch.cat(chunks)
