"""Writes files atomically."""

from __future__ import annotations

import pathlib

import torch


def write(value: object, path: pathlib.Path) -> None:
    torch.save(value, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)
