/** A page's sections for reports lie between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`. */
const SECTION = /<!-- bench:([\w-]+) -->[\s\S]*?<!-- \/bench:\1 -->/g;

/** Names of the benchmarks that a Markdown page has sections for, in its order. */
export function reportNames(page: string): string[] {
  return [...page.matchAll(SECTION)].map(([, name = '']) => name);
}

/**
 * Puts a report into its section of a page, in place of an earlier one.
 *
 * @param report Markdown
 * @throws Error if the page has no section of that name
 */
export function withReport(page: string, name: string, report: string): string {
  if (!reportNames(page).includes(name)) throw new Error(`The page has no section <!-- bench:${name} -->.`);
  return page.replace(SECTION, (section, found: string) =>
    found === name ? `<!-- bench:${name} -->\n\n${report}\n\n<!-- /bench:${name} -->` : section,
  );
}
