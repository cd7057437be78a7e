#!/usr/bin/env bash
# prom-client 15.1.3: the quantiles of a Summary are far off, the median included, where many observations are the same
# number, as with durations in whole milliseconds.
#
# With 999 requests of 5 ms and one of a minute, the median is 65 ms and the quantile 0.9 is 48 s; with 60 % of 0 ms
# and 40 % of 1000 ms, it is 400 ms. The t-digest below (the package tdigest) keeps equal values as one point of their
# number, however many they are, and interpolates from one point to the next, as if half of the values of a point lay
# on the way. Of other values it makes points of few each, so the same durations with a fraction of a millisecond come
# out right, and tests with different numbers do. An estimate may be off in rank, but by a percent, not by half of all
# observations. The README says "Summaries calculate percentiles of observed values" and names no such limit.
#
# Expected: about the observation of that rank, in parentheses, in every line.
# What helps: a Histogram; or durations with fractions, as of startTimer().
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error prom-client@15.1.3 tdigest@0.1.3 >/dev/null

cat >program.js <<'EOF'
import { Registry, Summary } from 'prom-client';

async function show(title, values) {
  const percentiles = [0.5, 0.9, 0.99];
  const summary = new Summary({ name: 'durations', help: 'Durations', percentiles, registers: [new Registry()] });
  for (const value of values) summary.observe(value);
  const series = (await summary.get()).values;
  const sorted = [...values].sort((left, right) => left - right);
  const text = percentiles.map((quantile) => {
    const { value } = series.find(({ labels }) => labels.quantile === quantile);
    return `${quantile}: ${value.toFixed(0)} (${sorted[Math.ceil(quantile * sorted.length) - 1].toFixed(0)})`;
  });
  console.log(`${title}: ${text.join(', ')}`);
}

const times = (count, value) => Array.from({ length: count }, () => value);
const fractions = (values) => values.map((value, index) => value + index / 10_000);
const mixed = [...times(600, 1), ...times(200, 2), ...times(150, 3), ...times(49, 20), ...times(1, 5000)];
const outlier = [...times(999, 5), 60_000];
await show('5 ms 999 times, 60000 ms once', outlier);
await show('the same with fractions', fractions(outlier));
await show('1 to 3 ms 950 times, 20 ms 49 times, 5000 ms once', mixed);
await show('the same with fractions', fractions(mixed));
await show('0 ms 600 times, 1000 ms 400 times', [...times(600, 0), ...times(400, 1000)]);
EOF

expected='5 ms 999 times, 60000 ms once: 0.5: 65 (5), 0.9: 48061 (5), 0.99: 58860 (5)
the same with fractions: 0.5: 5 (5), 0.9: 5 (5), 0.99: 5 (5)
1 to 3 ms 950 times, 20 ms 49 times, 5000 ms once: 0.5: 2 (1), 0.9: 7 (3), 0.99: 3108 (20)
the same with fractions: 0.5: 1 (1), 0.9: 3 (3), 0.99: 20 (20)
0 ms 600 times, 1000 ms 400 times: 0.5: 400 (0), 0.9: 1000 (1000), 0.99: 1000 (1000)'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
