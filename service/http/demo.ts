import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createMiddleware } from 'hono/factory';
import sharp from 'sharp';
import { PATHS } from '../contract.ts';
import type { App, AppEnv } from './context.ts';
import { servePlace } from './predict.ts';
import type { PredictDeps } from './predict.ts';
import { readImageForm } from './predict-input.ts';
import { staticFile } from './static-file.ts';

/** A picture with sentences about it. */
export interface DemoExample {
  /** Path of a JPEG file. */
  readonly file: string;
  readonly sentences: readonly { readonly hypothesis: string; readonly premise?: string | undefined }[];
}

export interface DemoDeps extends PredictDeps {
  readonly examples: readonly DemoExample[];
  /** Whether a prediction needs an API key, for which the page then asks. */
  readonly needsKey: boolean;
}

/** Nothing but the page's own files; its pictures are made in the browser. */
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

/** Where the page's files lie; a build reads them from the sources. */
const PAGE = new URL(
  import.meta.url.endsWith('.ts') ? './demo-page/' : '../../../service/http/demo-page/',
  import.meta.url,
);

/** Where a browser's own requests for the page begin. */
export const DEMO_PREFIX = '/demo';

/** Adds the page at `/`, and what it loads under `/demo`. */
export function addDemo(app: App, deps: DemoDeps): void {
  const page = staticFile(new URL('index.html', PAGE), 'text/html; charset=utf-8');
  const policy = createMiddleware<AppEnv>(async (c, next) => {
    c.header('content-security-policy', PAGE_POLICY);
    await next();
  });
  app.get(PATHS.demo, policy, page);
  const add = (name: string, type: string): void => {
    app.get(`${DEMO_PREFIX}/${name}`, staticFile(new URL(name, PAGE), type));
  };
  add('page.css', 'text/css; charset=utf-8');
  add('page.js', 'text/javascript; charset=utf-8');
  add('icon.svg', 'image/svg+xml');
  for (const { file } of deps.examples) {
    const path = `${DEMO_PREFIX}/examples/${basename(file)}`;
    app.get(path, staticFile(pathToFileURL(file), 'image/jpeg'));
  }
  app.get(`${DEMO_PREFIX}/about.json`, (c) => c.json(about(deps)));
  addPixels(app, deps);
}

function about({ predictor, examples, needsKey }: DemoDeps): object {
  const { name, precision, imageSize } = predictor.model;
  return {
    model: { name, precision, image_size: imageSize },
    needs_key: needsKey,
    examples: examples.map(({ file, sentences }) => ({
      image: `${DEMO_PREFIX.slice(1)}/examples/${basename(file)}`,
      sentences,
    })),
  };
}

/** `POST /demo/pixels`: an image as the model sees it, as PNG. It takes a place as a prediction does. */
function addPixels(app: App, deps: DemoDeps): void {
  app.post(`${DEMO_PREFIX}/pixels`, (c) =>
    servePlace(c, deps, async (signal) => {
      const image = await readImageForm(c.req.raw, deps.limits.maxBodyMb, signal);
      const pixels = await deps.predictor.see(image, signal);
      const size = deps.predictor.model.imageSize;
      const raw = { width: size, height: size, channels: 3 } as const;
      const png = await sharp(pixels, { raw }).png().toBuffer();
      return c.body(Uint8Array.from(png), 200, { 'content-type': 'image/png' });
    }),
  );
}
