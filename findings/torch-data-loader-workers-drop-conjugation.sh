#!/usr/bin/env bash
# torch 2.15.0: with workers, a DataLoader gives complex numbers without the conjugation that the dataset gave them,
# and some real ones with the other sign.
#
# conj() does not compute anything: it marks the tensor, and so does .imag of such a tensor, with a mark that says
# "negative". Operations and torch.save respect the marks. A tensor that goes to another process is sent as its
# memory, shape and strides, without them, so the other side sees the numbers from before. The default way to make
# batches of several samples fails on such tensors in a worker, so it shows where a sample is a batch already
# (batch_size=None) or where a collate_fn keeps tensors as they are; and in every torch.multiprocessing queue. Without
# workers it is right, and nothing warns. The documentation of conj() says that it is lazy, the one of
# torch.multiprocessing that tensors are moved to shared memory, and neither mentions a loss. (torch.distributed.rpc
# had the same fault: pytorch's issue 88294.)
#
# Expected: the same numbers with and without workers.
# What helps: resolve_conj() and resolve_neg() in the dataset.
# Needs Python 3 with pip, instead of Node.js, and downloads some gigabytes, as torch from PyPI brings CUDA.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  torch==2.15.0 numpy==2.4.6

cat >program.py <<'EOF'
import torch
from torch.utils.data import DataLoader


class Signals(torch.utils.data.Dataset):
    def __len__(self):
        return 1

    def __getitem__(self, _):
        signal = torch.tensor([1 + 2j, 3 + 4j])
        return {
            "conj()": signal.conj(),
            "conj().imag": signal.conj().imag,
            "resolved": signal.conj().resolve_conj(),
        }


if __name__ == "__main__":
    for workers in (0, 1):
        for batch in DataLoader(Signals(), batch_size=None, num_workers=workers):
            for name, tensor in batch.items():
                print(f"{workers} workers, {name}: {tensor.tolist()}")
EOF

expected='0 workers, conj(): [(1-2j), (3-4j)]
0 workers, conj().imag: [-2.0, -4.0]
0 workers, resolved: [(1-2j), (3-4j)]
1 workers, conj(): [(1+2j), (3+4j)]
1 workers, conj().imag: [2.0, 4.0]
1 workers, resolved: [(1-2j), (3-4j)]'
seen=$(PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
