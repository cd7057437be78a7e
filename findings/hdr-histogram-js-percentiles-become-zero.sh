#!/usr/bin/env bash
# hdr-histogram-js 3.0.1: with counters of 8 or 16 bits all percentiles are 0, the median included, once a value was
# recorded 256 or 65,536 times.
#
# A counter starts again at 0 without an error, while totalCount goes on. A percentile is then looked for at a rank that
# the counters do not reach, and what is given is 0, which was never recorded. Copies do not have the missing counts
# either: encoded and decoded, the histogram is one of the rest, with a median of the slowest requests. It is the same
# with useWebAssembly. HdrHistogram 2.2.2 for Java, which this is a port of, throws "would overflow short integer
# count"; the README here offers bitBucketSize 8 and 16 with no word on counts.
#
# Expected: an error, a counter that stays at its maximum, or a sentence in the README.
# What helps: bitBucketSize 32, which is the default, or "packed".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error hdr-histogram-js@3.0.1 >/dev/null

cat >program.js <<'EOF'
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, initWebAssembly } from 'hdr-histogram-js';

await initWebAssembly();
for (const [bitBucketSize, fast, useWebAssembly] of [
  [16, 65_535, false],
  [16, 65_536, false],
  [16, 65_536, true],
  [32, 65_536, false],
  [8, 256, false],
]) {
  const histogram = build({ bitBucketSize, useWebAssembly });
  for (let request = 0; request < fast; request++) histogram.recordValue(5);
  for (let request = 0; request < 100; request++) histogram.recordValue(900);
  const copy = decodeFromCompressedBase64(encodeIntoCompressedBase64(histogram));
  const text = (one) => `${one.totalCount} values, median ${one.getValueAtPercentile(50)}`;
  console.log(
    `${bitBucketSize} bits${useWebAssembly ? ', WebAssembly' : ''}, 5 ms ${fast} times, 900 ms 100 times: ` +
      `${text(histogram)}, 99 % ${histogram.getValueAtPercentile(99)}; decoded ${text(copy)}`,
  );
}
EOF

expected='16 bits, 5 ms 65535 times, 900 ms 100 times: 65635 values, median 5, 99 % 5; decoded 65635 values, median 5
16 bits, 5 ms 65536 times, 900 ms 100 times: 65636 values, median 0, 99 % 0; decoded 100 values, median 900
16 bits, WebAssembly, 5 ms 65536 times, 900 ms 100 times: 65636 values, median 0, 99 % 0; decoded 100 values, median 900
32 bits, 5 ms 65536 times, 900 ms 100 times: 65636 values, median 5, 99 % 5; decoded 65636 values, median 5
8 bits, 5 ms 256 times, 900 ms 100 times: 356 values, median 0, 99 % 0; decoded 100 values, median 900'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
