import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import sharp from 'sharp';
import { toPixels } from '../../../model/input/pixels/pixels.ts';
import { artefacts, ask, isLeftOut, picture, useDemoPage } from './demo-page.ts';
import { fixturePackage } from '../../../testing/fixtures.ts';
import { serve } from '../service.ts';

describe.skipIf(isLeftOut)('the demo page in a browser', () => {
  const demo = useDemoPage();

  it('judges several sentences and shows what the model saw', async () => {
    const page = await demo.openPage();
    await page.setInputFiles('#file', picture);
    await page.fill('#texts', 'there are two red circles.\n<b>no circles</b>');
    await page.click('#ask');
    await page.waitForSelector('#results li:nth-child(2)');
    expect(await page.locator('#results li').count()).toBe(2);
    expect(await page.locator('.sentence').first().textContent()).toBe('“there are two red circles.”');
    expect(await page.locator('.label').first().textContent()).toBe('maybe');
    // The right answers are unknown.
    expect(await page.locator('.right, .wrong').count()).toBe(0);
    // HTML in a user's text is not interpreted.
    expect(await page.locator('.sentence').nth(1).textContent()).toContain('<b>no circles</b>');
    const first = page.locator('#results li').first();
    expect(await first.locator('.percent').allTextContents()).toEqual(['17.1 %', '16.1 %', '66.8 %']);
    const styles = await Promise.all((await first.locator('.bar').all()).map((bar) => bar.getAttribute('style')));
    expect(styles.map((style) => Math.round(parseFloat(style?.split(':')[1] ?? '')))).toEqual([17, 16, 67]);
    expect(await page.locator('#timing').textContent()).toMatch(/^\d+ ms in the service, .*mini-none, fp32$/);
    await page.waitForSelector('#seen[data-exact]');
    await page.screenshot({ path: join(artefacts, 'demo-page.png'), fullPage: true });
  });

  it('gives the exact pixels as PNG', async () => {
    const form = new FormData();
    form.append('image', new Blob([Uint8Array.from(await readFile(picture))]), 'a.png');
    const response = await fetch(`${demo.service.url}/demo/pixels`, { method: 'POST', body: form });
    expect(response.headers.get('content-type')).toBe('image/png');
    const shown = await sharp(Buffer.from(await response.arrayBuffer()))
      .raw()
      .toBuffer();
    expect(shown.equals(await toPixels(await readFile(picture), 64))).toBe(true);
  });

  it('can be used with the keyboard alone, and labels its fields', async () => {
    const page = await demo.openPage();
    expect(await page.getByLabel('Choose a picture').count()).toBe(1);
    // Tab reaches the picture first, and the focus is visible.
    await page.keyboard.press('Tab');
    await page.waitForSelector('#file:focus');
    expect(await page.evaluate("getComputedStyle(document.querySelector('label[for=file]')).outlineStyle")).toBe(
      'solid',
    );
    await page.getByLabel('Choose a picture').setInputFiles(picture);
    await page.getByLabel('Sentences, one per line').focus();
    await page.keyboard.type('a dog');
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector('#results li');
    // By selector: the page's policy forbids eval, which waiting for a function needs.
    await page.waitForSelector('#answer-title:focus', { state: 'attached' });
    const unnamed = await page.evaluate(`
      [...document.querySelectorAll('input, textarea, button, img')]
        .filter((each) => each.checkVisibility())
        .filter((each) => !each.labels?.length && !each.alt && !each.textContent.trim())
        // A picture in a link or button with text needs no text of its own.
        .filter((each) => !each.closest('a, button')?.textContent.trim())
        .map((each) => each.outerHTML)`);
    expect(unnamed).toEqual([]);
  });

  it("shows the package's examples, each of which is asked with one click", async () => {
    const page = await demo.openPage();
    expect(await page.locator('#examples a').count()).toBe(2);
    await page.getByRole('link', { name: 'Two circles there are two red circles.' }).click();
    await page.waitForSelector('#results li:nth-child(2)');
    expect(await page.locator('#texts').inputValue()).toBe('there are two red circles.\nno circles');
    expect(await page.locator('#file-name').textContent()).toBe('it’s #1.png');
    expect(await page.locator('.verdict').nth(0).textContent()).toContain('✓ as expected');
    expect(await page.locator('.verdict').nth(1).textContent()).toContain('expected: yes');
    // For another picture the right answers are unknown.
    await page.setInputFiles('#file', picture);
    await page.click('#ask');
    await page.waitForSelector('.right', { state: 'detached' });
  });

  it('shows the premise of an example, and removes it for the next', async () => {
    const page = await demo.openPage();
    await page.locator('#examples a').nth(1).click();
    await page.waitForSelector('#results li');
    expect(await page.locator('#premise').isVisible()).toBe(true);
    expect(await page.locator('#code').textContent()).toContain("--form-string 'premise=it rains'");
    await page.locator('#examples a').nth(0).click();
    await page.waitForSelector('#premise', { state: 'hidden' });
    expect(await page.locator('#premise').inputValue()).toBe('');
  });

  it('shows no examples if the package has none', async () => {
    const other = await serve({ MODEL_DIR: await fixturePackage('mini-none'), ENGINE_THREADS: 1 });
    try {
      const page = await demo.open('/', undefined, other.url);
      await page.waitForSelector('body[data-ready]');
      expect(await page.locator('#examples-section').isVisible()).toBe(false);
      expect(await page.locator('#texts').getAttribute('placeholder')).toBe('A sentence about the picture');
      expect(await page.locator('#knows').isVisible()).toBe(false);
    } finally {
      await other.stop();
    }
  });

  it('fits on a phone', async () => {
    const page = await demo.openPage({ width: 360, height: 740 });
    await ask(page, `a dog ${'verylongword'.repeat(10)}`);
    // The answer does not fit below the question: the page scrolls to it.
    const top = await page.evaluate("document.getElementById('answer').getBoundingClientRect().top");
    expect(top).toBeLessThan(100);
    const width = await page.evaluate('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(360);
    await page.screenshot({ path: join(artefacts, 'demo-page-phone.png'), fullPage: true });
  });

  it('comes with API documentation, which begins with predictions and asks for nothing that is optional', async () => {
    const page = await demo.open('/docs/');
    const predict = page.locator('.opblock').first();
    await predict.waitFor();
    expect(new URL(page.url()).pathname).toBe('/docs');
    expect(await predict.locator('.opblock-summary-path').textContent()).toBe('/predict');
    expect(await page.locator('.info').textContent()).toContain('What the model knows: Circles & <b>squares</b>.');
    // Without API keys, nothing is locked.
    expect(await page.locator('.authorize, .authorization__btn').count()).toBe(0);
    await predict.locator('.opblock-summary-control').click();
    await predict.locator('.try-out__btn').click();
    await predict.locator('input[type=file]').setInputFiles(picture);
    await predict.locator('.execute').click();
    await predict.locator('.response-col_status', { hasText: '200' }).first().waitFor();
    const curl = await predict.locator('.curl-command').textContent();
    expect(curl).toContain('text=there are two red circles.');
    expect(curl).not.toMatch(/premise|explain|X-Request/);
  });

  it.each(['light', 'dark'] as const)('has API documentation in the colours of the system: %s', async (scheme) => {
    const page = await demo.open('/docs', undefined, undefined, scheme);
    await page.waitForSelector('.opblock');
    const colour = await page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
    const [red = 255] = /\d+/.exec(colour)?.map(Number) ?? [];
    // In light mode the root is transparent, and the page white.
    expect([colour, colour === 'rgba(0, 0, 0, 0)' || red > 200]).toEqual([colour, scheme === 'light']);
  });
});
