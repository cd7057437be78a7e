import { execFile } from 'node:child_process';
import { copyFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { isLeftOut, picture, useDemoPage } from './demo-page.ts';

/** What runs the code in each language, which is its last argument. */
const RUNNERS = [
  ['curl', 'sh', '-c'],
  ['python', 'python3', '-c'],
  ['javascript', process.execPath, '--input-type=module', '-e'],
] as const;

/** Runs the code that the page shows. @returns the answer that it prints */
async function runShown(page: Page, language: string, command: readonly string[], cwd: string): Promise<unknown> {
  await page.evaluate("document.getElementById('code-section').open = true");
  await page.selectOption('#language', language);
  const code = (await page.locator('#code').textContent()) ?? '';
  const [program = '', ...args] = command;
  const { stdout } = await promisify(execFile)(program, [...args, code], { cwd });
  return JSON.parse(stdout);
}

describe.skipIf(isLeftOut)('a question on the demo page', () => {
  const demo = useDemoPage();

  it('shows a curl command that is quoted for a shell', async () => {
    const page = await demo.openPage();
    await page.setInputFiles('#file', picture);
    await page.fill('#texts', 'it\'s a "dog" $HOME');
    await page.click('#ask');
    await page.waitForSelector('#results li');
    const curl = await page.locator('#code').textContent();
    expect(curl).toContain(`curl '${demo.service.url}/predict'`);
    expect(curl).toContain(`--form-string 'text=it'\\''s a "dog" $HOME'`);
  });

  it('shows code that runs as it is pasted, for any file name', async () => {
    const page = await demo.openPage();
    const names = ['a;type=b,"c" d.png', ' between spaces .png', 'plain.png '];
    // A model may tell one line break from another.
    await page.locator('#premise-field summary').click();
    await page.fill('#premise', 'it rains\nand\n\n it snows');
    for (const name of names) {
      await copyFile(picture, join(demo.folder, name));
      await page.setInputFiles('#file', join(demo.folder, name));
      await page.fill('#texts', 'it\'s a "dog" $HOME\n¿un perro?');
      await page.click('#ask');
      await page.locator('#code', { hasText: name.slice(0, 5) }).waitFor({ state: 'attached' });
      for (const [language, ...command] of RUNNERS) {
        expect(await runShown(page, language, command, demo.folder)).toMatchObject({ results: [{}, {}] });
        expect(await page.locator('#code').textContent()).toContain('it rains and it snows');
      }
    }
  });

  it('shows code that fetches the picture of an example', async () => {
    const page = await demo.openPage();
    await page.locator('#examples a').nth(1).click();
    await page.waitForSelector('#results li');
    for (const [language, ...command] of RUNNERS) {
      expect(await runShown(page, language, command, '/')).toMatchObject({ results: [{}, {}] });
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
      await page.locator('#file-name', { hasText: `${kind}.png` }).waitFor();
    }
    await page.fill('#texts', 'a dog');
    await page.click('#ask');
    await page.waitForSelector('#results li');
  });

  it('pastes the text of a word processor into a text field, and says what is wrong with other files', async () => {
    const page = await demo.openPage();
    const paste = (id: string, file: string, type: string, text = ''): Promise<boolean> =>
      page.evaluate(`{
        const data = new DataTransfer();
        data.items.add(new File(['%PDF-1.7'], '${file}', { type: '${type}' }));
        if ('${text}' !== '') for (const type of ['text/plain', 'text/html']) data.setData(type, '${text}');
        const init = { bubbles: true, cancelable: true, clipboardData: data };
        document.getElementById('${id}').dispatchEvent(new ClipboardEvent('paste', init));
      }`);
    // Word processors add a picture of the text. True: the browser's default action follows.
    expect(await paste('texts', 'image.png', 'image/png', 'a dog')).toBe(true);
    expect(await paste('texts', 'a.pdf', 'application/pdf')).toBe(false);
    await page.locator('#file-error', { hasText: 'a.pdf is a PDF document.' }).waitFor();
  });

  it('leaves pasted text to text fields, and says elsewhere that it is no picture', async () => {
    const page = await demo.openPage();
    const paste = (id: string): Promise<boolean> =>
      page.evaluate(`{
        const data = new DataTransfer();
        data.setData('text/plain', 'https://example.org/a.png');
        const init = { bubbles: true, cancelable: true, clipboardData: data };
        document.getElementById('${id}').dispatchEvent(new ClipboardEvent('paste', init));
      }`);
    // True: the browser's default action follows.
    expect(await paste('texts')).toBe(true);
    expect(await page.locator('#error').textContent()).toBe('');
    for (const id of ['drop', 'file']) {
      expect(await paste(id)).toBe(false);
      expect(await page.locator('#error').textContent()).toContain('No picture is on the clipboard.');
    }
  });

  it('takes one picture at a time', async () => {
    const page = await demo.openPage();
    await page.evaluate(`{
      const data = new DataTransfer();
      for (const name of ['a.png', 'b.png']) data.items.add(new File(['x'], name, { type: 'image/png' }));
      const init = { bubbles: true, cancelable: true, dataTransfer: data };
      document.getElementById('drop').dispatchEvent(new DragEvent('drop', init));
    }`);
    expect(await page.locator('#error').textContent()).toBe('Those are 2 files. Drop one picture.');
    await page.evaluate(`{
      const data = new DataTransfer();
      for (const name of ['a.png', 'b.png']) data.items.add(new File(['x'], name, { type: 'image/png' }));
      const init = { bubbles: true, cancelable: true, clipboardData: data };
      document.getElementById('drop').dispatchEvent(new ClipboardEvent('paste', init));
    }`);
    expect(await page.locator('#error').textContent()).toBe('Those are 2 files. Paste one picture.');
    expect(await page.locator('#file-name').textContent()).toBe('No picture yet');
  });

  it('leaves dropped text to text fields, and refuses it elsewhere', async () => {
    const page = await demo.openPage();
    const drop = (id: string): Promise<boolean> =>
      page.evaluate(`{
        const data = new DataTransfer();
        data.setData('text/plain', 'https://example.org/a.png');
        const init = { bubbles: true, cancelable: true, dataTransfer: data };
        for (const over of ['drop', '${id}']) document.getElementById(over).dispatchEvent(new DragEvent('dragover', init));
        document.getElementById('${id}').dispatchEvent(new DragEvent('drop', init));
      }`);
    // True: the browser's default action follows.
    expect(await drop('texts')).toBe(true);
    expect(await page.locator('.over').count()).toBe(0);
    expect(await page.locator('#error').textContent()).toBe('');
    expect(await drop('drop')).toBe(false);
    expect(await page.locator('#error').textContent()).toContain('Save the picture first');
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
    await page.waitForSelector('#seen[data-exact]');
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
    expect(await page.locator('#error').textContent()).toBe('Choose a picture first.');
    // A file that cannot be judged is refused when it is chosen, and the picture stays as it was.
    const choose = (name: string, content: string): Promise<void> =>
      page.setInputFiles('#file', { name, mimeType: 'image/png', buffer: Buffer.from(content, 'latin1') });
    await choose('a.png', 'no image');
    await page.locator('#file-error', { hasText: 'a.png is in another format. The model reads JPEG,' }).waitFor();
    await choose('b.heic', '\0\0\0\x18ftypheic');
    await page.locator('#file-error', { hasText: 'b.heic is a HEIC photo.' }).waitFor();
    // Some phones write the brand of any such container first.
    await choose('c.heic', '\0\0\0\x1cftypmif1\0\0\0\0mif1heic');
    await page.locator('#file-error', { hasText: 'c.heic is a HEIC photo.' }).waitFor();
    await choose('d.cr3', '\0\0\0\x18ftypcrx ');
    await page.locator('#file-error', { hasText: 'd.cr3 is a raw photo.' }).waitFor();
    expect(await page.locator('#file-name').textContent()).toBe('No picture yet');
    await page.setInputFiles('#file', picture);
    await page.locator('#file-error', { hasText: /^$/ }).waitFor({ state: 'attached' });
    // What only the service finds is said by its answer.
    await page.fill('#texts', 'x'.repeat(10_001));
    await page.click('#ask');
    await page.locator('#error', { hasText: 'must not be longer than' }).waitFor();
    // The browser itself logs the refused request.
    demo.ignoreErrors('400');
  });

  it('says that a folder cannot be read, and asks about the file as it was chosen', async () => {
    const page = await demo.openPage();
    const session = await page.context().newCDPSession(page);
    const drop = async (file: string): Promise<void> => {
      const data = { items: [], files: [file], dragOperationsMask: 1 };
      for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
        await session.send('Input.dispatchDragEvent', { type, x: 300, y: 300, data });
      }
    };
    await drop(demo.folder);
    await page.locator('#file-error', { hasText: 'cannot be read. Is it a folder' }).waitFor();
    const own = join(demo.folder, 'own.png');
    await copyFile(picture, own);
    await drop(own);
    await page.locator('#file-name', { hasText: 'own.png' }).waitFor();
    await rm(own);
    await page.fill('#texts', 'a dog');
    await page.click('#ask');
    await page.waitForSelector('#seen[data-exact]');
    expect(await page.locator('#error').textContent()).toBe('');
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
    await page.waitForSelector('#results li');
    expect(await page.locator('#error').textContent()).toBe('');
  });

  it('selects the command if there is no clipboard', async () => {
    const page = await demo.openPage();
    await page.locator('#examples a').first().click();
    await page.waitForSelector('#results li');
    await page.getByText('Same request in code').click();
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
    await page.click('#copy');
    await page.locator('#copied', { hasText: 'Selected' }).waitFor();
    expect(await page.evaluate('getSelection().toString()')).toContain('--form-string');
  });
});
