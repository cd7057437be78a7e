#!/usr/bin/env bash
# zod 4.6.7: without a bundler, zod/mini loads as many modules as zod, all languages among them.
#
# Zod Mini is the small variant of zod, so a command or a worker that starts often imports it to load less. But its
# entry re-exports the namespace of all locales, as that of zod does, and Node.js loads whatever is re-exported: 92
# modules for 95, which take nearly as long. English alone is in use until a program asks for another language.
#
# Expected: zod/mini loads its own schemas and checks, and a language when it is asked for.
# What helps: bundling the program (a bundler drops what is not used), or keeping schemas out of processes that only
# work on what another one has checked.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error zod@4.6.7 >/dev/null

cat >count.js <<'EOF'
import { register } from 'node:module';

// The hooks print each module's address as it is loaded.
const hooks = `
  import { writeSync } from 'node:fs';
  export const load = (url, context, next) => (writeSync(1, url + '\\n'), next(url, context));
`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
await import(process.argv[2]);
EOF

seen=$(for entry in zod zod/mini; do
  modules=$(node count.js "$entry" | grep '/node_modules/zod/')
  echo "$entry: $(grep -c . <<<"$modules") modules, $(grep -c '/locales/[^i]\|/locales/i[^n]' <<<"$modules") of languages"
done)
expected='zod: 95 modules, 63 of languages
zod/mini: 92 modules, 63 of languages'
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
