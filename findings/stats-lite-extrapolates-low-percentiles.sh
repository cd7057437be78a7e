#!/usr/bin/env bash
# stats-lite 2.2.0 (npm): low percentiles of few numbers lie below the smallest of them, so latencies become negative.
#
# percentile(numbers, p) interpolates between the places n * p - 0.5 and the next one. Where that is below 0, which is
# so for p below 0.5 / n, it does not stop at the smallest number but continues the line through the two smallest: the
# further apart they are, the lower. The 1st percentile of up to 49 numbers and the 5th of up to 9 are of this kind. At
# the other end it stops at the largest. The README says that it interpolates; p may be above 0 and up to 1.
#
# Expected: the numbers in parentheses, which quantile of d3-array gives for the same places. No definition of a
# percentile leaves the range of the numbers.
# What helps: Math.max(Math.min(...numbers), percentile(numbers, p)).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error stats-lite@2.2.0 d3-array@3.2.4 >/dev/null

cat >program.js <<'EOF'
import { quantileSorted } from 'd3-array';
import { percentile } from 'stats-lite';

/** The percentile by the same definition, Hazen's: d3's places are those between 0 and n - 1. */
const hazen = (numbers, p) => quantileSorted(numbers, (numbers.length * p - 0.5) / (numbers.length - 1));

for (const milliseconds of [[10, 1000], [10, 20, 30, 40, 1000], [2, 300, 310, 320, 330, 340, 350, 360, 370, 380]])
  for (const p of [0.01, 0.05, 0.5, 0.99])
    console.log(
      `percentile ${p} of ${milliseconds.length} from ${milliseconds[0]} to ${milliseconds.at(-1)} ms:`,
      `${percentile(milliseconds, p).toFixed(1)} (${hazen(milliseconds, p).toFixed(1)})`,
    );
EOF

expected='percentile 0.01 of 2 from 10 to 1000 ms: -465.2 (10.0)
percentile 0.05 of 2 from 10 to 1000 ms: -386.0 (10.0)
percentile 0.5 of 2 from 10 to 1000 ms: 505.0 (505.0)
percentile 0.99 of 2 from 10 to 1000 ms: 1000.0 (1000.0)
percentile 0.01 of 5 from 10 to 1000 ms: 5.5 (10.0)
percentile 0.05 of 5 from 10 to 1000 ms: 7.5 (10.0)
percentile 0.5 of 5 from 10 to 1000 ms: 30.0 (30.0)
percentile 0.99 of 5 from 10 to 1000 ms: 1000.0 (1000.0)
percentile 0.01 of 10 from 2 to 380 ms: -117.2 (2.0)
percentile 0.05 of 10 from 2 to 380 ms: 2.0 (2.0)
percentile 0.5 of 10 from 2 to 380 ms: 335.0 (335.0)
percentile 0.99 of 10 from 2 to 380 ms: 380.0 (380.0)'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
