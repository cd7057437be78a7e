"""Trains the demo model: `python model/demo/train.py --data <folder> --out model/demo/checkpoint`.

The data come from `npx tsx model/demo/export-data.ts --out <folder>`. Work in progress is kept in <data>/run; started
again, the script goes on from there."""

from __future__ import annotations

import argparse
import json
import pathlib
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from checkpoint import load_checkpoint, save_checkpoint
from data import ANSWER, KIND, SIDE, Pictures, Sentences, read_program
from losses import Grounding
from material import Material, batch_of
from ofa import Ofa, OfaConfig
from trunk import cache_features, warm_up

ANSWERS = ("yes", "no", "maybe")
KINDS = 14
# Numbers of the kinds that take longest to learn: spatial, between, conjunction, disjunction, premise.
HARD = (5, 6, 9, 10, 13)
BATCH = 96
# Highest learning rates: of a new model, and of one that goes on from a checkpoint.
PEAK, PEAK_AGAIN = 1e-3, 6e-4
TRUNK_PEAK, TRUNK_PEAK_AGAIN = 3e-3, 1.5e-3
# Steps in which the heads that are dropped afterwards catch up with a model that goes on.
CATCHING_UP = 800
KEEP_EVERY_S = 180.0
LOOK_EVERY = 250


def model_config(vocabulary: int) -> OfaConfig:
    return OfaConfig(
        vocab_size=vocabulary,
        d_model=128,
        encoder_layers=4,
        decoder_layers=2,
        encoder_attention_heads=4,
        encoder_ffn_dim=512,
        token_bucket_size=64,
        image_bucket_size=SIDE + 1,
        max_position_embeddings=128,
    )


def initialise(model: nn.Module) -> None:
    """Small normal weights, as OFA's; position tables start at zero."""
    for name, module in model.named_modules():
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.0 if "rel_pos_table" in name else 0.02)
        elif isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias) if module.bias is not None else None


