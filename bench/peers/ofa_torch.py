"""OFA's visual entailment in plain PyTorch: what its users have on a CPU.

usage: python ofa_torch.py CHECKPOINT MODE ANSWERS

Reads questions from standard input, one JSON object a line: {"pixels": file of RGB bytes, "size": side of the picture,
"inputIds": tokens without padding}. Writes {"seconds", "cpuSeconds", "probabilities"} for each. ANSWERS is a JSON list
of the answers' tokens. MODE is one of:

modelscope  as ModelScope's pipeline computes it: attention and its biases step by step for every question, then the
            decoder over each answer with scores of the whole vocabulary
best        what an expert makes of eager PyTorch: inference mode, folded batch normalisation, channels-last pictures,
            fused attention, biases kept between questions, one decoder pass, scores of the answers' tokens alone
bf16        the same in bfloat16

Tensor names are those of the checkpoint. Features that OFA-large does not use are refused.
"""

import json
import math
import os
import sys
import time
from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

EPS = 1e-5
TRUNK = "encoder.embed_images"
# What this program computes, and the reference's defaults, which hold where config.json is silent.
SUPPORTED = {
    "normformer": True,
    "layernorm_embedding": True,
    "patch_layernorm_embedding": True,
    "add_type_embedding": True,
    "share_decoder_input_output_embed": True,
    "encoder_normalize_before": True,
    "decoder_normalize_before": True,
    "scale_embedding": False,
    "share_attn_bias": False,
    "use_gamma_feature": False,
    "entangle_position_embedding": False,
}


