import { join } from 'node:path';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { fixturePackage } from '../../../testing/fixtures.ts';
import { serve } from '../service.ts';
import { artefacts, ask, isLeftOut, PHONE, picture, useDemoPage } from './demo-page.ts';

/** What axe finds on a page. */
async function violations(page: Page): Promise<unknown> {
  // The page's policy allows no further scripts, but the browser's own tools may run any.
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: axe.source });
  const { result } = await session.send('Runtime.evaluate', {
    expression:
      'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, ...nodes.map((node) => node.html)]))',
    awaitPromise: true,
    returnByValue: true,
  });
  return result.value;
}

describe.skipIf(isLeftOut)('the demo page, over several questions', () => {
  const demo = useDemoPage();

  it('keeps the questions of this browser over a reload, until they are cleared', async () => {
    const page = await demo.openPage();
    await page.setInputFiles('#file', picture);
    await page.fill('#texts', 'a dog\na cat');
    await page.click('#ask');
    await page.waitForSelector('#history li');
    await page.reload();
    await page.waitForSelector('body[data-ready]');
    expect(await page.locator('#history .caption').allTextContents()).toEqual(['a dog (and 1 more)']);
    await page.locator('#history button').click();
    await page.waitForSelector('#results li:nth-child(2)');
    expect(await page.locator('#texts').inputValue()).toBe('a dog\na cat');
    expect(await page.locator('#timing').textContent()).toContain('An earlier answer');
    expect(await page.locator('#stale').isVisible()).toBe(false);
    await page.click('#clear');
    await page.waitForSelector('#history li', { state: 'detached' });
    await page.reload();
    await page.waitForSelector('body[data-ready]');
    expect(await page.locator('#history-section').isVisible()).toBe(false);
  });

  it('keeps a long text without a long page', async () => {
    const page = await demo.openPage();
    await page.setInputFiles('#file', picture);
    await page.fill('#texts', 'a dog and '.repeat(900));
    await page.click('#ask');
    const card = page.locator('#history button');
    await card.waitFor();
    expect((await card.boundingBox())?.height).toBeLessThan(500);
  });

  it('has a link that reproduces an example', async () => {
    const page = await demo.openPage();
    await page.locator('#examples a').nth(1).click();
    await page.waitForSelector('#seen[data-exact]');
    const { hash } = new URL(page.url());
    expect(hash).toBe('#example=2');
    const other = await demo.open(`/${hash}`);
    await other.waitForSelector('#results li:nth-child(2)');
    expect(await other.locator('#premise').inputValue()).toBe('it rains');
    // With another picture it is the example no more.
    await other.setInputFiles('#file', picture);
    await other.locator('#file-name', { hasText: 'image-00.png' }).waitFor();
    await other.waitForURL((url) => url.hash === '');
  });

  it('follows the service to another model', async () => {
    const first = await serve({ MODEL_DIR: join(demo.folder, 'package') });
    const page = await demo.open('/', undefined, first.url);
    await page.waitForSelector('body[data-ready]');
    await first.stop();
    const second = await serve({ MODEL_DIR: await fixturePackage('mini-none', 'int8'), PORT: first.port });
    try {
      await page.locator('#examples a').first().click();
      await page.locator('#error', { hasText: 'another model now, without this example' }).waitFor();
      expect(await page.locator('#model').textContent()).toContain('int8');
      expect(await page.locator('#examples-section').isVisible()).toBe(false);
    } finally {
      await second.stop();
    }
    const third = await serve({ MODEL_DIR: join(demo.folder, 'package'), PORT: first.port });
    try {
      await ask(page, 'a dog');
      expect(await page.locator('#model').textContent()).toContain('fp32');
      expect(await page.locator('#examples li').count()).toBe(2);
      expect(await page.locator('#texts').getAttribute('placeholder')).toContain('there are two red circles.');
    } finally {
      await third.stop();
    }
    demo.ignoreErrors('404');
  });

  it('shows pictures whole, not cropped', async () => {
    const page = await demo.openPage();
    const fit = await page.evaluate("getComputedStyle(document.querySelector('#examples img')).objectFit");
    expect(fit).toBe('contain');
  });

  it('takes a photo where there is a camera', async () => {
    const page = await demo.openPage();
    // Cameras take a moment until their first picture, before which there is none to take.
    await page.evaluate(`{
      const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async (wanted) => {
        navigator.mediaDevices.getUserMedia = open;
        return document.createElement('canvas').captureStream(0);
      };
    }`);
    await page.click('#camera');
    await page.click('#camera-take');
    expect(await page.locator('#camera-dialog').isVisible()).toBe(true);
    await page.click('#camera-cancel');
    await page.click('#camera');
    await page.evaluate(`new Promise((resolve) => {
      const view = document.getElementById('camera-view');
      if (view.videoWidth > 0) resolve();
      else view.addEventListener('loadeddata', resolve);
    })`);
    await page.click('#camera-take');
    await page.locator('#file-name', { hasText: 'photo.jpg' }).waitFor();
    await page.fill('#texts', 'a dog');
    await page.click('#ask');
    await page.waitForSelector('#results li');
  });

  it.each([
    ['light', undefined, 'light'],
    ['dark', undefined, 'dark'],
    ['phone', PHONE, 'light'],
  ] as const)('has nothing that axe finds: %s', async (name, viewport, scheme) => {
    const page = await demo.openPage(viewport, scheme);
    expect(await violations(page)).toEqual([]);
    await page.locator('#examples a').nth(1).click();
    await page.waitForSelector('#seen[data-exact]');
    await page.fill('#texts', 'one\ntwo');
    expect(await violations(page)).toEqual([]);
    await page.fill('#texts', 'one\ntwo\nthree\nfour');
    await page.click('#ask');
    await page.waitForSelector('#results table');
    await page.waitForSelector('#seen[data-exact]');
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: join(artefacts, `demo-page-${name}.png`), fullPage: true });
  });
});
