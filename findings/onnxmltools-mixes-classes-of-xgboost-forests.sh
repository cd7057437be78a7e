#!/usr/bin/env bash
# onnxmltools 1.16.0: convert_xgboost gives the trees of a random forest of three classes to the wrong classes, so all
# classes come out about as likely.
#
# XGBoost trains num_parallel_tree trees for the first class, as many for the second, and so on. The converter takes the
# number of a tree modulo the number of classes for its class, so with three trees for each of three classes, each class
# gets one tree of each. XGBRFClassifier (100 such trees) is as wrong. A classifier of two labels, which can both be
# true, becomes one of two classes, which cannot. And the predictions of reg:logistic and survival:cox lack the sigmoid
# and the exponential. Nothing warns, though the converter refuses other models that it cannot convert.
#
# Expected: the numbers of XGBoost 3.2.0, or a refusal.
# What helps: boosting with one tree for each round and class; other objectives; and a comparison after each conversion.
# Needs Python 3 with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  onnxmltools==1.16.0 onnxconverter-common==1.16.0 xgboost-cpu==3.2.0 scikit-learn==1.9.1 onnx==1.23.2 \
  onnxruntime==1.32.0 numpy==2.4.6

cat >program.py <<'PROGRAM'
import numpy as np
import onnxruntime
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from xgboost import XGBClassifier, XGBRegressor, XGBRFClassifier

onnxruntime.set_default_logger_severity(4)
x = np.random.default_rng(0).random((600, 2), dtype=np.float32)
thirds = np.floor(2.99 * x[:, 0])
labels = np.stack([x[:, 0] > 0.5, x[:, 1] > 0.5], axis=1)
row = np.float32([[0.8, 0.8]])


def show(numbers):
    return " ".join(f"{number:.2f}" for number in numbers.ravel())


def compare(title, model, target):
    model.set_params(n_jobs=1, random_state=1)
    model.fit(x, target)
    onnx_model = convert_xgboost(model, initial_types=[("x", FloatTensorType([None, 2]))])
    seen = onnxruntime.InferenceSession(onnx_model.SerializeToString()).run(None, {"x": row})[-1]
    expected = model.predict_proba(row) if hasattr(model, "predict_proba") else model.predict(row)
    print(f"{title}: XGBoost {show(expected)}, ONNX {show(seen)}")


compare("3 classes", XGBClassifier(n_estimators=5), thirds)
compare("3 classes, num_parallel_tree=3", XGBClassifier(n_estimators=5, num_parallel_tree=3), thirds)
compare("3 classes, XGBRFClassifier", XGBRFClassifier(), thirds)
compare("2 labels", XGBClassifier(n_estimators=5), labels)
compare("regression", XGBRegressor(n_estimators=5), x[:, 0])
compare("regression, reg:logistic", XGBRegressor(n_estimators=5, objective="reg:logistic"), x[:, 0])
compare("regression, survival:cox", XGBRegressor(n_estimators=5, objective="survival:cox"), x[:, 0])
PROGRAM

expected='3 classes: XGBoost 0.08 0.08 0.83, ONNX 0.08 0.08 0.83
3 classes, num_parallel_tree=3: XGBoost 0.08 0.08 0.83, ONNX 0.35 0.34 0.31
3 classes, XGBRFClassifier: XGBoost 0.09 0.10 0.81, ONNX 0.34 0.33 0.32
2 labels: XGBoost 0.90 0.90, ONNX 0.00 1.00
regression: XGBoost 0.73, ONNX 0.73
regression, reg:logistic: XGBoost 0.73, ONNX 1.52
regression, survival:cox: XGBoost 0.61, ONNX 0.51'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
