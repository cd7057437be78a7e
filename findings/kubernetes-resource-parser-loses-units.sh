#!/usr/bin/env bash
# kubernetes-resource-parser 0.1.0 (npm): 1.5Gi of memory is 1 byte, and a usage of 250 millionths of a CPU is 250 CPUs.
#
# memoryParser knows units after whole numbers alone; of everything else it takes the digits at the start, so 0.5Gi is 0
# and 129e6, an example in the documentation of Kubernetes, is 129. 128974848000m, which the API server itself writes for
# some fractions, is NaN. cpuParser knows m alone, so what the metrics API gives, as 250000n or 250u, loses its unit. The
# README says to use it only for strings that come from Kubernetes' API, as they are not checked; all of these do.
#
# Expected: the numbers in parentheses, which the definition of a quantity gives.
# What helps: k8s-resource-parser 0.2.2, which is right about these and throws an error for n and u.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  kubernetes-resource-parser@0.1.0 k8s-resource-parser@0.2.2 >/dev/null

cat >program.js <<'EOF'
import other from 'k8s-resource-parser';
import parser from 'kubernetes-resource-parser';

const attempt = (parse, quantity) => {
  try {
    return parse(quantity);
  } catch (error) {
    return error.name;
  }
};

for (const [name, quantities] of [
  ['memoryParser', { '1536Mi': 1536 * 2 ** 20, '1.5Gi': 1.5 * 2 ** 30, '0.5Gi': 2 ** 29, '129e6': 129e6, '1.5M': 1.5e6,
    '128974848000m': 128974848 }],
  ['cpuParser', { '250m': 0.25, '1.5': 1.5, '1.5m': 0.0015, '250u': 0.00025, '250000n': 0.00025, '1k': 1000 }],
])
  for (const [quantity, expected] of Object.entries(quantities))
    console.log(
      `${name}("${quantity}"): ${parser[name](quantity)} (${expected}), k8s-resource-parser ${attempt(other[name], quantity)}`,
    );
EOF

expected='memoryParser("1536Mi"): 1610612736 (1610612736), k8s-resource-parser 1610612736
memoryParser("1.5Gi"): 1 (1610612736), k8s-resource-parser 1610612736
memoryParser("0.5Gi"): 0 (536870912), k8s-resource-parser 536870912
memoryParser("129e6"): 129 (129000000), k8s-resource-parser 129000000
memoryParser("1.5M"): 1 (1500000), k8s-resource-parser 1500000
memoryParser("128974848000m"): NaN (128974848), k8s-resource-parser 128974848
cpuParser("250m"): 0.25 (0.25), k8s-resource-parser 0.25
cpuParser("1.5"): 1.5 (1.5), k8s-resource-parser 1.5
cpuParser("1.5m"): 1.5 (0.0015), k8s-resource-parser 0.0015
cpuParser("250u"): 250 (0.00025), k8s-resource-parser SyntaxError
cpuParser("250000n"): 250000 (0.00025), k8s-resource-parser SyntaxError
cpuParser("1k"): 1 (1000), k8s-resource-parser 1000'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
