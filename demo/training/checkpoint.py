"""Reads checkpoint folders in ModelScope's layout into `Ofa`, and writes them."""

from __future__ import annotations

import json
import pathlib
import re
import shutil

import torch

from data import SIZE
from ofa import Ofa, OfaConfig


def config_of(folder: pathlib.Path, weights: dict[str, torch.Tensor]) -> OfaConfig:
    """The sizes of the model: depths and widths from the tensors, the rest from `config.json`."""
    given = json.loads((folder / "config.json").read_text())
    trunk = "encoder.embed_images."
    blocks: dict[int, int] = {}
    for name in weights:
        found = re.match(re.escape(trunk) + r"layer(\d)\.(\d+)\.", name)
        if found:
            stage, block = int(found[1]), int(found[2])
            blocks[stage] = max(blocks.get(stage, 0), block + 1)
    fields = OfaConfig.__dataclass_fields__
    sizes = {name: value for name, value in given.items() if name in fields}
    return OfaConfig(
        **sizes,
        trunk_width=weights[trunk + "conv1.weight"].shape[0],
        trunk_blocks=tuple(blocks[stage] for stage in sorted(blocks)),
    )


def load_checkpoint(folder: pathlib.Path) -> Ofa:
    """Reads a checkpoint folder. Unknown tensors are an error."""
    weights = torch.load(folder / "pytorch_model.bin", map_location="cpu", weights_only=True)
    weights = {name: tensor.float() for name, tensor in weights.items()}
    model = Ofa(config_of(folder, weights))
    model.load_state_dict(weights)
    return model


def save_weights(model: Ofa, path: pathlib.Path) -> None:
    """Writes `pytorch_model.bin` in fp16. Tied tables share one storage."""
    halves: dict[int, torch.Tensor] = {}
    state = {}
    for name, tensor in model.state_dict().items():
        key = tensor.data_ptr()
        if key not in halves or halves[key].shape != tensor.shape:
            halves[key] = tensor.half() if tensor.is_floating_point() else tensor.clone()
        state[name] = halves[key]
    torch.save(state, path)


def sizes_of(config: OfaConfig) -> dict[str, object]:
    """The content of `config.json`."""
    return {
        "vocab_size": config.vocab_size,
        "d_model": config.d_model,
        "encoder_layers": config.encoder_layers,
        "decoder_layers": config.decoder_layers,
        "encoder_attention_heads": config.encoder_attention_heads,
        "decoder_attention_heads": config.encoder_attention_heads,
        "encoder_ffn_dim": config.encoder_ffn_dim,
        "decoder_ffn_dim": config.encoder_ffn_dim,
        "resnet_type": "resnet18",
        "token_bucket_size": config.token_bucket_size,
        "image_bucket_size": config.image_bucket_size,
        "max_position_embeddings": config.max_position_embeddings,
        "model_type": "ofa",
        "architectures": ["OFAModel"],
    }


# The content of `configuration.json`.
TASK = {
    "framework": "pytorch",
    "task": "visual-entailment",
    "knows": "Pictures of one to seven plain coloured shapes: "
    "circles, squares, triangles, stars, crosses and hearts.",
    "model": {
        "type": "ofa",
        "language": "en",
        "max_src_length": 80,
        "patch_image_size": SIZE,
        "imagenet_default_mean_and_std": False,
        "gen_type": "traverse",
        "answer2label": "ans2label.json",
        "prompt_type": "none",
    },
    "pipeline": {"type": "ofa-visual-entailment"},
    "preprocessor": {"type": "ofa-tasks-preprocessor"},
}


def save_checkpoint(
    model: Ofa, answers: tuple[str, ...], vocabulary: pathlib.Path, out: pathlib.Path
) -> None:
    """Writes a checkpoint folder in ModelScope's layout. `vocabulary` is a folder with the tokenizer's two files."""
    out.mkdir(parents=True, exist_ok=True)
    for name in ("vocab.json", "merges.txt"):
        shutil.copyfile(vocabulary / name, out / name)
    labels = {answer: index for index, answer in enumerate(answers)}
    files = {"config": sizes_of(model.config), "configuration": TASK, "ans2label": labels}
    for name, value in files.items():
        (out / f"{name}.json").write_text(json.dumps(value, indent=2) + "\n")
    save_weights(model, out / "pytorch_model.bin")
