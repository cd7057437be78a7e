import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { createMiddleware } from 'hono/factory';
import { version } from '../../../model/version.ts';
import { PATHS } from '../../contract.ts';
import { KEY_SCHEMES } from '../middleware/api-keys.ts';
import type { App, AppEnv } from '../context.ts';
import { staticContent, staticFile } from '../static-file.ts';

/** Swagger UI's own files, the styles that its script sets, and its icons, which are data URIs. */
const DOCS_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const DOCS_PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>ofa-ve: API</title>
    <link rel="stylesheet" href="docs/swagger-ui.css">
    <link rel="icon" href="data:,">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
`;

const START_SCRIPT = `window.addEventListener('load', () => {
  window.SwaggerUIBundle({ url: 'openapi.json', dom_id: '#swagger-ui', deepLinking: true });
});
`;

const INFO = {
  title: 'ofa-ve',
  version,
  description:
    'Visual entailment: does an image entail a text? Errors are problem details (RFC 9457) of type application/problem+json, or application/json under /v2. Every response has the header X-Request-Id.',
};

/** Adds the OpenAPI document, made from the schemas that check requests, and Swagger UI to show it. */
export function addDocuments(app: App): void {
  for (const [name, scheme] of Object.entries(KEY_SCHEMES)) {
    app.openAPIRegistry.registerComponent('securitySchemes', name, scheme);
  }
  const document = (): string => JSON.stringify(openApiDocument(app));
  app.get(PATHS.openapi, staticContent(document, 'application/json'));
  const policy = createMiddleware<AppEnv>(async (c, next) => {
    c.header('content-security-policy', DOCS_POLICY);
    await next();
  });
  app.get(
    PATHS.docs,
    policy,
    async (c, next) => {
      // The page loads what is beside it. A relative address, as a proxy may serve it under any prefix.
      if (new URL(c.req.url).pathname.endsWith('/')) return c.redirect(`..${PATHS.docs}`, 308);
      return next();
    },
    staticContent(() => DOCS_PAGE, 'text/html; charset=utf-8'),
  );
  const assets = createRequire(import.meta.url).resolve('swagger-ui-dist/package.json');
  const asset = (name: string): URL => new URL(name, pathToFileURL(assets));
  app.get(`${PATHS.docs}/swagger-ui.css`, staticFile(asset('swagger-ui.css'), 'text/css'));
  app.get(`${PATHS.docs}/swagger-ui-bundle.js`, staticFile(asset('swagger-ui-bundle.js'), 'text/javascript'));
  app.get(
    `${PATHS.docs}/start.js`,
    staticContent(() => START_SCRIPT, 'text/javascript'),
  );
}

/** The OpenAPI 3.1 document of all registered routes. */
function openApiDocument(app: App): object {
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: INFO,
    servers: [{ url: '.' }],
  });
}
