import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import sharp from 'sharp';
import { toPixels } from '../../service/inference/pixels.ts';
import { compileFixture, fixtureFile } from './packages.ts';
import { serve } from './service.ts';
import type { TestService } from './service.ts';

/** The browser of the system; the project downloads none. */
const executablePath = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));
const artefacts = fileURLToPath(new URL('../../coverage/screenshots/', import.meta.url));
const picture = fixtureFile('mini-none', 'image-00.png');

/** Left out where a developer has no browser; in CI it fails instead, so that nothing goes unchecked there. */
const isLeftOut = executablePath === undefined && (process.env['CI'] ?? '') === '';

describe.skipIf(isLeftOut)('the demo page in a browser', () => {
  let folder = '';
  let service: TestService;
  let browser: Browser;
  let page: Page;
  /** What the page complained of, and what it asked of others than the service. */
  let complaints: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ofa-ve-page-'));
    service = await serve({ MODEL_DIR: await compileFixture('mini-none', folder) });
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: ['--no-sandbox'] });
    await mkdir(artefacts, { recursive: true });
  });
  afterAll(async () => {
    await browser.close();
    await service.stop();
    await rm(folder, { recursive: true });
  });
  afterEach(async () => {
    await page.close();
    expect(complaints).toEqual([]);
  });

  async function open(path: string, viewport = { width: 1100, height: 900 }): Promise<void> {
    complaints = [];
    page = await browser.newPage({ viewport });
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(service.url) && !/^(blob|data):/.test(url)) complaints.push(`asks ${url}`);
    });
    await page.goto(`${service.url}${path}`);
  }

  async function openPage(viewport?: { width: number; height: number }): Promise<void> {
    await open('/', viewport);
    await page.waitForSelector('body[data-ready]');
  }

  it('judges several sentences and shows what the model saw', async () => {
    await openPage();
    await page.setInputFiles('#file', picture);
    await page.fill('#texts', 'there are two red circles.\n<b>no circles</b>');
    await page.click('#ask');
    await page.waitForSelector('#results > li:nth-child(2)');
    expect(await page.locator('#results > li').count()).toBe(2);
    expect(await page.locator('.sentence').first().textContent()).toBe('“there are two red circles.”: maybe');
    // A user's text is text, whatever it looks like.
    expect(await page.locator('.sentence').nth(1).textContent()).toContain('<b>no circles</b>');
    const first = page.locator('#results > li').first();
    expect(await first.locator('.percent').allTextContents()).toEqual(['17.1 %', '16.1 %', '66.8 %']);
    const styles = await Promise.all(
      (await first.locator('.bar').all()).map((bar) => bar.getAttribute('style')),
    );
    expect(styles.map((style) => Math.round(parseFloat(style?.split(':')[1] ?? '')))).toEqual([17, 16, 67]);
    expect(await page.locator('#timing').textContent()).toMatch(/^\d+ ms in the service, .*mini-none, fp32$/);
    await page.waitForSelector('#seen:not([hidden])');
    await page.screenshot({ path: join(artefacts, 'demo-page.png'), fullPage: true });
  });

  it('gives the exact pixels as PNG', async () => {
    await openPage();
    const form = new FormData();
    form.append('image', new Blob([Uint8Array.from(await readFile(picture))]), 'a.png');
    const response = await fetch(`${service.url}/demo/pixels`, { method: 'POST', body: form });
    expect(response.headers.get('content-type')).toBe('image/png');
    const shown = await sharp(Buffer.from(await response.arrayBuffer()))
      .raw()
      .toBuffer();
    expect(shown.equals(await toPixels(await readFile(picture), 64))).toBe(true);
  });

  it('gives a curl that a shell reads as it is meant', async () => {
    await openPage();
    await page.setInputFiles('#file', picture);
    await page.fill('#texts', 'it\'s a "dog" $HOME');
    await page.click('#ask');
    await page.waitForSelector('#results > li');
    const curl = await page.locator('#curl').textContent();
    expect(curl).toContain(`curl '${service.url}/predict'`);
    expect(curl).toContain(`--form-string 'text=it'\\''s a "dog" $HOME'`);
  });

  it('is used by keyboard alone, and names its fields', async () => {
    await openPage();
    expect(await page.getByLabel('Choose a picture').count()).toBe(1);
    await page.getByLabel('Choose a picture').setInputFiles(picture);
    await page.getByLabel('Sentences, one a line').focus();
    await page.keyboard.type('a dog');
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector('#results > li');
    // By selector: the page's policy forbids the evaluation that waiting for a function takes.
    await page.waitForSelector('#answer-title:focus', { state: 'attached' });
    const unnamed = await page.evaluate(`
      [...document.querySelectorAll('input, textarea, button, img')]
        .filter((each) => each.checkVisibility())
        .filter((each) => !each.labels?.length && !each.alt && !each.textContent.trim())
        .map((each) => each.outerHTML)`);
    expect(unnamed).toEqual([]);
  });

  it('takes a pasted and a dropped picture', async () => {
    await openPage();
    for (const kind of ['paste', 'drop'] as const) {
      const base64 = (await readFile(picture)).toString('base64');
      const event =
        kind === 'paste'
          ? "new ClipboardEvent('paste', { ...init, clipboardData: data })"
          : "new DragEvent('drop', { ...init, dataTransfer: data })";
      await page.evaluate(`
        const bytes = Uint8Array.from(atob('${base64}'), (c) => c.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], '${kind}.png', { type: 'image/png' }));
        const init = { bubbles: true, cancelable: true };
        document.getElementById('drop').dispatchEvent(${event});`);
      expect(await page.locator('#file-name').textContent()).toBe(`${kind}.png`);
    }
    await page.fill('#texts', 'a dog');
    await page.click('#ask');
    await page.waitForSelector('#results > li');
  });

  it('tells what is missing and what went wrong', async () => {
    await openPage();
    await page.fill('#texts', 'a dog');
    await page.click('#ask');
    expect(await page.getByRole('alert').textContent()).toBe('Choose a picture first.');
    await page.setInputFiles('#file', {
      name: 'a.png',
      mimeType: 'image/png',
      buffer: Buffer.from('no image'),
    });
    await page.click('#ask');
    await page.locator('#error', { hasText: 'not a JPEG' }).waitFor();
    // The browser itself notes the refused request.
    complaints = complaints.filter((text) => !text.includes('415'));
  });

  it('has examples that answer with one click', async () => {
    await openPage();
    await page.locator('#examples button').first().click();
    await page.waitForSelector('#results > li');
    expect(await page.locator('#texts').inputValue()).not.toBe('');
  });

  it('fits a phone', async () => {
    await openPage({ width: 360, height: 740 });
    await page.setInputFiles('#file', picture);
    await page.fill('#texts', `a dog ${'verylongword'.repeat(10)}`);
    await page.click('#ask');
    await page.waitForSelector('#seen:not([hidden])');
    const width = await page.evaluate('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(360);
    await page.screenshot({ path: join(artefacts, 'demo-page-phone.png'), fullPage: true });
  });

  it('has documents beside it that show the routes', async () => {
    await open('/docs');
    await page.waitForSelector('.opblock-summary-path');
    expect(await page.locator('#swagger-ui').textContent()).toContain('/predict');
  });
});
