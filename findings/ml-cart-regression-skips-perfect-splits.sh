#!/usr/bin/env bash
# ml-cart 2.1.1, and with it ml-random-forest 2.1.0 (npm): a regression tree does not split where the split would be
# perfect, so a step becomes a constant.
#
# A node is split if its gain is above gainThreshold, which is 0 for regression. What the tree calls gain is there the
# squared error of the two sides, of which less is better; it is 0 if each side has one value, the best of all splits.
# So the node becomes a leaf, and predicts the mean of both. With a sample that is a little off, it is split as it
# should. Targets of few values (grades, counts, steps, 0 and 1) have such splits, at the latest in the lower nodes. A
# forest averages trees with and without the split, so its steps are too low. Classification is right, as it has a gain.
#
# Expected: the targets themselves, as one split separates them.
# What helps: to add some different millionths to the targets. The option gainThreshold does not help at the first node.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error ml-cart@2.1.1 ml-random-forest@2.1.0 >/dev/null

cat >program.js <<'EOF'
import cart from 'ml-cart';
import forest from 'ml-random-forest';

const x = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => [number]);

function show(title, model, y) {
  model.train(x, y);
  console.log(`${title}: ${model.predict(x).map((number) => Math.round(number * 100) / 100).join(' ')}`);
}

for (const y of [
  [0, 0, 0, 0, 10, 10, 10, 10],
  [0, 0, 0, 0.1, 10, 10, 10, 10],
  [0, 0, 0, 0, 10, 10, 20, 20],
]) {
  const noisy = y.map((number, index) => number + index * 1e-6);
  console.log(`targets: ${y.join(' ')}`);
  show('  tree', new cart.DecisionTreeRegression(), y);
  show('  tree, with some millionths', new cart.DecisionTreeRegression(), noisy);
  const options = { seed: 3, nEstimators: 100, maxFeatures: 1 };
  show('  forest', new forest.RandomForestRegression(options), y);
  show('  forest, with some millionths', new forest.RandomForestRegression(options), noisy);
}
show('classes 0 0 0 0 1 1 1 1', new cart.DecisionTreeClassifier(), [0, 0, 0, 0, 1, 1, 1, 1]);
EOF

expected='targets: 0 0 0 0 10 10 10 10
  tree: 5 5 5 5 5 5 5 5
  tree, with some millionths: 0 0 0 0 10 10 10 10
  forest: 4.88 4.88 4.88 4.88 4.88 4.88 4.88 4.88
  forest, with some millionths: 0.1 0.1 0.1 2.4 9 10 10 10
targets: 0 0 0 0.1 10 10 10 10
  tree: 0.03 0.03 0.03 0.03 10 10 10 10
  tree, with some millionths: 0 0 0 0.1 10 10 10 10
  forest: 1.84 1.84 1.85 1.85 7.73 8.73 8.73 8.73
  forest, with some millionths: 0.11 0.11 0.12 2.45 9.01 10 10 10
targets: 0 0 0 0 10 10 20 20
  tree: 0 0 0 0 15 15 15 15
  tree, with some millionths: 0 0 0 0 10 10 20 20
  forest: 2.11 2.11 2.11 4.25 11.03 11.7 13.62 13.62
  forest, with some millionths: 0.31 0.31 0.31 2.43 10.65 13.6 17.54 17.54
classes 0 0 0 0 1 1 1 1: 0 0 0 0 1 1 1 1'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
