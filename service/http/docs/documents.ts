import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { createMiddleware } from 'hono/factory';
import { PATHS } from '../../contract.ts';
import type { App, AppEnv } from '../context.ts';
import { staticContent, staticFile } from '../static-file.ts';
import { openApiDocument, type DocumentFacts } from './open-api.ts';

/** Swagger UI's own files, the styles that its script sets, its icons (data URIs), and pictures in responses (blobs). */
const DOCS_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * What lets Swagger UI fit on a phone: its fields and buttons have fixed widths, and a column is for links between
 * operations, of which there are none.
 */
const FIT = `
      .swagger-ui .response-col_links { display: none; }
      .swagger-ui .opblock-section-header { flex-wrap: wrap; }
      .swagger-ui .opblock-body input { max-width: 100%; min-width: 0 !important; }
      @media (max-width: 640px) {
        .swagger-ui .wrapper, .swagger-ui .responses-inner { padding-inline: 10px; }
        .swagger-ui .opblock-tag { flex-wrap: wrap; }
        .swagger-ui .opblock-tag small { flex-basis: 60%; padding-inline: 0; }
      }`;

const DOCS_PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>ofa-ve: API</title>
    <link rel="stylesheet" href="docs/swagger-ui.css">
    <style>${FIT}
    </style>
    <link rel="icon" href="data:,">
    <meta name="color-scheme" content="light dark">
    <script src="docs/start.js"></script>
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="docs/swagger-ui-bundle.js"></script>
  </body>
</html>
`;

/**
 * Runs before the page is shown. Swagger UI's styles are dark below its class `dark-mode`. Without the plugin, it fills
 * in the optional fields of a form and sends them, empty ones included.
 */
const START_SCRIPT = `const dark = matchMedia('(prefers-color-scheme: dark)');
const adapt = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
adapt();
dark.addEventListener('change', adapt);
const leaveOutOptionalFields = () => ({
  wrapComponents: {
    JsonSchemaForm: (Form, { React }) => (props) =>
      React.createElement(Form, props.dispatchInitialValue && !props.required ? { ...props, dispatchInitialValue: false } : props),
    ParameterIncludeEmpty: (Include, { React }) => (props) => React.createElement(Include, { ...props, isIncludedOptions: {} }),
  },
});
window.addEventListener('load', () => {
  window.SwaggerUIBundle({
    url: 'openapi.json',
    dom_id: '#swagger-ui',
    deepLinking: true,
    plugins: [leaveOutOptionalFields],
  });
});
`;

/** Adds the OpenAPI document, made from the schemas that check requests, and Swagger UI to show it. */
export function addDocuments(app: App, facts: DocumentFacts): void {
  const document = async (): Promise<string> => JSON.stringify(await openApiDocument(app, facts));
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
