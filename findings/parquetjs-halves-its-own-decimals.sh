#!/usr/bin/env bash
# @dsnp/parquetjs 1.8.8: a DECIMAL of up to nine digits that it wrote itself comes back as other numbers: only half of
# the rows, with 0 or -0.01 between them.
#
# It writes every DECIMAL as INT64, which the format allows for any precision up to 18. When it reads, it goes by the
# precision instead of the column's type: up to nine digits it takes four bytes for each number, so the upper half of
# a number is the next row's. The count of rows is right and nothing warns. From ten digits on it is right, and so is a
# column of other writers that is INT32. Other readers, here hyparquet, read the same file well.
#
# Expected: the numbers that were written.
# What helps: a precision of 10 or more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @dsnp/parquetjs@1.8.8 hyparquet@1.33.0 >/dev/null

cat >program.js <<'EOF'
import parquet from '@dsnp/parquetjs';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';

for (const precision of [9, 10]) {
  const schema = new parquet.ParquetSchema({ price: { type: 'DECIMAL', precision, scale: 2 } });
  const writer = await parquet.ParquetWriter.openFile(schema, 'prices.parquet');
  for (const price of [12.5, -1.25, 1000.75, 3]) await writer.appendRow({ price });
  await writer.close();

  const reader = await parquet.ParquetReader.openFile('prices.parquet');
  const cursor = reader.getCursor();
  const own = [];
  for (let row = await cursor.next(); row !== null; row = await cursor.next()) own.push(row.price);
  await reader.close();
  const others = await parquetReadObjects({ file: await asyncBufferFromFile('prices.parquet') });
  console.log(`precision ${precision}: parquetjs ${own.join(' ')}, hyparquet ${others.map((row) => row.price).join(' ')}`);
}
EOF

expected='precision 9: parquetjs 12.5 0 -1.25 -0.01, hyparquet 12.5 -1.25 1000.75 3
precision 10: parquetjs 12.5 -1.25 1000.75 3, hyparquet 12.5 -1.25 1000.75 3'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
