import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ask, isLeftOut, PHONE, useDemoPage } from './demo-page.ts';

describe.skipIf(isLeftOut)('an answer on the demo page', () => {
  const demo = useDemoPage();

  it('says what the model knows, and suggests sentences of its examples', async () => {
    const page = await demo.openPage();
    expect(await page.locator('#knows').textContent()).toContain('Circles & <b>squares</b>.');
    expect(await page.locator('#texts').getAttribute('placeholder')).toBe(
      'for example: there are two red circles.\nno circles',
    );
  });

  it('is marked as stale when the question changes, until it is as it was', async () => {
    const page = await demo.openPage();
    await ask(page, 'a dog');
    expect(await page.locator('#stale').isVisible()).toBe(false);
    await page.fill('#texts', 'a cat');
    expect(await page.locator('#stale').isVisible()).toBe(true);
    await page.fill('#texts', 'a dog');
    expect(await page.locator('#stale').isVisible()).toBe(false);
  });

  it('looks unsure below one half, and is told apart without colour', async () => {
    const page = await demo.openPage();
    const scores = { yes: 0.4, no: 0.35, maybe: 0.25 };
    const answer = (label: string, confidence: number) => ({ result: 0, label, confidence, scores });
    await page.route('**/predict', (route) =>
      route.fulfill({
        json: {
          results: [answer('yes', 0.4), answer('no', 0.9), answer('maybe', 0.9)],
          labels: ['yes', 'no', 'maybe'],
          latency_ms: 1,
          model: { name: 'm', precision: 'fp32' },
        },
      }),
    );
    await ask(page, 'one\ntwo\nthree');
    expect(await page.locator('#results .badge').allTextContents()).toEqual(['✓yes (unsure)', '✕no', '?maybe']);
    const style = await page.evaluate(
      "getComputedStyle(document.querySelector('#results .badge.unsure')).borderTopStyle",
    );
    expect(style).toBe('dashed');
    const colours = await page.evaluate<string[]>(
      "[...document.querySelectorAll('#results .badge')].map((each) => getComputedStyle(each).backgroundColor)",
    );
    expect(new Set(colours).size).toBe(3);
  });

  it('shows its bars and buttons where the system replaces all colours', async () => {
    const page = await demo.openPage();
    await page.emulateMedia({ forcedColors: 'active' });
    await ask(page, 'a dog');
    await page.click('.look');
    await page.waitForSelector('.look[aria-pressed="true"]:not(.busy)');
    const colours = await page.evaluate(`{
      const style = (selector) => getComputedStyle(document.querySelector(selector));
      const paper = style('body').backgroundColor;
      [style('.bar').backgroundColor, style('.look').backgroundColor, style('#ask').borderTopColor].map(
        (colour) => colour !== paper && colour !== 'rgba(0, 0, 0, 0)',
      ).concat(style('#ask').borderTopWidth !== '0px');
    }`);
    expect(colours).toEqual([true, true, true, true]);
  });

  it('has the warnings about its texts, also when it is shown again', async () => {
    const page = await demo.openPage();
    await ask(page, 'a\u00a0dog\n' + 'a dog and '.repeat(100));
    const warnings = page.locator('#warnings p');
    const shown = [/^Text 1 contains a no-break space/, /^Text 2 is too long: the model reads /];
    for (const [index, text] of shown.entries())
      await expect.poll(() => warnings.nth(index).textContent()).toMatch(text);
    await ask(page, 'a dog');
    await expect.poll(() => warnings.count()).toBe(0);
    await page.locator('#history button').nth(1).click();
    await expect.poll(() => warnings.first().textContent()).toMatch(shown[0] ?? '');
  });

  it('is a table from four sentences on, which can be downloaded as CSV', async () => {
    const page = await demo.openPage();
    await ask(page, 'a "dog", big\ntwo\nthree\nfour');
    expect(await page.locator('#results tbody tr').count()).toBe(4);
    const waiting = page.waitForEvent('download');
    await page.click('#csv');
    const csv = await readFile(await (await waiting).path(), 'utf8');
    const [head, first] = csv.split('\r\n');
    // Excel takes a file without the mark for one in the code page of its Windows.
    expect(head).toBe('\ufeffsentence,premise,answer,probability,p(yes),p(no),p(maybe)');
    expect(first).toMatch(/^"a ""dog"", big",,(yes|no|maybe),0\.\d+,0\.\d+/);
  });

  it('shows progress on the button, which is in view', async () => {
    const page = await demo.openPage(PHONE);
    let release = (): void => undefined;
    const isReleased = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route('**/predict', async (route) => {
      await isReleased;
      return route.continue();
    });
    await page.locator('#examples a').first().click();
    await page.locator('#ask.busy', { hasText: 'Asking' }).waitFor();
    const box = await page.locator('#ask').boundingBox();
    expect(box && box.y >= 0 && box.y + box.height <= PHONE.height).toBe(true);
    release();
    await page.waitForSelector('#seen[data-exact]');
    expect(await page.locator('#ask').textContent()).toBe('Ask');
  });

  it('is seen together with the picture on a phone', async () => {
    const page = await demo.openPage(PHONE);
    await ask(page, 'one\ntwo\nthree\nfour\nfive\nsix\nseven');
    const last = page.locator('#results tbody tr').last();
    await page.evaluate("document.querySelector('#results tbody tr:last-child').scrollIntoView({ block: 'end' })");
    const [seen, row] = await Promise.all([page.locator('#seen-image').boundingBox(), last.boundingBox()]);
    if (!seen || !row) expect.fail('picture and row are not both shown');
    expect(seen.y).toBeGreaterThanOrEqual(0);
    expect(row.y).toBeGreaterThanOrEqual(seen.y + seen.height);
    // Half a pixel for rounding.
    expect(row.y + row.height).toBeLessThanOrEqual(PHONE.height + 0.5);
  });

  it('can be explained: the picture shows where the model looked', async () => {
    const page = await demo.openPage();
    await ask(page, 'there are two red circles.');
    const button = page.getByRole('button', { name: 'Where it looked for “there are two red circles.”' });
    await button.click();
    await page.locator('#seen-caption', { hasText: '“there are two red circles.”: ' }).waitFor();
    await button.click();
    expect(await page.locator('#seen-caption').textContent()).toBe('What the model saw, pixel for pixel.');
    // The fixture's weights are random, and so is where it looks.
    const heatmap = Array.from({ length: 8 }, (_, row) => Array.from({ length: 8 }, () => (row === 0 ? 0.5 : 0)));
    await page.route('**/predict', (route) => route.fulfill({ json: { explanation: { heatmap } } }));
    await button.click();
    await page.waitForSelector('#heat:not([hidden])');
    expect(await page.locator('#seen-caption').textContent()).toContain('depends most on the part at the top');
    const opacity = (x: number, y: number): Promise<unknown> =>
      page.evaluate(`document.getElementById('heat').getContext('2d').getImageData(${x}, ${y}, 1, 1).data[3]`);
    expect([await opacity(0, 0), await opacity(0, 7)]).toEqual([0, 191]);
    await button.click();
    expect(await page.locator('#heat').isVisible()).toBe(false);
  });
});
