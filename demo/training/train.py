"""Trains the demo model: `python demo/training/train.py --data <folder> --out demo/checkpoint`.

The data come from `node bin/run.js demo/training/export-data.ts --out <folder>`. Work in progress is
saved in <data>/run. If the script is started again, it continues from there."""

from __future__ import annotations

import argparse
import pathlib
import shutil
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from data import ANSWER, KIND, Pictures, Sentences
from files import write
from material import Material, batch_of
from run import Run
from trunk import WarmUp, cache_features, warm_up

# The kinds, and the sets of export-sentences.ts.
KINDS = 18
# Indices of what takes longest to learn: spatial, between, comparison, conjunction, disjunction, premise, long.
HARD = (5, 6, 7, 9, 10, 13, 16)
BATCH = 96
# Highest learning rates of a new trunk, and of one that continues from a checkpoint.
TRUNK_PEAK, TRUNK_PEAK_AGAIN = 3e-3, 1.5e-3
KEEP_EVERY_S = 180.0
LOOK_EVERY = 500


def answer_loss(logits: Tensor, answers: Tensor, kinds: Tensor) -> Tensor:
    """Cross entropy. If no answer is correct (-1), the target is uniform. HARD kinds have more weight."""
    scores = F.log_softmax(logits.float(), -1)
    chosen = scores.gather(1, answers.clamp(min=0)[:, None])[:, 0]
    weights = torch.where(torch.isin(kinds, torch.tensor(HARD)), 2.0, 1.0)
    return -(torch.where(answers >= 0, chosen, scores.mean(-1)) * weights).mean()


def train_step(run: Run, batch) -> dict[str, float]:
    rows, ids, features, targets, claims = batch
    for group, rate in zip(run.optimizer.param_groups, run.rates()):
        group["lr"] = rate
    with torch.autocast("cpu", torch.bfloat16):
        state, memory, between = run.model(features, ids)
        logits = run.model.answer_logits(state, run.answers)
        told = run.grounding(state, memory, between, rows, targets, claims)
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
    """The divisor of the scores with the least cross entropy, so that confidence is neither too high nor too low."""
    choices = torch.logspace(-0.4, 0.6, 101)
    losses = torch.stack([F.cross_entropy(logits / choice, answers) for choice in choices])
    return choices[losses.argmin()].item()


@torch.no_grad()
def examine(run: Run, sentences: Sentences, pictures: Pictures, features: Tensor, most: int) -> str:
    """Accuracy of the averaged weights on held-out pictures, in total and per kind. Sets the temperature."""
    scores = []
    rows = torch.from_numpy(sentences.rows[:most].astype(np.int64))
    with run.averaged() as model:
        for start in range(0, len(rows), 200):
            index = np.arange(start, min(start + 200, len(rows)))
            _, ids, cells, *_ = batch_of(sentences, index, pictures, features)
            state, _, _ = model(cells.float(), ids)
            scores.append(model.answer_logits(state, run.answers))
    logits = torch.cat(scores)
    claims = rows[:, ANSWER] >= 0
    run.temperature = best_temperature(logits[claims], rows[claims, ANSWER])
    sure = (logits / run.temperature).softmax(-1).amax(-1)
    right = (logits.argmax(-1) == rows[:, ANSWER]).float()
    kinds = " ".join(f"{100 * right[rows[:, KIND] == kind].mean():.0f}" for kind in range(KINDS))
    return (
        f"{100 * right[claims].mean():.2f} % kinds {kinds} temperature {run.temperature:.2f} "
        f"confidence without a claim {sure[~claims].mean():.2f}"
    )


def prepare_trunk(run: Run) -> None:
    path = run.folder / "trunk.pt"
    trunk = run.model.encoder.embed_images
    if not path.exists():
        data = run.arguments.data
        training = Pictures.read(data / "training")
        count = (training.things[:, 0, 0] >= 0).sum()
        shapes = Pictures(training.pixels[:count], training.things[:count])
        held_out = Pictures.read(data / "held-out")
        some = Pictures(held_out.pixels[:1000], held_out.things[:1000])
        arguments = run.arguments
        peak = TRUNK_PEAK if arguments.origin is None else TRUNK_PEAK_AGAIN
        kept = run.folder / "trunk-state.pt"
        if arguments.trunk_steps > 0:
            warm_up(run.model, shapes, some, WarmUp(arguments.trunk_steps, peak, arguments.seed, kept, run.log))
        write(trunk.state_dict(), path)
    trunk.load_state_dict(torch.load(path, weights_only=True))
    trunk.requires_grad_(False).eval()


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--steps", type=int, default=16_000, help="total steps, of 96 sentences each")
    parser.add_argument("--decay", type=float, default=0.4, help="last part of the steps, with a falling rate")
    parser.add_argument("--from", dest="origin", type=pathlib.Path, help="checkpoint folder to continue from")
    parser.add_argument("--trunk-steps", type=int, default=6000, help="0 keeps the trunk of --from")
    parser.add_argument("--only", type=int, help="run this many steps, print the losses and save nothing")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def rehearse(run: Run, material: Material) -> None:
    """Runs a few steps from the start, to compare their losses with those of another run."""
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
    if arguments.trunk_steps == 0 and arguments.origin is None:
        raise SystemExit("--trunk-steps 0 keeps a trunk: give the checkpoint to go on from with --from.")
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
        shutil.rmtree(run.folder)


if __name__ == "__main__":
    main()
