import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { createMiddleware } from 'hono/factory';
import { PATHS } from '../../contract.ts';
import type { App, AppEnv } from '../context.ts';
import { staticContent, staticFile } from '../static-file.ts';
import { openApiDocument, type DocumentFacts } from './open-api.ts';

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

/** Adds the OpenAPI document, made from the schemas that check requests, and Swagger UI to show it. */
export function addDocuments(app: App, facts: DocumentFacts): void {
  const document = (): string => JSON.stringify(openApiDocument(app, facts));
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
