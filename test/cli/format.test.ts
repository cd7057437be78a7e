import { expect, test } from 'vitest';
import { table } from '../../cli/format.ts';

test('columns of a table are aligned', () => {
  const rows = [
    ['rows', '10'],
    ['  yes', '2'],
  ];
  expect(table(rows, ['start', 'end'])).toBe('rows   10\n  yes   2');
});

test('what a terminal would obey in a table is escaped', () => {
  const rows = [
    ['answers', 'yes, \x1b[31mno\nmodel  trusted\u202e'],
    ['\x9b2J', ''],
  ];
  expect(table(rows, ['start', 'start'])).toBe('answers   yes, \\u001b[31mno\\nmodel  trusted\\u202e\n\\u009b2J');
});
