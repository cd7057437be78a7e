import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { compileCheckpoint } from '../../../model/compile/compile.ts';
import { fixtureFile } from '../../../testing/fixtures.ts';
import { serve, type TestService } from '../service.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

/** The system's browser; the project downloads none. */
const executablePath = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));

/** Skipped where a developer has no browser. CI fails instead, so that nothing goes untested there. */
export const isLeftOut = executablePath === undefined && (process.env['CI'] ?? '') === '';

/** Where screenshots are kept. */
export const artefacts = fileURLToPath(new URL('../../../coverage/screenshots/', import.meta.url));
/** A picture to ask about. */
export const picture = fixtureFile('mini-none', 'image-00.png');

/** Compiles a package with two examples. @returns its folder */
async function packageWithExamples(folder: string): Promise<string> {
  const examples = join(folder, 'examples');
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
      { image: 'it’s #1.png', sentences: given },
    ]),
  );
  const target = join(folder, 'package');
  await compileCheckpoint(fixtureFile('mini-none', ''), target, { examples, knows: 'Circles & <b>squares</b>.' });
  return target;
}

/** A service and a browser. */
export interface DemoPage {
  readonly service: TestService;
  readonly folder: string;
  /** Opens a path of the service at `address`. @default this service */
  open(path: string, viewport?: Viewport, address?: string, colorScheme?: 'light' | 'dark'): Promise<Page>;
  /** Opens the demo page and waits until it is ready. */
  openPage(viewport?: Viewport, colorScheme?: 'light' | 'dark'): Promise<Page>;
  /** Ignores errors that a test provoked. */
  ignoreErrors(text: string): void;
}

type Viewport = Readonly<{ width: number; height: number }>;

const DESKTOP: Viewport = { width: 1100, height: 900 };
/** A small phone's screen. */
export const PHONE: Viewport = { width: 360, height: 740 };

/** Asks about {@link picture} and waits until the answer is there, with the picture as the model sees it. */
export async function ask(page: Page, texts: string): Promise<void> {
  await page.setInputFiles('#file', picture);
  await page.fill('#texts', texts);
  await page.click('#ask');
  await page.waitForSelector('#seen[data-exact]');
}

/** Removes what the page keeps in the browser. */
const FORGET = `new Promise((resolve) => {
  const request = indexedDB.deleteDatabase('ofa-ve');
  request.onsuccess = request.onerror = () => resolve();
})`;

/** Starts a service and a browser for a suite. A test fails if the page logs errors or contacts other hosts. */
export function useDemoPage(): DemoPage {
  let folder = '';
  let service: TestService;
  let browser: Browser;
  // One for all tests, as each opens a window, which takes longer than most tests.
  let context: BrowserContext;
  let page: Page | undefined;
  /** Errors of the page, and its requests to other hosts. */
  let errors: string[] = [];

  beforeAll(async () => {
    folder = tempFolder();
    service = await serve({ MODEL_DIR: await packageWithExamples(folder) });
    browser = await chromium.launch({
      executablePath: executablePath ?? '',
      args: ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
    });
    context = await browser.newContext({ reducedMotion: 'reduce' });
    // The limit of the test ends it.
    context.setDefaultTimeout(0);
    await mkdir(artefacts, { recursive: true });
  });
  afterAll(async () => {
    await browser.close();
    await service.stop();
  });
  afterEach(async () => {
    await page?.evaluate(FORGET);
    await page?.close();
    page = undefined;
    expect(errors).toEqual([]);
  });

  const open: DemoPage['open'] = async (path, viewport = DESKTOP, address = service.url, colorScheme = 'light') => {
    errors = [];
    await page?.close();
    const opened = await context.newPage();
    page = opened;
    await opened.setViewportSize(viewport);
    await opened.emulateMedia({ colorScheme });
    opened.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    opened.on('pageerror', (error) => errors.push(error.message));
    opened.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(address) && !/^(blob|data):/.test(url)) errors.push(`requested ${url}`);
    });
    await opened.goto(`${address}${path}`);
    return opened;
  };
  return {
    get service() {
      return service;
    },
    get folder() {
      return folder;
    },
    open,
    openPage: async (viewport, colorScheme) => {
      const opened = await open('/', viewport, undefined, colorScheme);
      await opened.waitForSelector('body[data-ready]');
      return opened;
    },
    ignoreErrors: (text) => {
      errors = errors.filter((each) => !each.includes(text));
    },
  };
}
