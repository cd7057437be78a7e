#!/usr/bin/env bash
# cdk8s-plus-27 2.9.5: fields newer than Kubernetes 1.27 disappear from its objects without a message, even when they
# come by a JSON patch.
#
# The classes Kube* are typed by the schema of Kubernetes 1.27. Their serializer copies the fields that it knows and
# leaves out the rest: here the lifecycle action "sleep" (Kubernetes 1.29), of which an empty preStop is left. It runs
# after the JSON patches, so addJsonPatch does not bring the field back. In JavaScript, or behind a cast, nothing warns.
#
# Expected: the field in the manifest, at least where a patch adds it.
# What helps: a plain ApiObject, which is written as it is given.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  cdk8s@2.70.106 cdk8s-plus-27@2.9.5 constructs@10.8.1 >/dev/null

cat >program.js <<'EOF'
import { ApiObject, App, Chart, JsonPatch } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';

const chart = new Chart(new App(), 'chart');
const lifecycle = { preStop: { sleep: { seconds: 5 } } };
const pod = (containers) => ({ metadata: { name: 'pod' }, spec: { containers } });
new k8s.KubePod(chart, 'class', pod([{ name: 'server', lifecycle }]));
new k8s.KubePod(chart, 'patched', pod([{ name: 'server' }]))
  .addJsonPatch(JsonPatch.add('/spec/containers/0/lifecycle', lifecycle));
new ApiObject(chart, 'plain', { apiVersion: 'v1', kind: 'Pod', ...pod([{ name: 'server', lifecycle }]) });
const [asClass, patched, plain] = chart.toJson().map(({ spec }) => JSON.stringify(spec.containers[0].lifecycle));
console.log(`KubePod: ${asClass}\nKubePod with a JSON patch: ${patched}\nApiObject: ${plain}`);
EOF

expected='KubePod: {"preStop":{}}
KubePod with a JSON patch: {"preStop":{}}
ApiObject: {"preStop":{"sleep":{"seconds":5}}}'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
