#!/usr/bin/env bash
# @fastify/merge-json-schemas 0.2.2 (npm): two schemas that each exclude something become one that excludes only what
# both exclude, and two that each want an item in an array become one that wants a single item of both kinds.
#
# The README says that mergeSchemas builds a logical conjunction. It merges the schemas below "not" and below "contains"
# as it does others, so that both must hold there. But what is neither A nor B is not "not (A and B)": of two lists of
# reserved names only those in both are still reserved, and of two that have none in common it throws an error, as if
# no name could be outside of both. And an item of at most 1 and one of at least 5 are not one item that is both, so an
# array that both schemas accept is rejected.
#
# Expected: a schema that accepts what both schemas accept, in parentheses: { not: { anyOf: [A, B] } } for "not", and
# { allOf: [{ contains: A }, { contains: B }] } for "contains".
# What helps: a plain { allOf: [first, second] }, or the option resolvers with functions for the two keywords. For "not"
# also json-schema-merge-allof 0.8.1, which merges "contains" in the same way.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error \
  @fastify/merge-json-schemas@0.2.2 json-schema-merge-allof@0.8.1 ajv@8.20.0 >/dev/null

cat >program.js <<'EOF'
import { mergeSchemas } from '@fastify/merge-json-schemas';
import { Ajv } from 'ajv';
import mergeAllOf from 'json-schema-merge-allof';

const ajv = new Ajv({ strict: false });
const accepts = (schema, value) => (ajv.validate(schema, value) ? 'yes' : 'no');

for (const [first, second, values] of [
  [{ not: { enum: ['default', 'system'] } }, { not: { enum: ['system', 'test'] } }, ['default', 'system', 'test', 'app']],
  [{ not: { required: ['image'] } }, { not: { required: ['url'] } }, [{ image: 1 }, { url: 1 }, { image: 1, url: 1 }, {}]],
  [{ not: { minimum: 10 } }, { not: { maximum: 0 } }, [20, 5, -1]],
  [{ contains: { maximum: 1 } }, { contains: { minimum: 5 } }, [[0, 6], [0], [6]]],
]) {
  const merged = mergeSchemas([first, second]);
  const other = mergeAllOf({ allOf: [first, second] });
  console.log(`${JSON.stringify(first)} and ${JSON.stringify(second)}: ${JSON.stringify(merged)}`);
  for (const value of values) {
    const both = accepts(first, value) === 'yes' && accepts(second, value) === 'yes' ? 'yes' : 'no';
    console.log(
      `  ${JSON.stringify(value)}: ${accepts(merged, value)} (${both}), merge-allof ${accepts(other, value)}`,
    );
  }
}
try {
  mergeSchemas([{ not: { enum: ['default'] } }, { not: { enum: ['system'] } }]);
} catch (error) {
  console.log(`{ not: { enum } } of two names: ${error.message}`);
}
EOF

expected='{"not":{"enum":["default","system"]}} and {"not":{"enum":["system","test"]}}: {"not":{"enum":["system"]}}
  "default": yes (no), merge-allof no
  "system": no (no), merge-allof no
  "test": yes (no), merge-allof no
  "app": yes (yes), merge-allof yes
{"not":{"required":["image"]}} and {"not":{"required":["url"]}}: {"not":{"required":["image","url"]}}
  {"image":1}: yes (no), merge-allof no
  {"url":1}: yes (no), merge-allof no
  {"image":1,"url":1}: no (no), merge-allof no
  {}: yes (yes), merge-allof yes
{"not":{"minimum":10}} and {"not":{"maximum":0}}: {"not":{"minimum":10,"maximum":0}}
  20: yes (no), merge-allof no
  5: yes (yes), merge-allof yes
  -1: yes (no), merge-allof no
{"contains":{"maximum":1}} and {"contains":{"minimum":5}}: {"contains":{"maximum":1,"minimum":5}}
  [0,6]: no (yes), merge-allof no
  [0]: no (no), merge-allof no
  [6]: no (no), merge-allof no
{ not: { enum } } of two names: Failed to merge "enum" keyword schemas.'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
