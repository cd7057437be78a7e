#!/usr/bin/env bash
# apache-arrow 21.2.0: as text and in JSON, a Decimal256 has only its lower digits, often the last one alone, and a
# negative Decimal64 is a huge positive number. Nothing warns.
#
# The text is made by dividing by ten until the upper 128 bits are zero. For a Decimal128 these are all of the number;
# for a Decimal256 the division stops too early, so 12345 becomes "5". A Decimal64, newer in the format, is taken for
# unsigned. String(), JSON.stringify and the table's toString() show it. (That the scale is left out of the text, for
# every width, is another matter and known.) Arrow's table of implementations lists Decimal256 for JavaScript.
#
# Expected: the unscaled number, as for Decimal128.
# What helps: casting to Decimal128 before sending, or a BigInt of the value's 32-bit words.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error apache-arrow@21.2.0 >/dev/null

# Written by pyarrow 26.0.1: three columns with the rows 12345 and -12345, all of scale 0.
cat >program.js <<'EOF'
import { tableFromIPC } from 'apache-arrow';

const table = tableFromIPC(Buffer.from('//////gAAAAQAAAAAAAKAAwABgAFAAgACgAAAAABBAAMAAAACAAIAAAABAAIAAAABAAAAAMAAACIAAAAPAAAAAQAAACU////AAABBxAAAAAcAAAABAAAAAAAAAAKAAAAZGVjaW1hbDI1NgAAhv///0wAAAAAAQAAyP///wAAAQcQAAAAJAAAAAQAAAAAAAAACgAAAGRlY2ltYWwxMjgAAAAABgAIAAQABgAAACYAAAAQABQACAAGAAcADAAAABAAEAAAAAAAAQcQAAAAJAAAAAQAAAAAAAAACQAAAGRlY2ltYWw2NAAKAAwABAAAAAgACgAAABIAAABAAAAAAAAAAP/////oAAAAFAAAAAAAAAAMABYABgAFAAgADAAMAAAAAAMEABgAAABwAAAAAAAAAAAACgAYAAwABAAIAAoAAAB8AAAAEAAAAAIAAAAAAAAAAAAAAAYAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAQAAAAAAAAACAAAAAAAAAAMAAAAAAAAAAAAAAAAAAAADAAAAAAAAAAQAAAAAAAAAAAAAAAAwAAAAIAAAAAAAAAAAAAAAAAAAACAAAAAAAAAAAAAAAAAAAAAgAAAAAAAAAAAAAAAAAAADkwAAAAAAAAx8////////85MAAAAAAAAAAAAAAAAAAAx8///////////////////zkwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAx8//////////////////////////////////////////////AAAAAA==', 'base64'));
const exact = (words) =>
  BigInt.asIntN(words.byteLength * 8, words.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n));
for (const { name } of table.schema.fields) {
  const values = [...table.getChild(name)];
  console.log(`${name}: text ${values.map(String).join(' ')}, from the words ${values.map(exact).join(' ')}`);
}
EOF

expected='decimal64: text 12345 18446744073709539271, from the words 12345 -12345
decimal128: text 12345 -12345, from the words 12345 -12345
decimal256: text 5 -5, from the words 12345 -12345'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
