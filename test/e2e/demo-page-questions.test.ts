import { execFile } from 'node:child_process';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isLeftOut, picture, useDemoPage } from './demo-page.ts';

describe.skipIf(isLeftOut)('a question on the demo page', () => {
  const demo = useDemoPage();

  it('shows a curl command that is quoted for a shell', async () => {
    const page = await demo.openPage();
    await page.setInputFiles('#file', picture);
    await page.fill('#texts', 'it\'s a "dog" $HOME');
    await page.click('#ask');
    await page.waitForSelector('#results > li');
    const curl = await page.locator('#curl').textContent();
    expect(curl).toContain(`curl '${demo.service.url}/predict'`);
    expect(curl).toContain(`--form-string 'text=it'\\''s a "dog" $HOME'`);
  });

  it('shows a curl command that works for any file name', async () => {
    const page = await demo.openPage();
    const names = ['a;type=b,"c" d.png', 'plain.png'];
    for (const name of names) {
      await copyFile(picture, join(demo.folder, name));
      await page.setInputFiles('#file', join(demo.folder, name));
      await page.fill('#texts', 'a dog');
      await page.click('#ask');
      await page.locator('#curl', { hasText: name.slice(0, 2) }).waitFor({ state: 'attached' });
      const curl = (await page.locator('#curl').textContent()) ?? '';
      const { stdout } = await promisify(execFile)('sh', ['-c', curl], { cwd: demo.folder });
      expect(JSON.parse(stdout)).toHaveProperty('label');
    }
  });

  it('accepts a picture that is pasted, or dropped anywhere', async () => {
    const page = await demo.openPage();
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

  it('leaves dropped text to text fields, and refuses it elsewhere', async () => {
    const page = await demo.openPage();
    const drop = (id: string): Promise<boolean> =>
      page.evaluate(`{
        const data = new DataTransfer();
        data.setData('text/plain', 'https://example.org/a.png');
        const init = { bubbles: true, cancelable: true, dataTransfer: data };
        document.getElementById('${id}').dispatchEvent(new DragEvent('drop', init));
      }`);
    // True: the browser's default action follows.
    expect(await drop('texts')).toBe(true);
    expect(await page.getByRole('alert').textContent()).toBe('');
    expect(await drop('drop')).toBe(false);
    expect(await page.getByRole('alert').textContent()).toContain('Save the picture first');
  });

  it('shows only the answer to the last question', async () => {
    const page = await demo.openPage();
    await page.setInputFiles('#file', picture);
    await page.fill('#texts', 'the first');
    let isFirst = true;
    let release = (): void => undefined;
    const isReleased = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route('**/predict', async (route) => {
      if (!isFirst) return route.continue();
      isFirst = false;
      await isReleased;
      return route.continue().catch(() => undefined);
    });
    await page.click('#ask');
    await page.locator('#status', { hasText: 'Asking' }).waitFor();
    await page.fill('#texts', 'the second');
    await page.click('#ask');
    await page.waitForSelector('#seen:not([hidden])');
    release();
    await page.unrouteAll({ behavior: 'wait' });
    expect(await page.locator('.sentence').allTextContents()).toEqual(['“the second”']);
    expect(await page.locator('#error').textContent()).toBe('');
    expect(await page.locator('#status').textContent()).toBe('');
  });

  it('says what is missing and what went wrong', async () => {
    const page = await demo.openPage();
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
    // The browser itself logs the refused request.
    demo.ignoreErrors('415');
  });

  it('reports that the service is unreachable, and recovers', async () => {
    const page = await demo.openPage();
    await page.setInputFiles('#file', picture);
    await page.fill('#texts', 'a dog');
    await page.route('**/predict', (route) => route.abort());
    await page.click('#ask');
    await page.locator('#error', { hasText: 'cannot be reached' }).waitFor();
    demo.ignoreErrors('ERR_FAILED');
    await page.unroute('**/predict');
    await page.click('#ask');
    await page.waitForSelector('#results > li');
    expect(await page.locator('#error').textContent()).toBe('');
  });

  it('selects the command if there is no clipboard', async () => {
    const page = await demo.openPage();
    await page.locator('#examples button').first().click();
    await page.waitForSelector('#results > li');
    await page.getByText('Same request with curl').click();
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
    await page.click('#copy');
    await page.locator('#copied', { hasText: 'Selected' }).waitFor();
    expect(await page.evaluate('getSelection().toString()')).toContain('--form-string');
  });
});
