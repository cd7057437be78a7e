#!/usr/bin/env bash
# ml-performance 0.2.0 and ml-confusion-matrix 2.0.0 (npm): an accuracy can be 1.67, an error rate is a number of
# samples, and the false omission rate is the false negative rate.
#
# - getMeasure('acc') of ml-performance, which is for ROC curves, divides the right predictions by the number of
#   different scores instead of that of samples. If all scores differ, both are the same; else the accuracy is too high.
# - getMeasure('err') divides the false positives alone, and adds the number of the false negatives.
# - getFalseOmissionRate of ml-confusion-matrix is FN / (FN + TP). That is what getFalseNegativeRate gives; the false
#   omission rate is FN / (FN + TN), the share of wrong ones among those predicted as negative, so that it and
#   getNegativePredictiveValue make 1.
#
# Expected: the numbers in parentheses, from the counts of the same objects.
# What helps: (tp[i] + tn[i]) / nSamples and (fp[i] + fn[i]) / nSamples; 1 - getNegativePredictiveValue(label).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  ml-performance@0.2.0 ml-confusion-matrix@2.0.0 >/dev/null

cat >program.js <<'EOF'
import confusion from 'ml-confusion-matrix';
import Performance from 'ml-performance';

const text = (numbers) => numbers.map((number) => number.toFixed(2)).join(' ');

for (const scores of [
  [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2],
  [0.9, 0.9, 0.7, 0.7, 0.7, 0.4, 0.4, 0.4],
]) {
  const performance = new Performance([scores], [[1, 1, 0, 1, 0, 0, 1, 0]], { all: true, max: true });
  const { tp, tn, fp, fn, nSamples } = performance;
  console.log(`scores ${scores.join(' ')}, area ${performance.getAURC()}`);
  for (const [measure, expected] of [
    ['acc', tp.map((count, index) => (count + tn[index]) / nSamples)],
    ['err', fp.map((count, index) => (count + fn[index]) / nSamples)],
  ])
    console.log(`  ${measure} ${text(performance.getMeasure(measure))} (${text(expected)})`);
}

for (const [yes, no] of [
  [[8, 2], [5, 85]],
  [[8, 2], [5, 3]],
]) {
  const matrix = new confusion.ConfusionMatrix([yes, no], ['yes', 'no']);
  console.log(
    `${yes.join(' ')} and ${no.join(' ')}: false omission ${text([matrix.getFalseOmissionRate('yes')])}`,
    `(${text([yes[1] / (yes[1] + no[1])])}), false negative ${text([matrix.getFalseNegativeRate('yes')])}`,
    `(${text([yes[1] / (yes[0] + yes[1])])}), NPV ${text([matrix.getNegativePredictiveValue('yes')])}`,
    `(${text([no[1] / (yes[1] + no[1])])})`,
  );
}
EOF

expected='scores 0.9 0.8 0.7 0.6 0.5 0.4 0.3 0.2, area 0.75
  acc 0.50 0.63 0.75 0.63 0.75 0.63 0.50 0.63 0.50 (0.50 0.63 0.75 0.63 0.75 0.63 0.50 0.63 0.50)
  err 4.00 3.00 2.00 2.13 1.13 1.25 1.38 0.38 0.50 (0.50 0.38 0.25 0.38 0.25 0.38 0.50 0.38 0.50)
scores 0.9 0.9 0.7 0.7 0.7 0.4 0.4 0.4, area 0.75
  acc 1.33 2.00 1.67 1.33 (0.50 0.75 0.63 0.50)
  err 4.00 2.00 1.67 1.33 (0.50 0.25 0.38 0.50)
8 2 and 5 85: false omission 0.20 (0.02), false negative 0.20 (0.20), NPV 0.98 (0.98)
8 2 and 5 3: false omission 0.20 (0.40), false negative 0.20 (0.20), NPV 0.60 (0.60)'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
