import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { ask, isLeftOut, PHONE, picture, useDemoPage } from './demo-page.ts';

/** Delays the reading of files of this name until the function in `window.release` is called. */
const slowFile = (name: string): string => `{
  const read = File.prototype.arrayBuffer;
  const released = new Promise((resolve) => { window.release = resolve; });
  File.prototype.arrayBuffer = async function () {
    if (this.name === '${name}') await released;
    return read.call(this);
  };
}`;

/** Makes requests to a path wait. @returns what ends the wait */
async function hold(page: Page, path: string): Promise<() => void> {
  let release = (): void => undefined;
  const isReleased = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(path, async (route) => {
    await isReleased;
    return route.continue().catch(() => undefined);
  });
  return release;
}

const active = (page: Page): Promise<string> => page.evaluate('document.activeElement.id');

describe.skipIf(isLeftOut)('the demo page, when its user does not wait', () => {
  const demo = useDemoPage();
  const slow = { name: 'slow.png', mimeType: 'image/png' };

  it('keeps the picture that was chosen last, and asks about no other', async () => {
    const page = await demo.openPage();
    const buffer = await readFile(picture);
    await page.evaluate(slowFile(slow.name));
    await page.setInputFiles('#file', { ...slow, buffer });
    await page.setInputFiles('#file', picture);
    await page.locator('#file-name', { hasText: basename(picture) }).waitFor();
    await page.evaluate('window.release()');
    await page.evaluate(slowFile(slow.name));
    expect(await page.locator('#file-name').textContent()).toBe(basename(picture));
    // A question waits for the picture that is being read.
    await page.setInputFiles('#file', { ...slow, buffer });
    await page.fill('#texts', 'a dog');
    await page.click('#ask');
    await page.locator('#ask.busy').waitFor();
    await page.evaluate('window.release()');
    await page.locator('#code', { hasText: slow.name }).waitFor({ state: 'attached' });
    expect(await page.locator('#stale').isVisible()).toBe(false);
  });

  it('keeps the picture of its user when an example arrives later', async () => {
    const page = await demo.openPage();
    const release = await hold(page, '**/demo/examples/*');
    await page.locator('#examples a').first().click();
    await page.locator('#ask.busy').waitFor();
    await page.setInputFiles('#file', picture);
    await page.locator('#file-name', { hasText: basename(picture) }).waitFor();
    await page.fill('#texts', 'mine');
    release();
    await page.locator('#ask:not(.busy)').waitFor();
    expect(await page.locator('#file-name').textContent()).toBe(basename(picture));
    expect(await page.locator('#texts').inputValue()).toBe('mine');
  });

  it('asks no more when the example that takes the place of a question cannot be had', async () => {
    const page = await demo.openPage();
    await page.setInputFiles('#file', picture);
    await page.fill('#texts', 'a dog');
    await hold(page, '**/predict');
    await page.route('**/demo/examples/*', (route) => route.abort());
    await page.click('#ask');
    await page.locator('#ask.busy').waitFor();
    await page.locator('#examples a').first().click();
    await page.locator('#error', { hasText: 'cannot be reached' }).waitFor();
    await page.locator('#ask:not(.busy)').waitFor();
    expect(await page.locator('#ask').textContent()).toBe('Ask');
    demo.ignoreErrors('ERR_FAILED');
  });

  it('leaves the focus to whoever writes the next question', async () => {
    const page = await demo.openPage(PHONE);
    await page.setInputFiles('#file', picture);
    await page.fill('#texts', 'a dog');
    const release = await hold(page, '**/predict');
    await page.focus('#texts');
    await page.keyboard.press('Control+Enter');
    await page.locator('#ask.busy').waitFor();
    await page.keyboard.type(' or two');
    release();
    await page.waitForSelector('#seen[data-exact]');
    expect(await active(page)).toBe('texts');
    expect(await page.locator('#stale').isVisible()).toBe(true);
  });

  it('aborts an explanation that nobody waits for', async () => {
    const page = await demo.openPage();
    await ask(page, 'a dog\na cat');
    const release = await hold(page, '**/predict');
    const aborted = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/predict'));
    const [first, second] = await page.locator('.look').all();
    await first?.click();
    await second?.click();
    await aborted;
    release();
    await page.locator('#seen-caption', { hasText: '“a cat”: ' }).waitFor();
    // Read aloud, as the focus stays on the button.
    expect(await page.locator('#seen-caption').getAttribute('aria-live')).toBe('polite');
  });

  it('opens the camera once', async () => {
    const page = await demo.openPage();
    await page.evaluate(`{
      window.streams = [];
      const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (wanted) => {
        const stream = await open(wanted);
        window.streams.push(stream);
        return stream;
      };
    }`);
    await page.evaluate("{ const button = document.getElementById('camera'); button.click(); button.click(); }");
    await page.locator('#camera-cancel').click();
    await page.locator('#camera-dialog').waitFor({ state: 'hidden' });
    const states = () => page.evaluate('window.streams.map((stream) => stream.getTracks()[0].readyState)');
    // The dialog is hidden before it tells of its end.
    await expect.poll(states).toEqual(['ended']);
  });
});

