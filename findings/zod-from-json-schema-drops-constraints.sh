#!/usr/bin/env bash
# zod 4.6.7: schemas that z.fromJSONSchema() makes accept what the JSON Schema forbids, as it drops constraints that it
# knows elsewhere: required without the property's own schema, minItems without items, everything beside a $ref, and
# everything in an allOf or anyOf that does not repeat the type.
#
# It throws for keywords that it does not support, such as not and if, so one takes a schema that converts for complete.
# Which constraints survive depends on the spelling: minItems needs items beside it, even if they are {}; allOf with
# minimum works if the type stands in it, but not if the type stands beside it, as usual. Descriptions of APIs have such
# schemas: required names beside additionalProperties, "one of these two fields", a $ref with a limit of its own (which
# JSON Schema allows since 2019). The documentation calls the function experimental but names no such limit. A constant
# or enum of objects or arrays, the other way around, accepts nothing at all.
#
# Expected: the same as from ajv 8.20.0, in every line.
# What helps: ajv for validation; or the complete spelling, as in the lines below that agree.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error zod@4.6.7 ajv@8.20.0 >/dev/null

cat >program.js <<'EOF'
import { Ajv2020 } from 'ajv/dist/2020.js';
import { z } from 'zod';

const ajv = new Ajv2020({ strictTypes: false, strictRequired: false, strictTuples: false });
const result = (accepted) => (accepted ? 'accepts' : 'rejects');
const limit = { minimum: 2 };
const $defs = { size: { type: 'number' } };
const either = [{ required: ['url'] }, { required: ['path'] }];
for (const [schema, value] of [
  [{ type: 'object', required: ['name'], properties: { name: {} } }, {}],
  [{ type: 'object', required: ['name'] }, {}],
  [{ type: 'object', required: ['name'], additionalProperties: { type: 'string' } }, {}],
  [{ type: 'array', minItems: 2, items: {} }, [1]],
  [{ type: 'array', minItems: 2 }, [1]],
  [{ allOf: [{ type: 'number', ...limit }] }, 1],
  [{ type: 'number', allOf: [limit] }, 1],
  [{ type: 'object', anyOf: either }, {}],
  [{ $ref: '#/$defs/size', ...limit, $defs }, 1],
  [{ const: 'a' }, 'a'],
  [{ const: ['a'] }, ['a']],
]) {
  const { $defs: _, ...shown } = schema;
  const results = [
    `ajv ${result(ajv.validate(schema, value))}`,
    `zod ${result(z.fromJSONSchema(schema).safeParse(value).success)}`,
  ];
  console.log(`${JSON.stringify(shown)}, ${JSON.stringify(value)}: ${results.join(', ')}`);
}
for (const schema of [{ not: { type: 'null' } }, { if: { type: 'number' }, then: limit }])
  try {
    z.fromJSONSchema(schema);
  } catch (error) {
    console.log(`${JSON.stringify(schema)}: zod throws "${error.message}"`);
  }
EOF

# shellcheck disable=SC2016
expected='{"type":"object","required":["name"],"properties":{"name":{}}}, {}: ajv rejects, zod rejects
{"type":"object","required":["name"]}, {}: ajv rejects, zod accepts
{"type":"object","required":["name"],"additionalProperties":{"type":"string"}}, {}: ajv rejects, zod accepts
{"type":"array","minItems":2,"items":{}}, [1]: ajv rejects, zod rejects
{"type":"array","minItems":2}, [1]: ajv rejects, zod accepts
{"allOf":[{"type":"number","minimum":2}]}, 1: ajv rejects, zod rejects
{"type":"number","allOf":[{"minimum":2}]}, 1: ajv rejects, zod accepts
{"type":"object","anyOf":[{"required":["url"]},{"required":["path"]}]}, {}: ajv rejects, zod accepts
{"$ref":"#/$defs/size","minimum":2}, 1: ajv rejects, zod accepts
{"const":"a"}, "a": ajv accepts, zod accepts
{"const":["a"]}, ["a"]: ajv accepts, zod rejects
{"not":{"type":"null"}}: zod throws "not is not supported in Zod (except { not: {} } for never)"
{"if":{"type":"number"},"then":{"minimum":2}}: zod throws "Conditional schemas (if/then/else) are not supported"'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
