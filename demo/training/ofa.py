"""The parts of OFA's architecture that a small model needs, in PyTorch. Names and arithmetic match checkpoints in
ModelScope's layout: the state dict is a checkpoint, and a loaded one computes the same numbers as the reference
(`python -m unittest` in this folder compares them with the repository's fixtures)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class OfaConfig:
    """The sizes of a model. Field names are those of `config.json`, if it has them."""

    vocab_size: int
    d_model: int
    encoder_layers: int
    decoder_layers: int
    encoder_attention_heads: int
    encoder_ffn_dim: int
    token_bucket_size: int
    image_bucket_size: int
    max_position_embeddings: int
    attn_scale_factor: float = 2.0
    trunk_width: int = 16
    trunk_blocks: tuple[int, ...] = (1, 2, 2)


class Bottleneck(nn.Module):
    """1x1, 3x3 (with the stride) and 1x1 convolutions. The output has 4 * `width` channels."""

    def __init__(self, inputs: int, width: int, stride: int, first: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, width * 4, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width * 4)
        if first:
            conv = nn.Conv2d(inputs, width * 4, 1, stride, bias=False)
            self.downsample = nn.Sequential(conv, nn.BatchNorm2d(width * 4))
        else:
            self.downsample = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        return F.relu(self.bn3(self.conv3(y)) + self.downsample(x))


class Trunk(nn.Module):
    """ResNet v1.5 up to stride 16."""

    def __init__(self, width: int, blocks: tuple[int, ...]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inputs = width
        for stage, count in enumerate(blocks):
            here = width << stage
            layers = []
            for block in range(count):
                stride = 2 if block == 0 and stage > 0 else 1
                layers.append(Bottleneck(inputs, here, stride, block == 0))
                inputs = here * 4
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layers))
        self.stages = len(blocks)
        self.channels = inputs

    def forward(self, pixels: Tensor) -> Tensor:
        """[B, 3, H, W] in -1..1 -> [B, C, H/16, W/16]."""
        x = F.relu(self.bn1(self.conv1(pixels)))
        x = F.max_pool2d(x, 3, 2, 1)
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        return x


class Attention(nn.Module):
    def __init__(self, d: int, heads: int, scale_factor: float) -> None:
        super().__init__()
        self.heads = heads
        self.scaling = (d // heads * scale_factor) ** -0.5
        self.q_proj = nn.Linear(d, d)
        self.k_proj = nn.Linear(d, d)
        self.v_proj = nn.Linear(d, d)
        self.out_proj = nn.Linear(d, d)
        self.c_attn = nn.Parameter(torch.ones(heads))

    def forward(self, x: Tensor, memory: Tensor, bias: Tensor) -> Tensor:
        """x [B, T, d], memory [B, S, d], bias [heads, T, S] or, with padding, [B, heads, T, S]."""
        b, t, d = x.shape
        head = d // self.heads

        def split(y: Tensor) -> Tensor:
            return y.view(b, -1, self.heads, head).transpose(1, 2)

        q, k, v = split(self.q_proj(x)), split(self.k_proj(memory)), split(self.v_proj(memory))
        scores = (q * self.scaling) @ k.transpose(2, 3) + bias.to(q.dtype)
        # Autocast would convert to fp32 and back, which costs more than the softmax itself.
        with torch.autocast("cpu", enabled=False):
            weights = torch.softmax(scores, -1)
        y = weights @ (v * self.c_attn.view(1, -1, 1, 1).to(v.dtype))
        return self.out_proj(y.transpose(1, 2).reshape(b, t, d))


class Layer(nn.Module):
    """An encoder layer or, with `cross`, a decoder layer, with the additional LayerNorms of a NormFormer."""

    def __init__(self, config: OfaConfig, cross: bool) -> None:
        super().__init__()
        d, heads = config.d_model, config.encoder_attention_heads
        self.self_attn = Attention(d, heads, config.attn_scale_factor)
        self.self_attn_layer_norm = nn.LayerNorm(d)
        self.self_attn_mid_layer_norm = nn.LayerNorm(d)
        if cross:
            self.cross_attn = Attention(d, heads, config.attn_scale_factor)
            self.cross_attn_layer_norm = nn.LayerNorm(d)
            self.cross_attn_mid_layer_norm = nn.LayerNorm(d)
        self.fc1 = nn.Linear(d, config.encoder_ffn_dim)
        self.ffn_layer_norm = nn.LayerNorm(config.encoder_ffn_dim)
        self.fc2 = nn.Linear(config.encoder_ffn_dim, d)
        self.final_layer_norm = nn.LayerNorm(d)

    def forward(
        self,
        x: Tensor,
        bias: Tensor,
        memory: Tensor | None = None,
        cross_bias: Tensor | None = None,
    ) -> Tensor:
        h = self.self_attn_layer_norm(x)
        x = x + self.self_attn_mid_layer_norm(self.self_attn(h, h, bias))
        if memory is not None and cross_bias is not None:
            h = self.cross_attn(self.cross_attn_layer_norm(x), memory, cross_bias)
            x = x + self.cross_attn_mid_layer_norm(h)
        h = F.gelu(self.fc1(self.final_layer_norm(x)))
        return x + self.fc2(self.ffn_layer_norm(h))


def token_buckets(length: int, size: int) -> Tensor:
    """Index into a token_rel_pos_table for every pair of text positions, [length, length]."""
    half = size // 2
    distance = torch.arange(length)[:, None] - torch.arange(length)[None, :]
    far = distance.abs().clamp(min=half).double()
    log = torch.ceil(torch.log(far / half) / math.log(1023 / half) * (half - 1)) + half
    bucket = torch.where(distance.abs() <= half, distance.double(), distance.sign() * log)
    return bucket.long() + size - 1


def image_buckets(side: int, size: int) -> Tensor:
    """Index into an image_rel_pos_table for every pair of positions of a side x side grid."""
    row = torch.arange(side * side) // side
    column = torch.arange(side * side) % side
    rows = row[:, None] - row[None, :] + size - 1
    return rows * (2 * size - 1) + column[:, None] - column[None, :] + size - 1


class Stack(nn.Module):
    """The common part of encoder and decoder: position tables and layers."""

    def __init__(self, config: OfaConfig, layers: int, cross: bool) -> None:
        super().__init__()
        d, buckets = config.d_model, 2 * config.token_bucket_size - 1
        images = config.image_bucket_size
        self.config = config
        self.layernorm_embedding = nn.LayerNorm(d)
        self.embed_positions = nn.Embedding(config.max_position_embeddings + 2, d)
        self.embed_image_positions = nn.Embedding(images**2 + 1, d)
        self.pos_ln = nn.LayerNorm(d)
        self.image_pos_ln = nn.LayerNorm(d)
        self.layers = nn.ModuleList([Layer(config, cross) for _ in range(layers)])
        self.layer_norm = nn.LayerNorm(d)

        def tables(rows: int) -> nn.ModuleList:
            made = [nn.Embedding(rows, config.encoder_attention_heads) for _ in range(layers)]
            return nn.ModuleList(made)

        self.token_rel_pos_table_list = tables(buckets)
        self.image_rel_pos_table_list = tables((2 * images - 1) ** 2 + 3)

    def position_bias(self, q: Tensor, k: Tensor) -> Tensor:
        """[T, d] and [S, d] -> [heads, T, S], with the scale of attention."""
        heads = self.config.encoder_attention_heads
        scaling = (self.config.d_model / heads * self.config.attn_scale_factor) ** -0.5

        def split(x: Tensor) -> Tensor:
            return x.view(x.shape[0], heads, -1).transpose(0, 1)

        return split(q) * scaling @ split(k).transpose(1, 2)


def padded(bias: Tensor, padding: Tensor | None) -> Tensor:
    """[heads, T, S] plus padding [B, S], if any."""
    return bias if padding is None else bias[None] + padding[:, None, None, :]


class Encoder(Stack):
    def __init__(self, config: OfaConfig, embed_tokens: nn.Embedding) -> None:
        super().__init__(config, config.encoder_layers, cross=False)
        d = config.d_model
        self.embed_tokens = embed_tokens
        self.type_embedding = nn.Embedding(2, d)
        self.embed_images = Trunk(config.trunk_width, config.trunk_blocks)
        self.image_proj = nn.Linear(self.embed_images.channels, d)
        self.patch_layernorm_embedding = nn.LayerNorm(d)
        self.pos_q_linear = nn.Linear(d, d)
        self.pos_k_linear = nn.Linear(d, d)

    def positions(self, side: int, tokens: int) -> Tensor:
        """Normalised position embeddings of the sequence, image first: [side*side + tokens, d]."""
        cell = torch.arange(side * side)
        index = cell // side * self.config.image_bucket_size + cell % side + 1
        image = self.image_pos_ln(self.embed_image_positions(index))
        return torch.cat([image, self.pos_ln(self.embed_positions.weight[:tokens])])

    def biases(self, positions: Tensor, side: int, tokens: int) -> list[Tensor]:
        """The attention bias of each layer, [heads, S, S]."""
        absolute = self.position_bias(self.pos_q_linear(positions), self.pos_k_linear(positions))
        text = token_buckets(tokens, self.config.token_bucket_size)
        image = image_buckets(side, self.config.image_bucket_size)
        cells = side * side
        biases = []
        for words, pictures in zip(self.token_rel_pos_table_list, self.image_rel_pos_table_list):
            among_images = F.pad(pictures(image), (0, 0, 0, tokens, 0, tokens))
            among_words = F.pad(words(text), (0, 0, cells, 0, cells, 0))
            biases.append(absolute + (among_images + among_words).permute(2, 0, 1))
        return biases

    def forward(
        self, features: Tensor, ids: Tensor, padding: Tensor | None
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """features [B, side*side, C] of the trunk; ids [B, T]; padding [B, S], additive, if any.

        The computation has the type of the features: bf16 under autocast, or fp32.

        Returns the encoder's output [B, S, d], the position embeddings and the output of every layer."""
        side, tokens = math.isqrt(features.shape[1]), ids.shape[1]
        text = self.embed_tokens(ids) + self.type_embedding.weight[0]
        image = self.image_proj(features) + self.type_embedding.weight[1]
        normed = [self.patch_layernorm_embedding(image), self.layernorm_embedding(text)]
        x = torch.cat([part.to(features.dtype) for part in normed], dim=1)
        if padding is not None:
            x = x * (padding == 0).to(x.dtype)[:, :, None]
        positions = self.positions(side, tokens)
        between = []
        for layer, bias in zip(self.layers, self.biases(positions, side, tokens)):
            x = layer(x, padded(bias, padding))
            between.append(x)
        return self.layer_norm(x), positions, between


