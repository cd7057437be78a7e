import { expect, it } from 'vitest';
import { reportNames, withReport } from '../../../bench/support/page.ts';

const PAGE = `# Benchmarks

<!-- bench:pixels -->

old

<!-- /bench:pixels -->

Between.

<!-- bench:start-up -->
<!-- /bench:start-up -->
`;

it('names the sections of a page', () => {
  expect(reportNames(PAGE)).toEqual(['pixels', 'start-up']);
});

it('replaces a report and leaves the rest of the page', () => {
  const page = withReport(PAGE, 'pixels', '| $1 |');
  expect(page).toContain('<!-- bench:pixels -->\n\n| $1 |\n\n<!-- /bench:pixels -->\n\nBetween.');
  expect(page).not.toContain('old');
  expect(withReport(page, 'start-up', 'new')).toContain('<!-- bench:start-up -->\n\nnew\n\n<!-- /bench');
});

it('refuses a name that the page does not have', () => {
  expect(() => withReport(PAGE, 'pixel', 'new')).toThrow('The page has no section <!-- bench:pixel -->.');
});
