#!/usr/bin/env bash
# hyparquet 1.33.0: different keys of type DECIMAL(38, 0) are read as the same number.
#
# Databases without 64-bit integers, Snowflake and Oracle among them, export integer keys as decimals without a fraction.
# hyparquet turns every decimal into a double, so that keys of more than 15 digits lose their last ones and neighbours
# become equal; integers of type INT64 in the same file are exact, as bigint. Its parsers option, which has functions
# for dates, times and texts, has none for decimals.
#
# Expected: a bigint, a text, or an error, as for INT64.
# What helps: removing the annotation from the metadata's schema before reading (converted_type and logical_type of the
# column), so that the bytes come out, and converting them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error hyparquet@1.33.0 >/dev/null

# Written by pyarrow 26.0.1: two rows, whose keys are 12345678901234567890 and 12345678901234567891.
cat >program.js <<'EOF'
import { parquetMetadata, parquetReadObjects } from 'hyparquet';

const { buffer: file } = Uint8Array.from(Buffer.from('UEFSMRUAFRwVHCwVBBUAFQYVBhwAAAACAAAABAEAAAA5AAAHxhUAFUwVTCwVBBUAFQYVBhwAAAACAAAABAEAAAAAAAAAAKtUqYzrHwrSAAAAAAAAAACrVKmM6x8K0xUAFSwVLCwVBBUAFQYVBhwAAAACAAAABAH//////////0DiSuEBKAYAFQQZTDUAGAZzY2hlbWEVBgAVDhUIFQIYBXByaWNlJQoVBBUSLFwVBBUSAAAAFQ4VIBUCGANrZXklChUAFUwsXBUAFUwAAAAVBCUCGAJhdCUUTIwRHCwAAAAAABYEGRwZPCYAHBUOGSUGABkYBXByaWNlFQAWBBZCFkImCEkcFQAVABUCADwpBhkmAAQAAAAmABwVDhklBgAZGANrZXkVABYEFnIWciZKSRwVABUAFQIAPCkGGSYABAAAACYAHBUEGSUGABkYAmF0FQAWBBZSFlImvAFJHBUAFQAVAgA8KQYZJgAEAAAAFoYCFgQmCBaGAgAoIHBhcnF1ZXQtY3BwLWFycm93IHZlcnNpb24gMjYuMC4xGTwcAAAcAAAcAAAAIAEAAFBBUjE=', 'base64'));
const keys = async (metadata) => (await parquetReadObjects({ file, metadata, columns: ['key'] })).map(({ key }) => key);
const metadata = parquetMetadata(file);
const [first, second] = await keys(metadata);
console.log(`with the annotation: ${typeof first}s, ${first === second ? 'equal' : 'different'}`);
for (const element of metadata.schema) delete element.converted_type, delete element.logical_type;
console.log('without:', ...(await keys(metadata)).map((bytes) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)));
EOF

expected='with the annotation: numbers, equal
without: 12345678901234567890n 12345678901234567891n'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