class Decoder(Stack):
    def __init__(self, config: OfaConfig, embed_tokens: nn.Embedding) -> None:
        super().__init__(config, config.decoder_layers, cross=True)
        d = config.d_model
        self.embed_tokens = embed_tokens
        self.self_pos_q_linear = nn.Linear(d, d)
        self.self_pos_k_linear = nn.Linear(d, d)
        self.cross_pos_q_linear = nn.Linear(d, d)
        self.cross_pos_k_linear = nn.Linear(d, d)
        self.code_layernorm_embedding = nn.LayerNorm(d)
        self.output_projection = nn.Linear(d, config.vocab_size, bias=False)
        self.output_projection.weight = embed_tokens.weight

    def forward(self, memory: Tensor, positions: Tensor, padding: Tensor | None) -> Tensor:
        """The state after the prompt `<s>`, [B, d], which predicts the answer's first token."""
        x = self.layernorm_embedding(self.embed_tokens.weight[:1])[None]
        x = x.expand(memory.shape[0], -1, -1).to(memory.dtype)
        target = self.pos_ln(self.embed_positions.weight[:1])
        bucket = self.config.token_bucket_size - 1
        own = self.position_bias(self.self_pos_q_linear(target), self.self_pos_k_linear(target))
        cross = self.position_bias(self.cross_pos_q_linear(target), self.cross_pos_k_linear(positions))
        cross_bias = padded(cross, padding)
        for layer, table in zip(self.layers, self.token_rel_pos_table_list):
            bias = own + table.weight[bucket].view(-1, 1, 1)
            x = layer(x, bias, memory, cross_bias)
        return self.layer_norm(x)[:, 0]


