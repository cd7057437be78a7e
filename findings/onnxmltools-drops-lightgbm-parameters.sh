#!/usr/bin/env bash
# onnxmltools 1.16.0: convert_lightgbm drops what some parameters of LightGBM do with the sum of the trees, so the ONNX
# model gives other numbers.
#
# sigmoid is a factor of the score, which counts as 1. boosting="rf" takes the mean of the trees, of which the sum is
# left. multiclassova has a sigmoid for each class and becomes a softmax. reg_sqrt trains on roots, which are not
# squared again. And zero_as_missing sends zeros along the way of missing values, but the ONNX model compares them. Each
# is in the model's text, which the converter reads (as "binary sigmoid:3", "average_output", "regression sqrt" and so
# on). Nothing warns, though the converter refuses objectives that it does not know.
#
# Expected: the numbers of LightGBM 4.7.0, or a refusal.
# What helps: the defaults of these parameters (multiclass instead of multiclassova), or LGBMRegressor for a forest,
# whose mean is taken; and a comparison after each conversion.
# Needs Python 3 with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  onnxmltools==1.16.0 onnxconverter-common==1.16.0 lightgbm==4.7.0 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat >program.py <<'PROGRAM'
import lightgbm
import numpy as np
import onnxruntime
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType

onnxruntime.set_default_logger_severity(4)
x = np.random.default_rng(0).random((600, 2), dtype=np.float32)
squares = 100 * x[:, 0] ** 2
halves = (x[:, 0] > 0.5) ^ (x[:, 1] > 0.9)
thirds = np.floor(2.99 * x[:, 0])
row = np.float32([[0.8, 0.2]])
zero = np.float32([[0, 0.2]])


def show(numbers):
    return " ".join(f"{number:.2f}" for number in numbers.ravel())


def compare(title, target, row=row, x=x, **parameters):
    parameters = {"verbose": -1, "num_threads": 1, "deterministic": True, "seed": 1, "learning_rate": 0.02, **parameters}
    booster = lightgbm.train(parameters, lightgbm.Dataset(x, target), 50)
    model = convert_lightgbm(booster, initial_types=[("x", FloatTensorType([None, 2]))], zipmap=False)
    seen = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": row})[-1]
    print(f"{title}: LightGBM {show(booster.predict(row))}, ONNX {show(seen if seen.shape[1] != 2 else seen[:, 1])}")


compare("binary", halves, objective="binary")
compare("binary, sigmoid=3", halves, objective="binary", sigmoid=3)
compare("binary, forest", halves, objective="binary", boosting="rf", bagging_freq=1, bagging_fraction=0.5)
compare("multiclass", thirds, objective="multiclass", num_class=3)
compare("multiclassova", thirds, objective="multiclassova", num_class=3)
compare("regression", squares, objective="regression")
compare("regression, reg_sqrt", squares, objective="regression", reg_sqrt=True)
compare("regression, forest", squares, objective="regression", boosting="rf", bagging_freq=1, bagging_fraction=0.5)
with_zeros = np.where(x < 0.3, np.float32(0), x)
absent = np.where(with_zeros[:, 0] == 0, 90, squares)
compare("regression of zeros", absent, zero, with_zeros, objective="regression")
compare("regression of zeros, zero_as_missing", absent, zero, with_zeros, objective="regression", zero_as_missing=True)
PROGRAM

expected='binary: LightGBM 0.81, ONNX 0.81
binary, sigmoid=3: LightGBM 0.81, ONNX 0.62
binary, forest: LightGBM 0.88, ONNX 1.00
multiclass: LightGBM 0.11 0.11 0.78, ONNX 0.11 0.11 0.78
multiclassova: LightGBM 0.13 0.12 0.75, ONNX 0.04 0.04 0.91
regression: LightGBM 52.79, ONNX 52.79
regression, reg_sqrt: LightGBM 48.00, ONNX 6.93
regression, forest: LightGBM 62.35, ONNX 3117.57
regression of zeros: LightGBM 78.85, ONNX 78.85
regression of zeros, zero_as_missing: LightGBM 78.85, ONNX 27.97'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
