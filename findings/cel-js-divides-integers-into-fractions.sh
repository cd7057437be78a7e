#!/usr/bin/env bash
# cel-js 0.8.2 (npm; Google's Common Expression Language, in which Kubernetes' admission policies are): integers divide
# into fractions, large ones become equal, and backslashes stay in texts.
#
# - Every number is one of JavaScript, so 7 / 2 is 3.5 in a language whose integers divide to 3. A rule that wants a
#   majority of the replicas, replicas / 2 + 1 <= ready, is false with 4 of 7 ready.
# - Numbers beyond 2^53 lose their last digits: the two largest integers, and two neighbouring ids, are equal.
# - \n, \", \\ and \u0041 in a text are not replaced, so no text is equal to one with a quote or a new line in it.
# The README lists int, double, string and / among what is supported.
#
# Expected: what the language definition says and @marcbachmann/cel-js computes, in parentheses.
# What helps: @marcbachmann/cel-js 7.6.1, with a bigint for a variable that is an integer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error cel-js@0.8.2 @marcbachmann/cel-js@7.6.1 >/dev/null

cat >program.js <<'EOF'
import * as other from '@marcbachmann/cel-js';
import { evaluate } from 'cel-js';

for (const expression of [
  '6 / 2',
  '7 / 2',
  '-7 / 2',
  '7 / 2 * 2',
  '7.0 / 2.0',
  'replicas / 2 + 1 <= ready',
  '9223372036854775807 == 9223372036854775806',
  String.raw`size("a\nb")`,
  String.raw`text == "say \"yes\""`,
  String.raw`"\u0041" == "A"`,
]) {
  const text = 'say "yes"';
  const expected = other.evaluate(expression, { replicas: 7n, ready: 4n, text });
  console.log(`${expression}: ${evaluate(expression, { replicas: 7, ready: 4, text })} (${expected})`);
}
EOF

expected='6 / 2: 3 (3)
7 / 2: 3.5 (3)
-7 / 2: -3.5 (-3)
7 / 2 * 2: 7 (6)
7.0 / 2.0: 3.5 (3.5)
replicas / 2 + 1 <= ready: false (true)
9223372036854775807 == 9223372036854775806: true (false)
size("a\nb"): 4 (3)
text == "say \"yes\"": false (true)
"\u0041" == "A": false (true)'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