class Ofa(nn.Module):
    """Picture and text -> the scores of some vocabulary rows as the first token of the answer."""

    def __init__(self, config: OfaConfig) -> None:
        super().__init__()
        self.config = config
        shared = nn.Embedding(config.vocab_size, config.d_model)
        self.encoder = Encoder(config, shared)
        self.decoder = Decoder(config, shared)

    def features(self, pixels: Tensor) -> Tensor:
        """uint8 [B, H, W, 3] -> [B, H*W/256, C]."""
        x = pixels.permute(0, 3, 1, 2).float() / 127.5 - 1
        return self.encoder.embed_images(x).flatten(2).transpose(1, 2)

    def forward(self, features: Tensor, ids: Tensor, pad: int = 1) -> tuple[Tensor, ...]:
        """Returns the decoder's state [B, d], the encoder's output [B, S, d] and the outputs of its layers."""
        hidden = F.pad(ids == pad, (features.shape[1], 0))
        padding = torch.zeros(hidden.shape).masked_fill(hidden, -1e4) if hidden.any() else None
        memory, positions, between = self.encoder(features, ids, padding)
        return self.decoder(memory, positions, padding), memory, between

    def answer_logits(self, state: Tensor, answers: list[int]) -> Tensor:
        return state @ self.encoder.embed_tokens.weight[answers].T