class Run:
    """Everything that changes while training; saved and loaded as a whole."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.folder = arguments.data / "run"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.program = read_program(arguments.data)
        vocabulary = json.loads((arguments.data / "vocabulary" / "vocab.json").read_text())
        self.answers = [vocabulary["\u0120" + answer] for answer in ANSWERS]
        torch.manual_seed(arguments.seed)
        self.model = Ofa(model_config(len(vocabulary)))
        if arguments.origin is None:
            initialise(self.model)
        else:
            self.model.load_state_dict(load_checkpoint(arguments.origin).state_dict())
        self.grounding = Grounding(self.model.config.d_model, self.program)
        self.average: dict[str, Tensor] = {}
        self.step = 0
        self.temperature = 1.0
        self.log_file = (self.folder / "train.log").open("a")

    def log(self, text: str) -> None:
        line = f"{time.strftime('%H:%M:%S')} {text}"
        print(line, flush=True)
        self.log_file.write(line + "\n")
        self.log_file.flush()

    def parameters(self) -> list[nn.Parameter]:
        own = [p for name, p in self.model.named_parameters() if "embed_images" not in name]
        return [*own, *self.grounding.parameters()]

    def start(self) -> None:
        heads = list(self.grounding.parameters())
        own = self.parameters()[: -len(heads)]
        self.optimizer = torch.optim.AdamW(
            [{"params": own}, {"params": heads}], lr=PEAK, betas=(0.9, 0.98), weight_decay=0.01, fused=True
        )

    def rates(self) -> tuple[float, float]:
        """Of the model and of the heads: warm-up of 200 steps, constant, then down to a hundredth over the last part.
        A model that goes on from a checkpoint waits for the heads, which are new."""
        steps, decay = self.arguments.steps, self.arguments.decay
        rising = min(1.0, (self.step + 1) / 200)
        falling = min(1.0, max(0.01, (steps - self.step) / (steps * decay)))
        if self.arguments.origin is None:
            return PEAK * rising * falling, PEAK * rising * falling
        waiting = min(1.0, ((self.step + 1) / CATCHING_UP) ** 2)
        return PEAK_AGAIN * waiting * falling, PEAK * rising * falling

    def follow(self) -> None:
        """Exponential moving average of the weights."""
        keep = min(0.999, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            for name, tensor in self.model.state_dict().items():
                if not tensor.is_floating_point():
                    continue
                if name in self.average:
                    self.average[name].lerp_(tensor, 1 - keep)
                else:
                    self.average[name] = tensor.clone()

    def save(self) -> None:
        state = {
            "model": self.model.state_dict(),
            "grounding": self.grounding.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
            "step": self.step,
            "temperature": self.temperature,
        }
        torch.save(state, self.folder / "state.tmp")
        (self.folder / "state.tmp").replace(self.folder / "state.pt")

    @contextmanager
    def averaged(self) -> Iterator[Ofa]:
        """The model with the averaged weights, for as long as the block lasts."""
        now = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
        self.model.load_state_dict(self.average, strict=False)
        try:
            yield self.model
        finally:
            self.model.load_state_dict(now)

    def write_checkpoint(self) -> None:
        """The averaged weights; the temperature goes into the last LayerNorm, whose output the scores multiply."""
        with self.averaged() as model:
            model.decoder.layer_norm.weight.data /= self.temperature
            model.decoder.layer_norm.bias.data /= self.temperature
            save_checkpoint(model, ANSWERS, self.arguments.data / "vocabulary", self.arguments.out)

    def load(self) -> bool:
        path = self.folder / "state.pt"
        if not path.exists():
            return False
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.grounding.load_state_dict(state["grounding"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average, self.step = state["average"], state["step"]
        self.temperature = state.get("temperature", 1.0)
        return True


def answer_loss(logits: Tensor, answers: Tensor, kinds: Tensor) -> Tensor:
    """Cross entropy; where no answer is right (-1), towards all alike. What is learned last counts more."""
    scores = F.log_softmax(logits.float(), -1)
    told = scores.gather(1, answers.clamp(min=0)[:, None])[:, 0]
    weights = torch.where(torch.isin(kinds, torch.tensor(HARD)), 2.0, 1.0)
    return -(torch.where(answers >= 0, told, scores.mean(-1)) * weights).mean()


def train_step(run: Run, batch) -> dict[str, float]:
    rows, ids, features, targets = batch
    for group, rate in zip(run.optimizer.param_groups, run.rates()):
        group["lr"] = rate
    with torch.autocast("cpu", torch.bfloat16):
        state, memory, between = run.model(features, ids)
        logits = run.model.answer_logits(state, run.answers)
        told = run.grounding(state, memory, between, rows, targets)
    answers = rows[:, ANSWER]
    understood = told.pop("understood")
    told["answer"] = answer_loss(logits, answers, rows[:, KIND])
    loss = sum(told.values())
    run.optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(run.parameters(), 1.0)
    run.optimizer.step()
    run.follow()
    run.step += 1
    right = ((logits.argmax(-1) == answers).sum() / (answers >= 0).sum()).item()
    return {name: value.item() for name, value in told.items()} | {
        "loss": loss.item(),
        "right": right,
        "understood": understood.item(),
    }


def best_temperature(logits: Tensor, answers: Tensor) -> float:
    """What to divide scores by, so that confidence is neither too high nor too low: least cross entropy."""
    choices = torch.logspace(-0.4, 0.6, 101)
    losses = torch.stack([F.cross_entropy(logits / choice, answers) for choice in choices])
    return choices[losses.argmin()].item()


@torch.no_grad()
def examine(run: Run, sentences: Sentences, pictures: Pictures, features: Tensor, most: int) -> str:
    """Accuracy of the averaged weights on held-out pictures, as a whole and for each kind. Sets the temperature."""
    scores = []
    rows = torch.from_numpy(sentences.rows[:most].astype(np.int64))
    with run.averaged() as model:
        for start in range(0, len(rows), 200):
            index = np.arange(start, min(start + 200, len(rows)))
            _, ids, cells, _ = batch_of(sentences, index, pictures, features)
            state, _, _ = model(cells.float(), ids)
            scores.append(model.answer_logits(state, run.answers))
    logits = torch.cat(scores)
    right = (logits.argmax(-1) == rows[:, ANSWER]).float()
    run.temperature = best_temperature(logits, rows[:, ANSWER])
    kinds = " ".join(f"{100 * right[rows[:, KIND] == kind].mean():.0f}" for kind in range(KINDS))
    return f"{100 * right.mean():.2f} % kinds {kinds} temperature {run.temperature:.2f}"


def prepare_trunk(run: Run) -> None:
    path = run.folder / "trunk.pt"
    trunk = run.model.encoder.embed_images
    if not path.exists():
        data = run.arguments.data
        training = Pictures.read(data / "training")
        shown = (training.things[:, 0, 0] >= 0).sum()
        shapes = Pictures(training.pixels[:shown], training.things[:shown])
        held_out = Pictures.read(data / "held-out")
        arguments = run.arguments
        peak = TRUNK_PEAK if arguments.origin is None else TRUNK_PEAK_AGAIN
        warm_up(run.model, shapes, held_out, arguments.trunk_steps, peak, arguments.seed, run.log)
        torch.save(trunk.state_dict(), path)
    trunk.load_state_dict(torch.load(path, weights_only=True))
    trunk.requires_grad_(False).eval()


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--steps", type=int, default=16_000, help="steps in all, of 96 sentences each")
    parser.add_argument("--decay", type=float, default=0.4, help="last part of them with a falling rate")
    parser.add_argument("--from", dest="origin", type=pathlib.Path, help="checkpoint folder to go on from")
    parser.add_argument("--trunk-steps", type=int, default=6000)
    parser.add_argument("--only", type=int, help="make so many steps, print each one's loss, keep nothing")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def rehearse(run: Run, material: Material) -> None:
    """A few steps from the start, to compare their losses with those of another time."""
    for batch in material.batches(BATCH, run.arguments.seed, 0):
        run.log(f"step {run.step + 1} loss {train_step(run, batch)['loss']:.6f}")
        if run.step >= run.arguments.only:
            return


def train(run: Run, material: Material) -> None:
    arguments = run.arguments
    held_out = Pictures.read(arguments.data / "held-out")
    questions = Sentences.read(arguments.data / "held-out", "all", material.columns)
    looks = cache_features(run.model, held_out)
    parameters = sum(p.numel() for p in run.model.parameters())
    run.log(f"{parameters / 1e6:.2f} M parameters, step {run.step} of {arguments.steps}")
    kept = told = time.monotonic()
    for batch in material.batches(BATCH, arguments.seed, run.step):
        values = train_step(run, batch)
        last = run.step >= arguments.steps
        if run.step % 50 == 0:
            now = time.monotonic()
            text = " ".join(f"{name} {value:.3f}" for name, value in values.items())
            run.log(f"{run.step}/{arguments.steps} {text} {(now - told) / 50 * 1000:.0f} ms a step")
            told = now
        if run.step % LOOK_EVERY == 0 or last:
            most = 6000 if run.step % 2000 == 0 or last else 1500
            run.log(f"held out at {run.step}: {examine(run, questions, held_out, looks, most)}")
        if time.monotonic() - kept > KEEP_EVERY_S or last:
            run.save()
            run.write_checkpoint()
            kept = time.monotonic()
        if last:
            return


def main() -> None:
    arguments = parse()
    torch.set_num_threads(arguments.threads)
    run = Run(arguments)
    prepare_trunk(run)
    run.start()
    if arguments.only is None and run.load():
        run.log(f"going on from step {run.step}")
    material = Material(run.folder, arguments.data / "training", run.model, len(run.program), run.log)
    if arguments.only is None:
        train(run, material)
    else:
        rehearse(run, material)


if __name__ == "__main__":
    main()
