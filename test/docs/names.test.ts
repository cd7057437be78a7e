import { status as codes } from '@grpc/grpc-js';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { config, ofaLarge } from '../../infra/config.ts';
import { IMAGE_FORMATS } from '../../model/image-format.ts';
import { RESULT_COLUMNS } from '../../batch/output/parquet-results.ts';
import { BATCH_SETTINGS } from '../../infra/config/pod-settings.ts';
import { deploymentSchema, workloadSchema } from '../../infra/config/schema.ts';
import { FILLED_IN } from '../../infra/config/server.ts';
import { signalNames } from '../../infra/monitoring/adapter-rules.ts';
import { contextOf } from '../../infra/workload/context.ts';
import { METRICS } from '../../service/contract.ts';
import { statusOf } from '../../service/grpc/status.ts';
import { logRequest } from '../../service/observability/logger.ts';
import { RequestRecord } from '../../service/observability/request-record.ts';
import { HttpProblem, PROBLEMS, type ProblemName } from '../../service/requests/problem.ts';
import { DOC_PAGES } from '../../testing/doc-pages.ts';
import { ROOT } from '../../testing/root.ts';

/** What stands between backticks within a line. */
function inlineCode(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

/** Of the repository, but for those of tools. */
const FOLDERS =
  'batch bench bin cli demo dist docker docs environments findings imports infra library model plan service test testing'.split(
    ' ',
  );

/** The paths of this repository in a page, up to the first wildcard; `berlin` is the environment of the examples. */
function pathsIn(text: string): string[] {
  const paths = new RegExp(String.raw`(?<![\w./@:-])(?:${FOLDERS.join('|')})/[\w./-]*`, 'g');
  return inlineCode(text)
    .flatMap((code) => code.match(paths) ?? [])
    .filter((name) => !name.includes('environments/berlin'));
}

/** Whether the configuration has a field; in a choice of several objects, whether one of them has it. */
function hasField(schema: z.core.$ZodType, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true;
  if (schema instanceof z.ZodOptional) return hasField(schema.unwrap(), [name, ...rest]);
  if (schema instanceof z.ZodDiscriminatedUnion) {
    return schema.options.some((option) => hasField(option, [name, ...rest]));
  }
  if (!(schema instanceof z.ZodObject)) return false;
  const shape: Readonly<Record<string, z.core.$ZodType | undefined>> = schema.shape;
  const field = shape[name];
  return field !== undefined && hasField(field, rest);
}

/** The fields of the configuration in a page, by their paths; those of OFA's files have other endings. */
function fieldsIn(text: string): string[] {
  return inlineCode(text)
    .flatMap((code) => /^([a-zA-Z]+(?:\.\w+)+)(?::|$)/.exec(code)?.[1] ?? [])
    .filter((name) => SECTIONS.has(name.replace(/\..*/, '')) && !/\.(?:onnx|data|json|ts|yaml|md)$/.test(name));
}

const SECTIONS = new Set([...Object.keys(deploymentSchema.shape), ...Object.keys(workloadSchema.shape)]);

describe.each(DOC_PAGES)('$page', ({ text }) => {
  it('names files and folders that are there', () => {
    expect(pathsIn(text).filter((name) => !existsSync(ROOT + name))).toEqual([]);
  });

  it('names fields that the configuration has', () => {
    const missing = fieldsIn(text).filter(
      (name) => !hasField(workloadSchema, name.split('.')) && !hasField(deploymentSchema, name.split('.')),
    );
    expect(missing).toEqual([]);
  });

  it('names metrics that the service has', () => {
    const known = new Set<string>([
      ...Object.values(METRICS),
      ...Object.values(signalNames(contextOf(ofaLarge, config))),
    ]);
    const named = text.match(/\bofa_ve_\w+/g) ?? [];
    expect(named.filter((name) => !known.has(name.replace(/_(?:bucket|count|sum)$/, '')))).toEqual([]);
  });
});

it('clients.md has the status in gRPC of every error', () => {
  const text = DOC_PAGES.find(({ page }) => page === 'docs/clients.md')?.text ?? '';
  for (const [name, { status }] of Object.entries(PROBLEMS)) {
    const code = codes[statusOf(new HttpProblem(name as ProblemName, '')).code];
    const row = text.split('\n').find((line) => line.startsWith(`| \`${code}\``));
    // HTTP/2 refuses too large headers before there is a call.
    if (name !== 'headers-too-large') expect(row, name).toContain(status);
  }
});

it.each(['docs/inputs.md', 'library/model.ts'])('%s names the formats of pictures', (file) => {
  expect(readFileSync(ROOT + file, 'utf8')).toContain(IMAGE_FORMATS);
});

it('runbook.md has every member of the line of a request', () => {
  let line = '';
  const record = new RequestRecord();
  record.traceId = 'a';
  const problem = { problem: 'internal', message: '', cause: new Error('a bug') };
  const summary = { method: 'GET', route: '/', status: 500, requestId: 'a', record, problem };
  logRequest(pino({ base: null }, { write: (written: string) => void (line = written) }), summary);
  const ofAllLines = ['level', 'time', 'msg'];
  const members = Object.keys(JSON.parse(line) as object).filter((name) => !ofAllLines.includes(name));
  const sources = readdirSync(`${ROOT}service`, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const attributes = sources.flatMap((file) =>
    [...readFileSync(`${ROOT}service/${file}`, 'utf8').matchAll(/attributes\['(\w+)'\] =/g)].map(
      ([, name = '']) => name,
    ),
  );
  expect(attributes.length).toBeGreaterThan(5);
  const table = /\n## The log\n([^]*?)\n## /.exec(readFileSync(`${ROOT}docs/runbook.md`, 'utf8'))?.[1] ?? '';
  const rows = table.split('\n').filter((row) => row.startsWith('| `'));
  const told = new Set(rows.flatMap((row) => inlineCode(row.split('|')[1] ?? '')));
  expect([...members, ...attributes].filter((name) => !told.has(name))).toEqual([]);
});

it('the checks above find something in the pages', () => {
  const all = DOC_PAGES.map(({ text }) => text).join('\n');
  expect(pathsIn(all).length).toBeGreaterThan(100);
  expect(fieldsIn(all).length).toBeGreaterThan(30);
});

it('the map of the architecture has every folder of the repository, and of the deployment', () => {
  const map = readFileSync(`${ROOT}docs/architecture.md`, 'utf8');
  const infra = readdirSync(`${ROOT}infra`, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const folders = [...FOLDERS, ...infra.map(({ name }) => name)];
  expect(folders.filter((name) => !map.includes(`\`${name}/`))).toEqual([]);
});

it.each([
  ['docs/batch.md', 'every setting that batch reads', BATCH_SETTINGS],
  ['docs/batch.md', 'every column of its results in Parquet', RESULT_COLUMNS.map(({ name }) => name)],
  [
    'docs/deploy.md',
    'every setting that follows from another field',
    // The page calls those of OpenTelemetry the address for traces.
    Object.keys(FILLED_IN).filter((name) => !name.startsWith('OTEL_')),
  ],
])('%s has %s', (page, _, names) => {
  const text = DOC_PAGES.find((each) => each.page === page)?.text ?? '';
  expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});
