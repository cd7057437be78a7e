import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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

/** Examples beside the package's files: two that are whole, and one whose picture was lost. */
async function addExamples(packageDir: string): Promise<void> {
  const examples = join(packageDir, 'examples');
  await mkdir(examples);
  await copyFile(picture, join(examples, 'it’s #1.png'));
  const sentences = [
    { hypothesis: 'there are two red circles.', answer: 'maybe' },
    { hypothesis: 'no circles', answer: 'yes' },
  ];
  const given = sentences.map((sentence) => ({ ...sentence, premise: 'it rains' }));
  await writeFile(
    join(examples, 'examples.json'),
    JSON.stringify([
      { image: 'it’s #1.png', alt: 'Two circles', sentences },
      { image: 'lost.png', sentences },
      { image: 'it’s #1.png', sentences: given },
    ]),
  );
}

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
    const packageDir = await compileFixture('mini-none', folder);
    await addExamples(packageDir);
    service = await serve({ MODEL_DIR: packageDir });
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

  async function open(
    path: string,
    viewport = { width: 1100, height: 900 },
    address = service.url,
  ): Promise<void> {
    complaints = [];
    page = await browser.newPage({ viewport });
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(address) && !/^(blob|data):/.test(url)) complaints.push(`asks ${url}`);
    });
    await page.goto(`${address}${path}`);
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
    expect(await page.locator('.sentence').first().textContent()).toBe('“there are two red circles.”');
    expect(await page.locator('.label').first().textContent()).toBe('maybe');
    // Nobody has said what would be right.
    expect(await page.locator('.right, .wrong').count()).toBe(0);
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
    // Tab comes to the picture first, and what has the focus can be seen.
    await page.keyboard.press('Tab');
    await page.waitForSelector('#file:focus');
    expect(
      await page.evaluate("getComputedStyle(document.querySelector('label[for=file]')).outlineStyle"),
    ).toBe('solid');
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
        // A picture beside a button's words may go without its own.
        .filter((each) => !each.closest('button')?.textContent.trim())
        .map((each) => each.outerHTML)`);
    expect(unnamed).toEqual([]);
  });

  it('takes a picture that is pasted, or dropped anywhere', async () => {
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
        document.getElementById('${kind === 'paste' ? 'drop' : 'answer-title'}').dispatchEvent(${event});`);
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

  it("has the package's examples, which answer with one click", async () => {
    await openPage();
    expect(await page.locator('#examples button').count()).toBe(2);
    await page.getByRole('button', { name: 'Two circles there are two red circles.' }).click();
    await page.waitForSelector('#results > li:nth-child(2)');
    expect(await page.locator('#texts').inputValue()).toBe('there are two red circles.\nno circles');
    expect(await page.locator('#file-name').textContent()).toBe('it’s #1.png');
    expect(await page.locator('.verdict').nth(0).textContent()).toContain('✓ as expected');
    expect(await page.locator('.verdict').nth(1).textContent()).toContain('expected: yes');
    // Of another picture nothing is known, whatever is asked.
    await page.setInputFiles('#file', picture);
    await page.click('#ask');
    await page.waitForSelector('.right', { state: 'detached' });
  });

  it('shows the premise that an example brings, and takes it away again', async () => {
    await openPage();
    await page.locator('#examples button').nth(1).click();
    await page.waitForSelector('#results > li');
    expect(await page.locator('#premise').isVisible()).toBe(true);
    expect(await page.locator('#curl').textContent()).toContain("--form-string 'premise=it rains'");
    await page.locator('#examples button').nth(0).click();
    await page.waitForSelector('#premise', { state: 'hidden' });
    expect(await page.locator('#premise').inputValue()).toBe('');
  });

  it('has no examples where the package has none', async () => {
    const bare = await mkdtemp(join(folder, 'bare-'));
    const other = await serve({ MODEL_DIR: await compileFixture('mini-none', bare), ENGINE_THREADS: 1 });
    try {
      await open('/', undefined, other.url);
      await page.waitForSelector('body[data-ready]');
      expect(await page.locator('#examples-section').isVisible()).toBe(false);
      expect(await page.locator('#texts').getAttribute('placeholder')).toMatch(/^for example: /);
    } finally {
      await other.stop();
    }
  });

  it('says where the service is gone, and can be asked again', async () => {
    await openPage();
    await page.setInputFiles('#file', picture);
    await page.fill('#texts', 'a dog');
    await page.route('**/predict', (route) => route.abort());
    await page.click('#ask');
    await page.locator('#error', { hasText: 'cannot be reached' }).waitFor();
    complaints = complaints.filter((text) => !text.includes('ERR_FAILED'));
    await page.unroute('**/predict');
    await page.click('#ask');
    await page.waitForSelector('#results > li');
    expect(await page.locator('#error').textContent()).toBe('');
  });

  it('copies the command, or selects it where there is no clipboard', async () => {
    await openPage();
    await page.locator('#examples button').first().click();
    await page.waitForSelector('#results > li');
    await page.getByText('The same with curl').click();
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
    await page.click('#copy');
    await page.locator('#copied', { hasText: 'Selected' }).waitFor();
    expect(await page.evaluate('getSelection().toString()')).toContain('--form-string');
  });

  it('fits a phone', async () => {
    await openPage({ width: 360, height: 740 });
    await page.setInputFiles('#file', picture);
    await page.fill('#texts', `a dog ${'verylongword'.repeat(10)}`);
    await page.click('#ask');
    await page.waitForSelector('#seen:not([hidden])');
    // There is no room for the answer below the question: the page leads to it.
    const top = await page.evaluate("document.getElementById('answer').getBoundingClientRect().top");
    expect(top).toBeLessThan(100);
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
