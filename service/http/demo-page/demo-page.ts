import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRoute } from '@hono/zod-openapi';
import { createMiddleware } from 'hono/factory';
import type { Example } from '../../../model/package/examples.ts';
import { ROOT } from '../../../model/root.ts';
import { PATHS } from '../../contract.ts';
import type { ModelInfo } from '../../inference/predictor.ts';
import type { App, AppEnv } from '../context.ts';
import type { PredictDeps } from '../../requests/serve.ts';
import { KEY_SECURITY, PREDICTION_ERRORS, REQUEST_HEADERS } from '../serve/docs.ts';
import { readImageForm } from '../predict/input.ts';
import { imageFormSchema } from '../predict/schema.ts';
import { problemResponses } from '../problems/docs.ts';
import { withSlots } from '../serve/serve.ts';
import { staticContent, staticFile } from '../static-file.ts';

export interface DemoDeps extends PredictDeps {
  /** Examples of the loaded model. */
  readonly examples: readonly Example[];
  /** Whether predictions require an API key, for which the page then asks. */
  readonly needsKey: boolean;
  /** Whether there is documentation to link to. */
  readonly documents: boolean;
}

/** Only the page's own files, and pictures that the browser has made itself. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The folder of the page's files; a build reads them from the sources. */
const PAGE = new URL('service/http/demo-page/assets/', ROOT);

/** Types of the files in it that the page loads, by their endings. */
const MEDIA_TYPES: ReadonlyMap<string, string> = new Map([
  ['.css', 'text/css; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
]);

/** Prefix of everything that the page loads. */
const DEMO_PREFIX = '/demo';
/** Shows an image as the model sees it. */
export const PIXELS_PATH = `${DEMO_PREFIX}/pixels`;

/** Adds the page at `/`, and what it loads under `/demo`. */
export function addDemo(app: App, deps: DemoDeps): void {
  const page = staticContent(() => readPage(deps.documents), 'text/html; charset=utf-8');
  const policy = createMiddleware<AppEnv>(async (c, next) => {
    c.header('content-security-policy', PAGE_POLICY);
    await next();
  });
  app.get(PATHS.demo, policy, page);
  for (const name of readdirSync(PAGE)) {
    const type = MEDIA_TYPES.get(path.extname(name));
    if (type !== undefined) app.get(`${DEMO_PREFIX}/${name}`, staticFile(new URL(name, PAGE), type));
  }
  for (const [index, example] of deps.examples.entries()) {
    const picture = staticFile(pathToFileURL(example.file), example.mediaType);
    app.get(examplePath(deps.predictor.model, example, index), picture);
  }
  const aboutJson = (): string => JSON.stringify(about(deps));
  app.get(`${DEMO_PREFIX}/about.json`, staticContent(aboutJson, 'application/json'));
  addPixels(app, deps);
}

/** The page, without its links to the documentation where there is none. */
async function readPage(documents: boolean): Promise<Uint8Array> {
  const html = await readFile(new URL('index.html', PAGE), 'utf8');
  const links = [/<a href="docs">API documentation<\/a>\s*/, /; the <a href="docs">API<\/a> does not/];
  return Buffer.from(documents ? html : links.reduce((page, link) => page.replace(link, ''), html));
}

/**
 * The path of an example's picture, which no example of another model has: a page that stays open while the model changes
 * must not get the picture of one example for the sentences of another.
 */
function examplePath({ digest }: ModelInfo, { image, sentences }: Example, index: number): string {
  const id = createHash('sha256')
    .update(JSON.stringify([digest, index, image, sentences]))
    .digest('hex');
  return `${DEMO_PREFIX}/examples/${id.slice(0, 16)}`;
}

function about({ predictor, limits, examples, needsKey }: DemoDeps): object {
  const { name, precision, digest, imageSize, knows } = predictor.model;
  return {
    model: { name, precision, digest, image_size: imageSize },
    ...(knows === undefined ? {} : { knows }),
    max_body_mb: limits.maxBodyMb,
    needs_key: needsKey,
    examples: examples.map((example, index) => ({
      // Relative, as a proxy may serve the page under any prefix.
      image: examplePath(predictor.model, example, index).slice(1),
      name: example.image,
      alt: example.alt,
      sentences: example.sentences,
    })),
  };
}

const pixelsRoute = createRoute({
  method: 'post',
  path: PIXELS_PATH,
  operationId: 'pixels',
  tags: ['demo'],
  summary: 'Show an image as the model sees it',
  security: KEY_SECURITY,
  request: {
    headers: REQUEST_HEADERS,
    body: { required: true, content: { 'multipart/form-data': { schema: imageFormSchema } } },
  },
  responses: {
    200: {
      description: 'The exact pixels, upright unless IMAGE_ORIENTATION is stored.',
      content: { 'image/png': { schema: { type: 'string', format: 'binary' } } },
    },
    ...problemResponses(PREDICTION_ERRORS),
  },
});

/** `POST /demo/pixels`: an image as the model sees it, as PNG. It takes a slot as a prediction does. */
function addPixels(app: App, deps: DemoDeps): void {
  app.openAPIRegistry.registerPath(pixelsRoute);
  app.post(PIXELS_PATH, (c) =>
    withSlots(c, deps, readImageForm, async (image, { signal }) => {
      const { model } = deps.predictor;
      const pixels = await deps.predictor.preprocess(image, signal);
      const raw = { width: model.imageSize, height: model.imageSize, channels: 3 } as const;
      // Not needed before: it takes a while to load.
      const { default: sharp } = await import('sharp');
      const png = await sharp(pixels, { raw }).png().toBuffer();
      return c.body(Uint8Array.from(png), 200, { 'content-type': 'image/png' });
    }),
  );
}