class Ofa:
    """The arithmetic of modelscope mode. Shapes: B items, S encoder positions, T decoder positions, H heads, d wide."""

    def __init__(self, folder: Path, dtype: torch.dtype) -> None:
        self.config = json.loads((folder / "config.json").read_text())
        for name, value in SUPPORTED.items():
            if self.config.get(name, value) != value:
                raise ValueError(f"{name} is {self.config[name]}, but this program computes it only as {value}.")
        self.w = torch.load(folder / "pytorch_model.bin", map_location="cpu", weights_only=True, mmap=True)
        self.d = self.config["d_model"]
        self.heads = self.config["encoder_attention_heads"]
        self.dtype = dtype
        task = json.loads((folder / "configuration.json").read_text())["model"]
        if task.get("imagenet_default_mean_and_std", False):
            raise ValueError("This program scales pixels to -1..1 and not by ImageNet's mean and deviation.")
        self.prompted = task.get("prompt_type") == "prev_output"
        factor = self.config.get("attn_scale_factor", 2.0)
        self.scaling = (self.d / self.heads * factor) ** -0.5

    def linear(self, name: str, x: Tensor) -> Tensor:
        return F.linear(x, self.w[name + ".weight"], self.w[name + ".bias"])

    def norm(self, name: str, x: Tensor) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], self.w[name + ".weight"], self.w[name + ".bias"], EPS)

    def split(self, x: Tensor) -> Tensor:
        """[B, T, d] -> [B, H, T, d/H]"""
        return x.view(*x.shape[:-1], self.heads, -1).transpose(-3, -2)

    def convolution(self, conv: str, batch_norm: str, x: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
        x = F.conv2d(x, self.w[conv + ".weight"], None, stride, padding)
        parts = (self.w[f"{batch_norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        return F.batch_norm(x, *parts, eps=EPS)

    def trunk(self, pixels: Tensor) -> Tensor:
        """uint8 [B, side, side, 3] -> [B, (side/16)^2, C]"""
        x = (pixels.permute(0, 3, 1, 2).float() / 127.5 - 1).to(self.dtype)
        x = F.relu(self.convolution(TRUNK + ".conv1", TRUNK + ".bn1", x, 2, 3))
        x = F.max_pool2d(x, 3, 2, 1)
        for stage in (1, 2, 3):
            block = 0
            while f"{TRUNK}.layer{stage}.{block}.conv1.weight" in self.w:
                x = self.bottleneck(f"{TRUNK}.layer{stage}.{block}", x, 2 if stage > 1 and block == 0 else 1)
                block += 1
        return x.flatten(2).transpose(1, 2)

    def bottleneck(self, at: str, x: Tensor, stride: int) -> Tensor:
        y = F.relu(self.convolution(at + ".conv1", at + ".bn1", x))
        y = F.relu(self.convolution(at + ".conv2", at + ".bn2", y, stride, 1))
        y = self.convolution(at + ".conv3", at + ".bn3", y)
        if at + ".downsample.0.weight" in self.w:
            x = self.convolution(at + ".downsample.0", at + ".downsample.1", x, stride)
        return F.relu(y + x)

    def attention(self, at: str, x: Tensor, memory: Tensor, bias: Tensor) -> Tensor:
        """x [B, T, d], memory [B, S, d], bias [H, T, S]"""
        q = self.split(self.linear(at + ".q_proj", x))
        k, v = (self.split(self.linear(f"{at}.{name}_proj", memory)) for name in ("k", "v"))
        weights = torch.softmax((q * self.scaling) @ k.transpose(-2, -1) + bias, -1)
        y = (weights @ v) * self.w[at + ".c_attn"].view(-1, 1, 1)
        return self.linear(at + ".out_proj", y.transpose(1, 2).flatten(2))

    def layer(
        self, at: str, x: Tensor, bias: Tensor, memory: Tensor | None = None, cross: Tensor | None = None
    ) -> Tensor:
        h = self.norm(at + ".self_attn_layer_norm", x)
        x = x + self.norm(at + ".self_attn_mid_layer_norm", self.attention(at + ".self_attn", h, h, bias))
        if memory is not None and cross is not None:
            h = self.attention(at + ".cross_attn", self.norm(at + ".cross_attn_layer_norm", x), memory, cross)
            x = x + self.norm(at + ".cross_attn_mid_layer_norm", h)
        h = F.gelu(self.linear(at + ".fc1", self.norm(at + ".final_layer_norm", x)))
        return x + self.linear(at + ".fc2", self.norm(at + ".ffn_layer_norm", h))

    def positions(self, side: int, tokens: int) -> Tensor:
        """The encoder's position embeddings, image first: [S, d]"""
        cells = torch.arange(side * side)
        index = cells // side * self.config.get("image_bucket_size", 42) + cells % side + 1
        image = self.norm("encoder.image_pos_ln", self.w["encoder.embed_image_positions.weight"][index])
        text = self.norm("encoder.pos_ln", self.w["encoder.embed_positions.weight"][:tokens])
        return torch.cat([image, text])

    def absolute(self, q: str, target: Tensor, k: str, source: Tensor) -> Tensor:
        """The part of a bias that depends on absolute positions, [H, T, S]"""
        queries, keys = self.split(self.linear(q, target)), self.split(self.linear(k, source))
        return (queries * self.scaling) @ keys.transpose(-2, -1)

    def text_bias(self, stack: str, layer: int, tokens: int) -> Tensor:
        """[H, tokens, tokens]"""
        size = self.config.get("token_bucket_size", 256)
        half = size // 2
        distance = torch.arange(tokens)[:, None] - torch.arange(tokens)
        far = torch.log(distance.abs().clamp(min=half) / half) / math.log(1023 / half)
        bucket = torch.where(distance.abs() <= half, distance, distance.sign() * (torch.ceil(far * (half - 1)) + half))
        table = self.w[f"{stack}.token_rel_pos_table_list.{layer}.weight"]
        return F.embedding(bucket.long() + size - 1, table).permute(2, 0, 1)

    def image_bias(self, layer: int, side: int) -> Tensor:
        """[H, side^2, side^2]"""
        size = self.config.get("image_bucket_size", 42)
        rows, columns = (part.flatten() for part in torch.meshgrid(*[torch.arange(side)] * 2, indexing="ij"))
        bucket = (rows[:, None] - rows + size - 1) * (2 * size - 1) + columns[:, None] - columns + size - 1
        return F.embedding(bucket, self.w[f"encoder.image_rel_pos_table_list.{layer}.weight"]).permute(2, 0, 1)

    def encoder_biases(self, side: int, tokens: int) -> list[Tensor]:
        """One for each layer, [H, S, S]"""
        places = self.positions(side, tokens)
        absolute = self.absolute("encoder.pos_q_linear", places, "encoder.pos_k_linear", places)
        biases = [absolute.clone() for _ in range(self.config["encoder_layers"])]
        for layer, bias in enumerate(biases):
            bias[:, : side * side, : side * side] += self.image_bias(layer, side)
            bias[:, side * side :, side * side :] += self.text_bias("encoder", layer, tokens)
        return biases

    def decoder_biases(self, side: int, tokens: int, targets: int) -> tuple[list[Tensor], Tensor]:
        """Of self-attention, one for each layer, [H, T, T]; and of cross-attention, [H, T, S]"""
        target = self.norm("decoder.pos_ln", self.w["decoder.embed_positions.weight"][:targets])
        causal = torch.full((targets, targets), -math.inf, dtype=self.dtype).triu(1)
        own = self.absolute("decoder.self_pos_q_linear", target, "decoder.self_pos_k_linear", target) + causal
        source = self.positions(side, tokens)
        cross = self.absolute("decoder.cross_pos_q_linear", target, "decoder.cross_pos_k_linear", source)
        layers = range(self.config["decoder_layers"])
        return [own + self.text_bias("decoder", layer, targets) for layer in layers], cross

    def encode(self, pixels: Tensor, ids: Tensor) -> tuple[Tensor, int]:
        """Returns the encoder's output [1, S, d] and the side of its grid of image positions."""
        features = self.trunk(pixels)
        side = math.isqrt(features.shape[1])
        types = self.w["encoder.type_embedding.weight"]
        image = self.norm("encoder.patch_layernorm_embedding", self.linear("encoder.image_proj", features) + types[1])
        text = F.embedding(ids, self.w["encoder.embed_tokens.weight"]) + types[0]
        x = torch.cat([image, self.norm("encoder.layernorm_embedding", text)], 1)
        for layer, bias in enumerate(self.encoder_biases(side, ids.shape[1])):
            x = self.layer(f"encoder.layers.{layer}", x, bias)
        return self.norm("encoder.layer_norm", x), side

    def decode(self, memory: Tensor, side: int, targets: Tensor) -> Tensor:
        """targets [B, T] -> [B, T, d]"""
        own, cross = self.decoder_biases(side, memory.shape[1] - side * side, targets.shape[1])
        x = self.norm("decoder.layernorm_embedding", F.embedding(targets, self.w["encoder.embed_tokens.weight"]))
        for layer, bias in enumerate(own):
            x = self.layer(f"decoder.layers.{layer}", x, bias, memory, cross)
        return self.norm("decoder.layer_norm", x)

    def prompt(self, ids: list[int]) -> list[int]:
        """Where the decoder starts."""
        return ids[:-1] if self.prompted else ids[:1]

    def answer(self, pixels: Tensor, ids: list[int], answers: list[list[int]]) -> list[float]:
        """Scores every answer followed by </s>, among the tokens that can continue some answer."""
        memory, side = self.encode(pixels, torch.tensor([ids]))
        prompt, end = self.prompt(ids), ids[-1]
        longest = max(map(len, answers))
        # What comes after </s> is not scored.
        sequences = [answer + [end] * (longest + 1 - len(answer)) for answer in answers]
        targets = torch.tensor([prompt + sequence[:-1] for sequence in sequences])
        states = self.decode(memory.expand(len(answers), -1, -1), side, targets)
        logits = F.linear(states, self.w["encoder.embed_tokens.weight"])[:, len(prompt) - 1 :]
        allowed = torch.zeros(logits.shape, dtype=torch.bool)
        for row, sequence in enumerate(sequences):
            for at in range(len(answers[row]) + 1):
                for other in sequences:
                    if other[:at] == sequence[:at]:
                        allowed[row, at, other[at]] = True
        scores = torch.log_softmax(logits.masked_fill(~allowed, -math.inf), -1)
        sums = [
            sum(scores[row, at, token] for at, token in enumerate(answer + [end])) for row, answer in enumerate(answers)
        ]
        return torch.softmax(torch.stack(sums), 0).tolist()


class TunedOfa(Ofa):
    """The same function of pixels and tokens for answers of one token, faster."""

    def __init__(self, folder: Path, dtype: torch.dtype) -> None:
        super().__init__(folder, dtype)
        self.encoder_biases = cache(super().encoder_biases)
        self.decoder_biases = cache(super().decoder_biases)
        for name in [name for name in self.w if name.endswith(".running_mean")]:
            self.fold_batch_norm(name.removesuffix(".running_mean"))
        for name in [name for name in self.w if name.endswith(".c_attn")]:
            projection = name.replace("c_attn", "out_proj.weight")
            columns = self.w[name].repeat_interleave(self.d // self.heads)
            self.w[projection] = self.w[projection] * columns
        self.w = {
            name: tensor.to(dtype, memory_format=torch.channels_last if tensor.dim() == 4 else torch.preserve_format)
            for name, tensor in self.w.items()
            if tensor.is_floating_point()
        }

    def fold_batch_norm(self, batch_norm: str) -> None:
        conv = "downsample.0".join(batch_norm.rsplit("downsample.1", 1)).replace("bn", "conv")
        scale = self.w[batch_norm + ".weight"] / torch.sqrt(self.w[batch_norm + ".running_var"] + EPS)
        self.w[conv + ".weight"] = self.w[conv + ".weight"] * scale[:, None, None, None]
        self.w[conv + ".bias"] = self.w[batch_norm + ".bias"] - self.w[batch_norm + ".running_mean"] * scale

    def convolution(self, conv: str, batch_norm: str, x: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
        return F.conv2d(x, self.w[conv + ".weight"], self.w[conv + ".bias"], stride, padding)

    def attention(self, at: str, x: Tensor, memory: Tensor, bias: Tensor) -> Tensor:
        q = self.split(self.linear(at + ".q_proj", x))
        k, v = (self.split(self.linear(f"{at}.{name}_proj", memory)) for name in ("k", "v"))
        y = F.scaled_dot_product_attention(q, k, v, bias[None], scale=self.scaling)
        return self.linear(at + ".out_proj", y.transpose(1, 2).flatten(2))

    def answer(self, pixels: Tensor, ids: list[int], answers: list[list[int]]) -> list[float]:
        if any(len(answer) != 1 for answer in answers):
            raise ValueError("This mode needs answers of one token each.")
        memory, side = self.encode(pixels, torch.tensor([ids]))
        state = self.decode(memory, side, torch.tensor([self.prompt(ids)]))[0, -1]
        logits = self.w["encoder.embed_tokens.weight"][[token for (token,) in answers]].float() @ state.float()
        return torch.softmax(logits, 0).tolist()


def main() -> None:
    folder, mode, answers = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
    if mode == "modelscope":
        model, guard = Ofa(folder, torch.float32), torch.no_grad()
    else:
        torch.set_num_threads(len(os.sched_getaffinity(0)))
        types = {"best": torch.float32, "bf16": torch.bfloat16}
        model, guard = TunedOfa(folder, types[mode]), torch.inference_mode()
    with guard:
        for line in sys.stdin:
            question = json.loads(line)
            size = question["size"]
            pixels = torch.frombuffer(bytearray(Path(question["pixels"]).read_bytes()), dtype=torch.uint8)
            start, processor = time.perf_counter(), time.process_time()
            probabilities = model.answer(pixels.view(1, size, size, 3), question["inputIds"], answers)
            result = {
                "seconds": time.perf_counter() - start,
                "cpuSeconds": time.process_time() - processor,
                "probabilities": probabilities,
            }
            print(json.dumps(result), flush=True)


main()
