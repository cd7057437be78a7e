import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { compileCheckpoint } from '../../model/compile/compile.ts';
import { fixtureFile } from '../../testing/fixtures.ts';
import { serve, type TestService } from './service.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

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
export const artefacts = fileURLToPath(new URL('../../coverage/screenshots/', import.meta.url));
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
  await compileCheckpoint(fixtureFile('mini-none', ''), target, { examples });
  return target;
}

/** A service and a browser. */
export interface DemoPage {
  readonly service: TestService;
  readonly folder: string;
  /** Opens a path of the service at `address`. @default this service */
  open(path: string, viewport?: Viewport, address?: string): Promise<Page>;
  /** Opens the demo page and waits until it is ready. */
  openPage(viewport?: Viewport): Promise<Page>;
  /** Ignores errors that a test provoked. */
  ignoreErrors(text: string): void;
}

type Viewport = Readonly<{ width: number; height: number }>;

/** Starts a service and a browser for a suite. A test fails if the page logs errors or contacts other hosts. */
export function useDemoPage(): DemoPage {
  let folder = '';
  let service: TestService;
  let browser: Browser;
  let page: Page | undefined;
  /** Errors of the page, and its requests to other hosts. */
  let errors: string[] = [];

  beforeAll(async () => {
    folder = tempFolder();
    service = await serve({ MODEL_DIR: await packageWithExamples(folder) });
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: ['--no-sandbox'] });
    await mkdir(artefacts, { recursive: true });
  });
  afterAll(async () => {
    await browser.close();
    await service.stop();
  });
  afterEach(async () => {
    await page?.close();
    page = undefined;
    expect(errors).toEqual([]);
  });

  const open: DemoPage['open'] = async (path, viewport = { width: 1100, height: 900 }, address = service.url) => {
    errors = [];
    const opened = await browser.newPage({ viewport });
    page = opened;
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
    openPage: async (viewport) => {
      const opened = await open('/', viewport);
      await opened.waitForSelector('body[data-ready]');
      return opened;
    },
    ignoreErrors: (text) => {
      errors = errors.filter((each) => !each.includes(text));
    },
  };
}
