#!/usr/bin/env bash
# @platformatic/promotel 0.2.2 (npm; Prometheus' metrics as OpenTelemetry's): every histogram has a single bucket, and a
# gauge whose name ends with _count or _sum becomes a histogram of another name.
#
# - Each bucket is a time series with a "le" of its own, and each replaces the former ones: what is left is that of
#   "+Inf", without a bound. Count and sum are right, so nothing seems missing until a percentile is asked for.
#   OpenTelemetry's buckets hold what is between two bounds, not all below, so even one whole bucket would not do.
# - Names lose _count, _sum and _bucket before the line "# TYPE" is looked up. So the gauge queue_count is a histogram
#   "queue" of 7 values, and with a gauge "queue" of 3 beside it there is only that, twice.
# - In a label a backslash before an n becomes a new line, though it is escaped: C:\new is C: and ew.
#
# The README promises complete support for histograms.
# Expected: what the collector of OpenTelemetry and the specification have: bounds of 0.1, 0.5 and 1 and the numbers
# between them, in parentheses; a gauge queue_count; and the label that was set.
# What helps: OpenTelemetry's own SDK or collector; summaries instead of histograms, which are right; other names.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  @platformatic/promotel@0.2.2 prom-client@15.1.3 >/dev/null

cat >program.js <<'EOF'
import { convert, getFromRegistry } from '@platformatic/promotel';
import { Gauge, Histogram, Registry, Summary } from 'prom-client';

async function convertRegistry(fill) {
  const registry = new Registry();
  fill([registry]);
  const converted = convert(await getFromRegistry({ registry }));
  return converted.resource_metrics[0].scope_metrics[0].metrics;
}

function show(title, metrics) {
  console.log(title);
  for (const { name, description, ...data } of metrics)
    for (const [kind, { data_points: points }] of Object.entries(data))
      for (const { time_unix_nano: time, ...point } of points) console.log(`  ${kind} ${name} ${JSON.stringify(point)}`);
}

const seconds = [0.05, 0.2, 0.3, 0.4, 0.7, 3];
const buckets = [0.1, 0.5, 1];
const counts = [...buckets, Infinity].map(
  (bound, index) => seconds.filter((value) => value <= bound && value > (buckets[index - 1] ?? -Infinity)).length,
);
show(
  `a histogram (${counts} between ${buckets})`,
  await convertRegistry((registers) => {
    const histogram = new Histogram({ name: 'seconds', help: 'x', buckets, registers });
    for (const value of seconds) histogram.observe(value);
  }),
);
show(
  'a summary',
  await convertRegistry((registers) => {
    const summary = new Summary({ name: 'seconds', help: 'x', percentiles: [0.5], registers });
    for (const value of seconds) summary.observe(value);
  }),
);
show(
  'a gauge queue_count of 7',
  await convertRegistry((registers) => new Gauge({ name: 'queue_count', help: 'x', registers }).set(7)),
);
show(
  'and one beside it, queue of 3',
  await convertRegistry((registers) => {
    new Gauge({ name: 'queue', help: 'x', registers }).set(3);
    new Gauge({ name: 'queue_count', help: 'x', registers }).set(7);
  }),
);
show(
  'a label C:\\new',
  await convertRegistry((registers) => {
    new Gauge({ name: 'size', help: 'x', labelNames: ['path'], registers }).labels('C:\\new').set(1);
  }),
);
EOF

expected='a histogram (1,3,1,1 between 0.1,0.5,1)
  histogram seconds {"attributes":[],"count":6,"sum":4.65,"bucket_counts":[6],"explicit_bounds":[]}
a summary
  summary seconds {"attributes":[],"count":6,"sum":4.65,"quantile_values":[{"quantile":0.5,"value":0.35}]}
a gauge queue_count of 7
  histogram queue {"attributes":[],"count":7,"sum":0,"bucket_counts":[],"explicit_bounds":[]}
and one beside it, queue of 3
  gauge queue {"attributes":[],"as_double":3}
  gauge queue {"attributes":[],"as_double":7}
a label C:\new
  gauge size {"attributes":[{"key":"path","value":{"string_value":"C:\new"}}],"as_double":1}'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
