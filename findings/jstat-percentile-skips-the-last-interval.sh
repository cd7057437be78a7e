#!/usr/bin/env bash
# jstat 1.9.6 (npm): percentile gives the second largest number for everything between it and the largest, and a Pareto
# distribution has the wrong mean and median.
#
# - percentile interpolates between neighbours, like PERCENTILE.INC of spreadsheets, but in the last interval it gives
#   the lower end: of 10 latencies the 90th to the 99th percentile are all the second largest, and of 2 numbers every
#   percentile below 100 is the smaller one. With its flag "exclusive" it is the same.
# - pareto.mean raises the scale to the power of the shape, so it is right only for a scale of 1, and pareto.median
#   multiplies by the shape and takes the root of 2 instead of the root of the shape. pdf, cdf, inv and variance of the
#   same distribution are right, so its median is not inv(0.5).
#
# Expected: the numbers in parentheses: those of simple-statistics, whose quantile interpolates in the same way, of
# numpy's method "weibull" where it says exclusive, and shape * scale / (shape - 1) and inv(0.5) for Pareto.
# What helps: jStat.quantiles(numbers, [p], 1, 1), which interpolates in this way in all intervals, and inv(0.5, ...).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error jstat@1.9.6 simple-statistics@7.12.1 >/dev/null

cat >program.js <<'EOF'
import jStat from 'jstat';
import { quantile } from 'simple-statistics';

const milliseconds = [10, 20, 30, 40, 50, 60, 70, 80, 90, 1000];
for (const p of [0.5, 0.85, 0.9, 0.95, 0.99, 1])
  console.log(
    `percentile ${p}: ${jStat.percentile(milliseconds, p).toFixed(1)} (${quantile(milliseconds, p).toFixed(1)}),`,
    `quantiles ${jStat.quantiles(milliseconds, [p], 1, 1)[0].toFixed(1)}`,
  );
console.log(`percentile 0.95 of 1 and 3: ${jStat.percentile([1, 3], 0.95)} (${quantile([1, 3], 0.95)})`);
console.log(`percentile 0.8, exclusive: ${jStat.percentile(milliseconds, 0.8, true)} (88)`);
console.log(`percentile 0.85, exclusive: ${jStat.percentile(milliseconds, 0.85, true)} (408.5)`);
for (const [scale, shape] of [[1, 3], [2, 3], [10, 3]])
  console.log(
    `Pareto ${scale}, ${shape}: mean ${jStat.pareto.mean(scale, shape)} (${(shape * scale) / (shape - 1)}),`,
    `median ${jStat.pareto.median(scale, shape).toFixed(2)} (${jStat.pareto.inv(0.5, scale, shape).toFixed(2)})`,
  );
EOF

expected='percentile 0.5: 55.0 (55.0), quantiles 55.0
percentile 0.85: 86.5 (86.5), quantiles 86.5
percentile 0.9: 90.0 (181.0), quantiles 181.0
percentile 0.95: 90.0 (590.5), quantiles 590.5
percentile 0.99: 90.0 (918.1), quantiles 918.1
percentile 1: 1000.0 (1000.0), quantiles 1000.0
percentile 0.95 of 1 and 3: 1 (2.9)
percentile 0.8, exclusive: 88 (88)
percentile 0.85, exclusive: 90 (408.5)
Pareto 1, 3: mean 1.5 (1.5), median 4.24 (1.26)
Pareto 2, 3: mean 12 (3), median 8.49 (2.52)
Pareto 10, 3: mean 1500 (15), median 42.43 (12.60)'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
