#!/usr/bin/env bash
# arquero 7.2.1 (npm): where the smallest numbers of a group are equal, the first of them gets another cumulative
# distribution and another quantile than the rest.
#
# cume_dist looks for the end of the rows that are equal, but not at the first row of a group, which it takes for a row
# of its own: 1 / n. ntile is computed from it. So scores of 0, 0, 0, 7 have 0.25, 0.75, 0.75 and 1, and with two parts
# the first 0 is in the lower half and the other two are in the upper one; what comes first is up to the order of the
# input. All later rows of equal numbers are right, as are rank, avg_rank, dense_rank and percent_rank.
#
# Expected: one cumulative distribution for equal numbers, as in SQL, whose CUME_DIST DuckDB, SQLite and PostgreSQL
# compute: the share of rows that are not larger. It is in parentheses.
# What helps: op.avg_rank() and op.rank(), as the last of equal rows is 2 * avg_rank - rank: that by op.count().
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error arquero@7.2.1 >/dev/null

cat >program.js <<'EOF'
import { op, table } from 'arquero';

for (const scores of [[0, 0, 0, 7], [5, 7, 7, 9], [3, 3, 3, 3], [0, 0, 0, 0, 0, 0, 0, 4, 6, 9]]) {
  const rows = table({ score: scores })
    .orderby('score')
    .derive({ distribution: op.cume_dist(), half: op.ntile(2) })
    .derive({ other: (d) => (2 * op.avg_rank() - op.rank()) / op.count() })
    .objects();
  const shares = scores.map((score) => scores.filter((other) => other <= score).length / scores.length);
  console.log(`scores ${scores.join(' ')}`);
  console.log(`  cume_dist ${rows.map(({ distribution }) => distribution).join(' ')} (${shares.join(' ')})`);
  console.log(`  from the ranks ${rows.map(({ other }) => other).join(' ')}`);
  console.log(`  ntile(2) ${rows.map(({ half }) => half).join(' ')}`);
}
EOF

expected='scores 0 0 0 7
  cume_dist 0.25 0.75 0.75 1 (0.75 0.75 0.75 1)
  from the ranks 0.75 0.75 0.75 1
  ntile(2) 1 2 2 2
scores 5 7 7 9
  cume_dist 0.25 0.75 0.75 1 (0.25 0.75 0.75 1)
  from the ranks 0.25 0.75 0.75 1
  ntile(2) 1 2 2 2
scores 3 3 3 3
  cume_dist 0.25 1 1 1 (1 1 1 1)
  from the ranks 1 1 1 1
  ntile(2) 1 2 2 2
scores 0 0 0 0 0 0 0 4 6 9
  cume_dist 0.1 0.7 0.7 0.7 0.7 0.7 0.7 0.8 0.9 1 (0.7 0.7 0.7 0.7 0.7 0.7 0.7 0.8 0.9 1)
  from the ranks 0.7 0.7 0.7 0.7 0.7 0.7 0.7 0.8 0.9 1
  ntile(2) 1 2 2 2 2 2 2 2 2 2'
seen=$(node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
