#!/usr/bin/env bash
# hummingbird-ml 0.4.12: the PyTorch modules that it makes of scikit-learn's models ignore several parameters, so they
# give other numbers; and the probabilities of a LogisticRegression of two classes are always 0 and 1.
#
# - StandardScaler(with_mean=False) subtracts the mean: scikit-learn keeps mean_ all the same, and hummingbird uses it.
# - MinMaxScaler(clip=True) does not clip.
# - OneHotEncoder(drop="first") drops no column.
# - GradientBoostingClassifier(loss="exponential"): the sigmoid lacks that loss's factor of 2, and the score starts from
#   the other loss's value, so probabilities near 0.5 come to the other side.
# - HistGradientBoostingRegressor(loss="poisson") and "gamma" give the logarithm of the prediction.
# - BaggingRegressor(max_features=2): each estimator takes the first columns for those that it was trained with.
# - LogisticRegression() of two classes: since scikit-learn 1.5, the default of multi_class is "deprecated", which
#   hummingbird takes for "multinomial". The softmax of the one score is 1 for every sample. The labels are right.
#
# Other things that hummingbird does not know, such as other covariances of a mixture or labels of strings, it refuses.
# Its requirements name no newest scikit-learn.
#
# Expected: the numbers of scikit-learn, on the left.
# What helps: to compare both before use, as hummingbird does not.
# Needs Python 3.9 to 3.12 with pip, instead of Node.js, and downloads some gigabytes, as torch from PyPI brings CUDA.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  hummingbird-ml==0.4.12 scikit-learn==1.7.2 torch==2.15.0 numpy==2.4.6 scipy==1.17.1 onnx==1.16.1

cat >program.py <<'PROGRAM'
import warnings

import numpy as np
from hummingbird.ml import convert
from sklearn.ensemble import BaggingRegressor, GradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

warnings.simplefilter("ignore")


def show(model, method, samples):
    sides = []
    for side in (model, convert(model, "torch", samples)):
        rows = np.asarray(getattr(side, method)(samples)).reshape(len(samples), -1)
        sides.append(", ".join(" ".join(f"{number:.2f}" for number in row) for row in rows))
    print(f"{model} {method}\n  {sides[0]} | {sides[1]}")


column = np.float32([[1], [2], [3], [6]])
show(StandardScaler(with_mean=False).fit(column), "transform", column)
show(StandardScaler().fit(column), "transform", column)
show(MinMaxScaler(clip=True).fit(column[:3]), "transform", column)
categories = np.int64([[1], [2], [3]])
show(OneHotEncoder(drop="first", sparse_output=False).fit(categories), "transform", categories)
show(OneHotEncoder(sparse_output=False).fit(categories), "transform", categories)

numbers = np.arange(100, dtype=np.float32)
samples = np.stack([numbers, numbers * 7 % 100, numbers * 31 % 100], axis=1)
some = samples[[10, 47, 52, 90]]
classes = (samples[:, 0] + samples[:, 1] % 30 > 60).astype(int)
show(LogisticRegression().fit(samples, classes), "predict_proba", some)
three = classes + (samples[:, 0] > 80)
show(LogisticRegression().fit(samples, three), "predict_proba", some)
for loss in ("exponential", "log_loss"):
    model = GradientBoostingClassifier(loss=loss, n_estimators=10, random_state=0)
    show(model.fit(samples, classes), "predict_proba", some)
for loss in ("poisson", "squared_error"):
    model = HistGradientBoostingRegressor(loss=loss, max_iter=10)
    show(model.fit(samples, samples[:, 0] + 1), "predict", some)
for count in (2, 3):
    model = BaggingRegressor(n_estimators=3, max_features=count, random_state=1)
    show(model.fit(samples, samples @ [1, 2, 4]), "predict", some)
PROGRAM

expected='StandardScaler(with_mean=False) transform
  0.53, 1.07, 1.60, 3.21 | -1.07, -0.53, 0.00, 1.60
StandardScaler() transform
  -1.07, -0.53, 0.00, 1.60 | -1.07, -0.53, 0.00, 1.60
MinMaxScaler(clip=True) transform
  0.00, 0.50, 1.00, 1.00 | 0.00, 0.50, 1.00, 2.50
OneHotEncoder(drop='\''first'\'', sparse_output=False) transform
  0.00 0.00, 1.00 0.00, 0.00 1.00 | 1.00 0.00 0.00, 0.00 1.00 0.00, 0.00 0.00 1.00
OneHotEncoder(sparse_output=False) transform
  1.00 0.00 0.00, 0.00 1.00 0.00, 0.00 0.00 1.00 | 1.00 0.00 0.00, 0.00 1.00 0.00, 0.00 0.00 1.00
LogisticRegression() predict_proba
  1.00 0.00, 0.48 0.52, 0.26 0.74, 0.00 1.00 | 0.00 1.00, 0.00 1.00, 0.00 1.00, 0.00 1.00
LogisticRegression() predict_proba
  1.00 0.00 0.00, 0.48 0.52 0.00, 0.26 0.74 0.00, 0.00 0.00 1.00 | 1.00 0.00 0.00, 0.48 0.52 0.00, 0.26 0.74 0.00, 0.00 0.00 1.00
GradientBoostingClassifier(loss='\''exponential'\'', n_estimators=10, random_state=0) predict_proba
  0.86 0.14, 0.26 0.74, 0.32 0.68, 0.11 0.89 | 0.70 0.30, 0.36 0.64, 0.39 0.61, 0.25 0.75
GradientBoostingClassifier(n_estimators=10, random_state=0) predict_proba
  0.81 0.19, 0.28 0.72, 0.37 0.63, 0.17 0.83 | 0.81 0.19, 0.28 0.72, 0.37 0.63, 0.17 0.83
HistGradientBoostingRegressor(loss='\''poisson'\'', max_iter=10) predict
  27.11, 48.62, 51.09, 75.95 | 3.30, 3.88, 3.93, 4.33
HistGradientBoostingRegressor(max_iter=10) predict
  25.46, 47.08, 52.95, 75.72 | 25.46, 47.08, 52.95, 75.72
BaggingRegressor(max_features=2, n_estimators=3, random_state=1) predict
  200.33, 333.00, 217.67, 443.00 | 301.00, 275.00, 329.00, 375.33
BaggingRegressor(max_features=3, n_estimators=3, random_state=1) predict
  186.67, 333.00, 233.67, 507.67 | 186.67, 333.00, 233.67, 507.67'
seen=$(PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
