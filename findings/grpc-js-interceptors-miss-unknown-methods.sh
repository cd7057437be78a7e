#!/usr/bin/env bash
# @grpc/grpc-js 1.14.7: server interceptors do not see calls to methods that do not exist.
#
# An interceptor of the server sees every call to a registered method, but none to an unknown one, nor to an unknown
# service: grpc-js answers those with UNIMPLEMENTED before it runs any interceptor. Logs, metrics and authentication that
# are interceptors know nothing of them, and the server has no other hook for them (no handler of unknown methods, as
# grpc-go has).
#
# Expected: an interceptor sees each call, as one of grpc.server in Python does.
# What helps: counting UNIMPLEMENTED in a proxy before the server.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @grpc/grpc-js@1.14.7 >/dev/null

cat >program.js <<'EOF'
import grpc from '@grpc/grpc-js';

const same = (bytes) => bytes;
const method = (path) => ({
  path, requestStream: false, responseStream: false,
  requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same,
});
const seen = [];
const interceptor = (descriptor, call) => {
  seen.push(descriptor.path);
  return new grpc.ServerInterceptingCall(call);
};
const server = new grpc.Server({ interceptors: [interceptor] });
server.addService({ echo: method('/example.Echo/Say') }, { echo: ({ request }, reply) => reply(null, request) });
const port = await new Promise((resolve, reject) =>
  server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, value) =>
    error === null ? resolve(value) : reject(error)));
const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
for (const path of ['/example.Echo/Say', '/example.Echo/Shout', '/example.Other/Say']) {
  const status = await new Promise((resolve) =>
    client.makeUnaryRequest(path, same, same, Buffer.from('hello'), (error) => resolve(error?.code ?? 0)));
  console.log(`${path}: ${grpc.status[status]}, ${seen.includes(path) ? 'seen' : 'not seen'}`);
}
client.close();
server.forceShutdown();
EOF

expected='/example.Echo/Say: OK, seen
/example.Echo/Shout: UNIMPLEMENTED, not seen
/example.Other/Say: UNIMPLEMENTED, not seen'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
