#!/usr/bin/env bash
# torchmetrics 1.9.0: multilabel_ranking_loss takes a pair of labels with equal scores for right or wrong depending on
# their positions.
#
# The loss is the part of pairs, of a relevant and an irrelevant label, that are ordered wrongly. The ranks come from an
# argsort, so of labels with the same score, the one that comes later counts as ranked higher. So a model that gives
# every label the same score has a loss of 0, the best, where the relevant labels are the last ones, and of 1 where they
# are the first. Scores are often equal: 0 after a ReLU, 1 after a sigmoid in float16, or those of a decision tree's
# leaf. The other two metrics of that kind, multilabel_coverage_error and multilabel_ranking_average_precision, do not
# depend on positions. The documentation does not mention equal scores.
#
# Expected: that labels with the same scores can change places, and scikit-learn's numbers, in parentheses.
# What helps: scikit-learn's label_ranking_loss.
# Needs Python 3 with pip, instead of Node.js, and downloads some gigabytes, as torch from PyPI brings CUDA.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  torchmetrics==1.9.0 torch==2.15.0 scikit-learn==1.7.2 scipy==1.17.1 numpy==2.4.6

cat >program.py <<'EOF'
import sklearn.metrics
import torch
from torchmetrics.functional import classification

pairs = [
    ("multilabel_ranking_loss", "label_ranking_loss"),
    ("multilabel_coverage_error", "coverage_error"),
    ("multilabel_ranking_average_precision", "label_ranking_average_precision_score"),
]
for scores in ([0.5, 0.5, 0.5], [0.9, 0.5, 0.5], [0.9, 0.5, 0.4]):
    for target in ([1, 0, 0], [0, 1, 0], [0, 0, 1]):
        preds, labels = torch.tensor([scores]), torch.tensor([target])
        texts = []
        for name, other in pairs:
            seen = getattr(classification, name)(preds, labels, num_labels=3).item()
            texts.append(f"{seen:.2f} ({getattr(sklearn.metrics, other)(labels, preds):.2f})")
        print(f"scores {scores}, labels {target}: loss {texts[0]}, coverage {texts[1]}, precision {texts[2]}")
EOF

expected='scores [0.5, 0.5, 0.5], labels [1, 0, 0]: loss 1.00 (1.00), coverage 3.00 (3.00), precision 0.33 (0.33)
scores [0.5, 0.5, 0.5], labels [0, 1, 0]: loss 0.50 (1.00), coverage 3.00 (3.00), precision 0.33 (0.33)
scores [0.5, 0.5, 0.5], labels [0, 0, 1]: loss 0.00 (1.00), coverage 3.00 (3.00), precision 0.33 (0.33)
scores [0.9, 0.5, 0.5], labels [1, 0, 0]: loss 0.00 (0.00), coverage 1.00 (1.00), precision 1.00 (1.00)
scores [0.9, 0.5, 0.5], labels [0, 1, 0]: loss 1.00 (1.00), coverage 3.00 (3.00), precision 0.33 (0.33)
scores [0.9, 0.5, 0.5], labels [0, 0, 1]: loss 0.50 (1.00), coverage 3.00 (3.00), precision 0.33 (0.33)
scores [0.9, 0.5, 0.4], labels [1, 0, 0]: loss 0.00 (0.00), coverage 1.00 (1.00), precision 1.00 (1.00)
scores [0.9, 0.5, 0.4], labels [0, 1, 0]: loss 0.50 (0.50), coverage 2.00 (2.00), precision 0.50 (0.50)
scores [0.9, 0.5, 0.4], labels [0, 0, 1]: loss 1.00 (1.00), coverage 3.00 (3.00), precision 0.33 (0.33)'
seen=$(PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
