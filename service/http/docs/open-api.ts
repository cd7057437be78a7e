import { readFile } from 'node:fs/promises';
import type { Example } from '../../../model/package/examples.ts';
import { version } from '../../../model/version.ts';
import type { ModelInfo } from '../../inference/predictor.ts';
import { PROJECT } from '../../requests/problem.ts';
import type { App } from '../context.ts';
import { EXAMPLE_IMAGE, EXAMPLE_TEXTS } from '../predict/schema.ts';
import { KEY_SCHEMES } from '../serve/docs.ts';

/** What the document says about this service in particular. */
export interface DocumentFacts {
  readonly model: ModelInfo;
  /** Examples of the model; the document shows a picture and sentences of them. */
  readonly examples: readonly Example[];
  /** Whether predictions require an API key. */
  readonly needsKey: boolean;
}

const INFO = {
  title: 'ofa-ve',
  version,
  description:
    'Visual entailment: does an image entail a text? Errors are problem details (RFC 9457) of type application/problem+json, or application/json under /v2. Every response has the header X-Request-Id. Any path answers 400, 408 or 431 to a request that is not valid HTTP, whose headers do not arrive, or whose headers are too large. A slash at the end of a path is ignored.',
  contact: { name: 'ofa-ve', url: PROJECT },
  license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
};

/** Largest file of a picture that the document contains, in bytes. */
const MAX_PICTURE_BYTES = 32 * 1024;

/** The tags of operations, in the order in which Swagger UI shows them. */
const TAGS = {
  predictions: 'Judge whether an image entails a text.',
  'open-inference-protocol': 'The same for clients of KServe and Triton: version 2 of the protocol.',
  probes: 'For Kubernetes and load balancers.',
  demo: 'What the demo page needs besides predictions.',
};

type Document = ReturnType<App['getOpenAPI31Document']>;
type Operation = NonNullable<NonNullable<Document['paths']>[string]['post']>;

/** The OpenAPI 3.1 document of all registered routes. */
export async function openApiDocument(app: App, facts: DocumentFacts): Promise<Document> {
  const { knows } = facts.model;
  const about = knows === undefined ? '' : `\n\nWhat the model knows: ${asMarkdown(knows)}`;
  const registered = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { ...INFO, description: `${INFO.description}${about}` },
    servers: [{ url: '.' }],
    // Of operations that do not say otherwise.
    security: [],
  });
  // A copy, as it shares objects with the routes, and so with other services of this process.
  const document = withExamples(registered, await packageExamples(facts.examples));
  const operations = Object.values(document.paths ?? {}).flatMap((path) => Object.values(path) as Operation[]);
  for (const operation of operations) complete(operation, facts);
  const used = new Set(operations.flatMap(({ tags = [] }) => tags));
  document.tags = Object.entries(TAGS)
    .filter(([name]) => used.has(name))
    .map(([name, description]) => ({ name, description }));
  if (facts.needsKey) document.components = { ...document.components, securitySchemes: KEY_SCHEMES };
  return document;
}

/** Escapes what has a meaning in Markdown, which descriptions are. */
function asMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_<>[\]#|~]/g, '\\$&');
}

/** What replaces the schemas' own examples: the first picture of the package that is small and has enough sentences. */
async function packageExamples(examples: readonly Example[]): Promise<ReadonlyMap<unknown, string>> {
  const replacements = new Map<unknown, string>();
  for (const { file, sentences } of examples) {
    const own = sentences.flatMap(({ hypothesis, premise }) => (premise === undefined ? hypothesis : []));
    if (own.length < EXAMPLE_TEXTS.length) continue;
    const picture = await readFile(file).catch(() => undefined);
    if (picture === undefined || picture.length > MAX_PICTURE_BYTES) continue;
    replacements.set(EXAMPLE_IMAGE, picture.toString('base64'));
    for (const [index, text] of EXAMPLE_TEXTS.entries()) replacements.set(text, own[index] ?? text);
    break;
  }
  return replacements;
}

/** A copy of a document with other examples. */
function withExamples(document: Document, replacements: ReadonlyMap<unknown, string>): Document {
  return JSON.parse(JSON.stringify(document), (_, value: unknown) => replacements.get(value) ?? value) as Document;
}

/** Adapts an operation to this service. */
function complete(operation: Operation, { model, needsKey }: DocumentFacts): void {
  operation.description ??= `${operation.summary ?? ''}.`;
  if (!needsKey) {
    delete operation.security;
    // Answered only where there are keys.
    delete operation.responses?.['401'];
    delete operation.responses?.['403'];
  }
  // So that Swagger UI can call an operation without further input.
  const examples: Readonly<Record<string, string>> = { name: model.name, version: model.digest };
  for (const parameter of operation.parameters ?? []) {
    if ('in' in parameter && parameter.in === 'path') parameter.example = examples[parameter.name];
  }
}
