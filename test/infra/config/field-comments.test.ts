import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { config } from '../../../infra/config.ts';
import { ROOT } from '../../../testing/root.ts';

const SCHEMA = path.join(ROOT, 'infra/config/schema.ts');

/** What the editor shows of a field, and the values that it has in infra/config.ts. */
interface Field {
  readonly path: string;
  readonly comment: string;
  /** Text of `@default`; undefined without one. */
  readonly defaultText: string | undefined;
  readonly values: unknown[];
}

const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(path.join(ROOT, 'tsconfig.json'), (file) => ts.sys.readFile(file)).config,
  ts.sys,
  ROOT,
);
const program = ts.createProgram([SCHEMA], options);
const checker = program.getTypeChecker();

/** Fields by their declaration: a schema that is used twice declares its fields once. */
const fields = new Map<ts.Node | undefined, Field>();

function collect(type: ts.Type, value: unknown, parent: string): void {
  const members = type.isUnion() ? type.types : [type];
  for (const member of members) {
    const isChosen = members.length === 1 || kindOf(member) === fieldOf(value, 'kind');
    for (const symbol of checker.getPropertiesOfType(member)) {
      const inner = isChosen ? fieldOf(value, symbol.name) : undefined;
      collectField(symbol, inner, `${parent}.${symbol.name}`);
    }
  }
}

function collectField(symbol: ts.Symbol, value: unknown, fieldPath: string): void {
  const [declaration] = symbol.declarations ?? [];
  const known = fields.get(declaration);
  const tag = symbol.getJsDocTags(checker).find(({ name }) => name === 'default');
  const field = known ?? {
    path: fieldPath,
    comment: ts.displayPartsToString(symbol.getDocumentationComment(checker)),
    defaultText: tag && ts.displayPartsToString(tag.text),
    values: [],
  };
  fields.set(declaration, field);
  if (value !== undefined) field.values.push(value);
  // The default of a whole object stands for its fields, and the settings have definitions of their own.
  const isWhole = field.defaultText !== undefined || symbol.name === 'settings';
  const type = checker.getNonNullableType(checker.getTypeOfSymbol(symbol));
  const element = checker.getIndexTypeOfType(type, ts.IndexKind.Number);
  if (element !== undefined && !type.isUnion() && checker.isArrayType(type))
    collect(element, symbol.name === 'workloads' ? fieldOf(value, '0') : undefined, `${fieldPath}[]`);
  else if (isObject(type)) collect(type, isWhole ? undefined : value, fieldPath);
}

/** Whether a type has fields of its own, or is a union of such types. Texts, numbers and maps have none. */
function isObject(type: ts.Type): boolean {
  const members = type.isUnion() ? type.types : [type];
  return members.every(
    (member) =>
      (member.flags & ts.TypeFlags.Object) !== 0 &&
      checker.getIndexTypeOfType(member, ts.IndexKind.String) === undefined,
  );
}

function kindOf(type: ts.Type): unknown {
  const symbol = type.getProperty('kind');
  const kind = symbol && checker.getTypeOfSymbol(symbol);
  return kind?.isStringLiteral() === true ? kind.value : undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

const source = program.getSourceFile(SCHEMA);
const exports = source && checker.getSymbolAtLocation(source)?.exports;
const deployment = exports?.get(ts.escapeLeadingUnderscores('DeploymentConfig'));
collect(checker.getDeclaredTypeOfSymbol(deployment ?? expect.fail()), config, '');
const all = [...fields.values()].filter(({ path: each }) => !/\.(kind|settings\..*)$/.test(each));

describe('the comment of a field', () => {
  it('explains every field', () => {
    expect(all.length).toBeGreaterThan(150);
    expect(all.filter(({ comment }) => comment === '').map(({ path: each }) => each)).toEqual([]);
  });

  it('gives the default of every value that infra/config.ts has', () => {
    const hasFields = (value: unknown) =>
      typeof value === 'object' && !Array.isArray(value) && Object.keys(value ?? {}).length > 0;
    const without = all.filter(
      ({ defaultText, values }) => defaultText === undefined && values.some((value) => !hasFields(value)),
    );
    expect(without.map(({ path: each }) => each)).toEqual(['.workloads']);
    const plain = all.filter(({ values }) => values.some((value) => typeof value !== 'object'));
    expect(plain.length).toBeGreaterThan(70);
    for (const { path: each, defaultText = '', values } of plain) {
      if (new Set(values).size === 1) expect(defaultText, each).toBe(String(values[0]));
      else for (const value of values) expect(defaultText.split(/[ ,]+/), each).toContain(String(value));
    }
  });
});
