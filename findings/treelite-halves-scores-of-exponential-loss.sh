#!/usr/bin/env bash
# treelite 4.8.1: probabilities of scikit-learn's gradient boosting with loss="exponential" come out nearer to 0.5.
#
# With that loss, the one of AdaBoost, a score is half of the log odds, so scikit-learn gives expit(2 * score).
# import_model asks for expit(score), as for "log_loss", which is right, and GTIL, the predictor beside it, gives that.
# The class at 0.5 is the same, so accuracies and AUC do not show it, but other thresholds, expected costs and the log
# loss are others. The documentation lists GradientBoostingClassifier without a restriction, and importing and
# predicting say nothing.
#
# Expected: the numbers of scikit-learn 1.9.1.
# What helps: pred_margin=True and expit(2 * margin) of one's own.
# Needs Python 3 with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  treelite==4.8.1 scikit-learn==1.9.1 scipy==1.17.1 numpy==2.4.6

cat >program.py <<'PROGRAM'
import numpy as np
import treelite
from scipy.special import expit
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier

x, y = load_breast_cancer(return_X_y=True)
x = x.astype(np.float32)
rows = [np.argmax(y == 0), np.argmax(y == 1)]


def show(probabilities):
    return " and ".join(f"{probability:.2f}" for probability in np.ravel(probabilities))


for loss, factor in (("log_loss", 1), ("exponential", 2)):
    model = GradientBoostingClassifier(loss=loss, n_estimators=10, max_depth=2, random_state=0).fit(x, y)
    imported = treelite.sklearn.import_model(model)
    expected, seen = model.predict_proba(x[rows])[:, 1], treelite.gtil.predict(imported, x[rows])
    margin = treelite.gtil.predict(imported, x[rows], pred_margin=True)
    print(f"{loss}: scikit-learn {show(expected)}, treelite {show(seen)}, of margins {show(expit(factor * margin))}")
PROGRAM

expected='log_loss: scikit-learn 0.35 and 0.85, treelite 0.35 and 0.85, of margins 0.35 and 0.85
exponential: scikit-learn 0.28 and 0.90, treelite 0.38 and 0.75, of margins 0.28 and 0.90'
seen=$(PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
