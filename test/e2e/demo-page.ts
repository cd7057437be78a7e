import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { fixturePackage, fixtureFile } from '../../testing/fixtures.ts';
import { serve } from './service.ts';
import type { TestService } from './service.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

/** The browser of the system; the project downloads none. */
const executablePath = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));

/** Left out where a developer has no browser; in CI it fails instead, so that nothing goes unchecked there. */
export const isLeftOut = executablePath === undefined && (process.env['CI'] ?? '') === '';

/** Where screenshots are kept. */
export const artefacts = fileURLToPath(new URL('../../coverage/screenshots/', import.meta.url));
/** A picture to ask about. */
export const picture = fixtureFile('mini-none', 'image-00.png');

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

/** A service with a browser before it. */
export interface DemoPage {
  readonly service: TestService;
  readonly folder: string;
  /** Opens a path of the service, or of another one. */
  open(path: string, viewport?: Viewport, address?: string): Promise<Page>;
  /** Opens the page and waits until it can be used. */
  openPage(viewport?: Viewport): Promise<Page>;
  /** Forgets complaints that a test provoked. */
  forgive(text: string): void;
}

type Viewport = Readonly<{ width: number; height: number }>;

/** Starts a service and a browser for the tests around it; each test fails that leaves a complaint. */
export function useDemoPage(): DemoPage {
  let folder = '';
  let service: TestService;
  let browser: Browser;
  let page: Page | undefined;
  /** What the page complained of, and what it asked of others than the service. */
  let complaints: string[] = [];

  beforeAll(async () => {
    folder = tempFolder();
    const packageDir = await fixturePackage('mini-none');
    await addExamples(packageDir);
    service = await serve({ MODEL_DIR: packageDir });
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
    expect(complaints).toEqual([]);
  });

  const open: DemoPage['open'] = async (
    path,
    viewport = { width: 1100, height: 900 },
    address = service.url,
  ) => {
    complaints = [];
    const opened = await browser.newPage({ viewport });
    page = opened;
    opened.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    opened.on('pageerror', (error) => complaints.push(error.message));
    opened.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(address) && !/^(blob|data):/.test(url)) complaints.push(`asks ${url}`);
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
    forgive: (text) => {
      complaints = complaints.filter((each) => !each.includes(text));
    },
  };
}
