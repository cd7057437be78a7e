#!/usr/bin/env bash
# piscina 5.3.2: close() stops tasks that are running, as soon as one thread of several has nothing to do.
#
# The README says that close() stops all workers gracefully, that it waits for the tasks which were started, and that
# force: false, the default, leaves the ones in the queue alone. But each thread that becomes idle is counted once for
# every thread of the pool and once more, so the first idle one makes the pool believe that all are. It terminates the
# others, whatever they do; their run() is rejected with "Terminating worker thread", and what they had written is
# half written. A program that shuts down on SIGTERM by close(), or has its pool in "await using", loses work that it
# had accepted, unless all threads end at the same moment. With one thread it is right.
#
# Expected: every task ends, as with one thread.
# What helps: awaiting the promises of run(), all of them, before close().
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error piscina@5.3.2 >/dev/null

cat >worker.js <<'EOF'
import { setTimeout } from 'node:timers/promises';

export default (milliseconds) => setTimeout(milliseconds);
EOF
cat >program.js <<'EOF'
import { Piscina } from 'piscina';

const filename = new URL('worker.js', import.meta.url).href;
for (const [threads, tasks] of [[1, [1, 3000]], [2, [1, 3000]], [4, [1, 3000, 3000, 3000]]]) {
  const pool = new Piscina({ filename, minThreads: threads, maxThreads: threads });
  await Promise.all(Array.from({ length: threads }, () => pool.run(100))); // so that all threads are up
  const results = tasks.map((milliseconds) => pool.run(milliseconds).then(() => 'done', ({ message }) => message));
  await pool.close();
  console.log(`${threads} threads: ${(await Promise.all(results)).join(', ')}`);
}
EOF

expected='1 threads: done, done
2 threads: done, Terminating worker thread
4 threads: done, Terminating worker thread, Terminating worker thread, Terminating worker thread'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
