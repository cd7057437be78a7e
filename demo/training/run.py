"""The state of a training run, where it is saved, and its result."""

from __future__ import annotations

import argparse
import json
import pathlib
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from checkpoint import load_checkpoint, save_checkpoint
from data import SIDE, read_program
from files import write
from losses import Grounding
from ofa import Ofa, OfaConfig

ANSWERS = ("yes", "no", "maybe")
# Highest learning rates of a new model, and of one that continues from a checkpoint.
PEAK, PEAK_AGAIN = 1e-3, 6e-4
# Steps in which only the new auxiliary heads learn, if the model continues from a checkpoint.
CATCHING_UP = 400


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
    """Small normal weights, as in OFA. Position tables start at zero."""
    for name, module in model.named_modules():
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.0 if "rel_pos_table" in name else 0.02)
        elif isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias) if module.bias is not None else None


def run_folder(arguments: argparse.Namespace) -> pathlib.Path:
    """The folder of work in progress, which is continued. It must belong to a run with the same starting point."""
    if arguments.only is not None:
        return pathlib.Path(tempfile.mkdtemp())
    folder = arguments.data / "run"
    folder.mkdir(parents=True, exist_ok=True)
    start = {"seed": arguments.seed, "from": str(arguments.origin), "trunk_steps": arguments.trunk_steps}
    path = folder / "start.json"
    if not path.exists():
        path.write_text(json.dumps(start))
    elif json.loads(path.read_text()) != start:
        raise SystemExit(f"{folder} holds a run that began with {path.read_text()}: remove the folder, or begin likewise.")
    return folder


class Run:
    """Everything that changes during training. Saved and loaded as a whole."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.folder = run_folder(arguments)
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
        """Learning rates of model and heads: a warm-up of 200 steps, constant, then down to 1 % over the last part.
        A model that continues from a checkpoint waits for the heads, which are new."""
        steps, decay = self.arguments.steps, self.arguments.decay
        rising = min(1.0, (self.step + 1) / 200)
        falling = min(1.0, max(0.01, (steps - self.step) / (steps * decay)))
        if self.arguments.origin is None:
            return PEAK * rising * falling, PEAK * rising * falling
        waiting = min(1.0, ((self.step + 1) / CATCHING_UP) ** 2)
        return PEAK_AGAIN * waiting * falling, PEAK * rising * falling

    def follow(self) -> None:
        """Updates the exponential moving average of the weights."""
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
        write(state, self.folder / "state.pt")

    @contextmanager
    def averaged(self) -> Iterator[Ofa]:
        """Context manager that gives the model the averaged weights."""
        now = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
        self.model.load_state_dict(self.average, strict=False)
        try:
            yield self.model
        finally:
            self.model.load_state_dict(now)

    def write_checkpoint(self) -> None:
        """The averaged weights, with the temperature folded into the last LayerNorm, which scales the scores."""
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
