#!/usr/bin/env bash
# @opentelemetry/sdk-metrics 3.1.1: where several observations of an observable counter end up in one series, the last
# one is exported, not their sum.
#
# They end up in one where a view drops an attribute, and in the series otel.metric.overflow, which takes what exceeds
# 2000 series by default. The values of a plain counter are added in both places, so one view gives the right total for
# one instrument and a wrong one for the next, which even falls when the callback observes in another order.
# The specification (supplementary guidelines, "attribute removal in a view") wants the sum, and the SDK for Python
# 1.45.2 exports it. Neither the README, which shows a view, nor the types say otherwise.
#
# Expected: the sum in every line below.
# What helps: adding up in the callback, or dropping the attribute after the export.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  @opentelemetry/sdk-metrics@3.1.1 @opentelemetry/api@1.10.0 >/dev/null

cat >program.js <<'EOF'
import { createDenyListAttributesProcessor, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';

class Reader extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}

/** What an exporter gets of a counter and an observable counter that are given the same values. */
async function collect(views, values) {
  const reader = new Reader();
  const meter = new MeterProvider({ readers: [reader], views }).getMeter('example');
  const counter = meter.createCounter('counter');
  for (const [value, attributes] of values) counter.add(value, attributes);
  meter.createObservableCounter('observable counter').addCallback((result) => {
    for (const [value, attributes] of values) result.observe(value, attributes);
  });
  const { resourceMetrics } = await reader.collect();
  return resourceMetrics.scopeMetrics[0].metrics.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints]);
}

const view = { instrumentName: '*', attributesProcessors: [createDenyListAttributesProcessor(['replica'])] };
const replicas = [[3, { model: 'base', replica: 0 }], [4, { model: 'base', replica: 1 }]];
for (const [name, points] of await collect([view], replicas))
  console.log(`a view without the replica: ${name}, model base: ${points.map(({ value }) => value)}`);
const users = Array.from({ length: 2500 }, (_, user) => [1, { user }]);
for (const [name, points] of await collect([], users))
  console.log(`2500 users: ${name}, total: ${points.reduce((sum, { value }) => sum + value, 0)}`);
EOF

expected='a view without the replica: counter, model base: 7
a view without the replica: observable counter, model base: 4
2500 users: counter, total: 2500
2500 users: observable counter, total: 2000'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
