#!/usr/bin/env bash
# skl2onnx 1.20.0: nearest neighbors with weights="distance" all weigh the same in the ONNX model, and a one-vs-rest of
# LinearSVC takes most positives for negatives.
#
# The converter of KNeighborsRegressor and KNeighborsClassifier inverts negated distances, cut off at 1e-6 to avoid a
# division by zero, so that each weight is 1e6. With uniform weights it is right. That of OneVsRestClassifier compares
# the one estimator of two classes with 0.5, as for a probability, but LinearSVC gives a score, whose border is 0. With
# three classes it is right, or with estimators that have probabilities. The list of supported models has all of them,
# without a restriction, and nothing warns. It is the same with scikit-learn 1.7.2.
#
# Expected: the numbers of scikit-learn.
# What helps: for the first, none but a converter of one's own; for the second, LinearSVC alone, which needs no
# one-vs-rest; and a comparison after each conversion.
# Needs Python 3 with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  skl2onnx==1.20.0 scikit-learn==1.9.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >program.py <<'PROGRAM'
import warnings

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsRegressor
from sklearn.svm import LinearSVC

warnings.simplefilter("ignore")
onnxruntime.set_default_logger_severity(4)
x, y = load_iris(return_X_y=True)
x = x[:, :2].astype(np.float32)
second = (y == 1).astype(int)
row = np.float32([[5.5, 2.45]])


def numbers(y):
    return " ".join(f"{number:.2f}" for number in y.ravel())


def positive(labels):
    return f"{int((labels == 1).sum())} of {labels.size} positive"


def compare(title, model, target, inputs, show):
    model.fit(x, target)
    session = onnxruntime.InferenceSession(to_onnx(model, x[:1]).SerializeToString())
    seen = session.run(None, {"X": inputs})[0]
    print(f"{title}: scikit-learn {show(model.predict(inputs))}, ONNX {show(seen)}")


compare("KNeighborsRegressor, uniform", KNeighborsRegressor(50), x[:, 0] ** 2, row, numbers)
compare("KNeighborsRegressor, distance", KNeighborsRegressor(50, weights="distance"), x[:, 0] ** 2, row, numbers)
for classifier in [LogisticRegression(), LinearSVC(random_state=0)]:
    name = type(classifier).__name__
    compare(f"OneVsRest, {name}", OneVsRestClassifier(classifier), second, x, positive)
PROGRAM

expected='KNeighborsRegressor, uniform: scikit-learn 32.69, ONNX 32.69
KNeighborsRegressor, distance: scikit-learn 31.52, ONNX 32.69
OneVsRest, LogisticRegression: scikit-learn 27 of 150 positive, ONNX 27 of 150 positive
OneVsRest, LinearSVC: scikit-learn 29 of 150 positive, ONNX 2 of 150 positive'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