describe.skipIf(isLeftOut)('the demo page, when something fails', () => {
  const demo = useDemoPage();

  it('shows and keeps an answer without the picture as the model saw it', async () => {
    const page = await demo.openPage();
    await page.route('**/demo/pixels', (route) => route.fulfill({ status: 429, json: { detail: 'Too many.' } }));
    await page.setInputFiles('#file', picture);
    await page.fill('#texts', 'a dog');
    await page.click('#ask');
    await page.locator('#seen-caption', { hasText: 'is not shown: Too many.' }).waitFor();
    await page.locator('#history button').click();
    await page.locator('#timing', { hasText: 'An earlier answer' }).waitFor();
    expect(await page.locator('#error').textContent()).toBe('');
    demo.ignoreErrors('429');
  });

  it('says in words that an answer is not the service’s, or broke off', async () => {
    const page = await demo.openPage();
    await page.setInputFiles('#file', picture);
    await page.fill('#texts', 'a dog');
    const answers = [
      [200, '<html>Sign in</html>', 'a proxy or a sign-in page'],
      [404, '<html>', 'The service answered 404.'],
      [413, '<html>', 'too large for a proxy'],
      [429, '<html>', 'takes no more requests at the moment'],
      [502, '<html>', 'The service is not running at the moment (502). Ask again'],
      [503, 'null', 'The service is not running at the moment (503). Ask again'],
      [504, '<html>', 'has not waited for the answer'],
    ] as const;
    for (const [status, body, shown] of answers) {
      await page.route('**/predict', (route) => route.fulfill({ status, body }));
      await page.click('#ask');
      await page.locator('#error', { hasText: shown }).waitFor();
      await page.unroute('**/predict');
    }
    demo.ignoreErrors('Failed to load resource');
  });

  it('asks for a key when the service has begun to require one', async () => {
    const page = await demo.openPage();
    expect(await page.locator('#key-field').isVisible()).toBe(false);
    await page.setInputFiles('#file', picture);
    await page.fill('#texts', 'a dog');
    await page.route('**/predict', (route) => route.fulfill({ status: 401, json: { detail: 'Send an API key.' } }));
    await page.click('#ask');
    await page.locator('#error', { hasText: 'Enter it above.' }).waitFor();
    expect(await active(page)).toBe('key');
    // A character that no header can hold.
    await page.fill('#key', 'a…');
    await page.keyboard.press('Enter');
    await page.locator('#error', { hasText: 'Copy it again.' }).waitFor();
    await page.unroute('**/predict');
    // Copied with the spaces around it.
    await page.fill('#key', ' a ');
    const request = page.waitForRequest('**/predict');
    await page.keyboard.press('Enter');
    expect((await request).headers()['authorization']).toBe('Bearer a');
    await page.waitForSelector('#seen[data-exact]');
    demo.ignoreErrors('401');
  });

  it('asks for a key when only an explanation or the exact pixels of an earlier picture need one', async () => {
    const page = await demo.openPage();
    await ask(page, 'a dog');
    const refuse = (path: string): Promise<unknown> =>
      page.route(path, (route) => route.fulfill({ status: 401, json: { detail: 'Send an API key.' } }));
    await refuse('**/predict');
    await page.click('.look');
    await page.locator('#seen-caption', { hasText: 'Enter it above.' }).waitFor();
    expect(await page.locator('#key').isVisible()).toBe(true);
    await page.reload();
    await page.waitForSelector('body[data-ready]');
    await refuse('**/demo/pixels');
    expect(await page.locator('#key').isVisible()).toBe(false);
    await page.locator('#history button').click();
    await page.locator('#seen-caption', { hasText: 'Enter it above.' }).waitFor();
    expect(await page.locator('#key').isVisible()).toBe(true);
    demo.ignoreErrors('401');
  });

  it('sends no premise that is out of sight', async () => {
    const page = await demo.openPage();
    await page.evaluate("document.getElementById('premise').value = 'it rains'");
    await ask(page, 'a dog');
    expect(await page.locator('#premise').isVisible()).toBe(true);
  });
});
