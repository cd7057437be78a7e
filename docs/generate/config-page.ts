import { z } from 'zod';
import { config } from '../../infra/config.ts';
import { deploymentSchema, workloadSchema } from '../../infra/config/schema.ts';
import { code, escaped, heading, type Page } from './page.ts';
import { CommentedType } from './type-comments.ts';

type Schema = z.core.$ZodType;

/** A field of the configuration. */
interface Field {
  readonly schema: Schema;
  readonly type: CommentedType;
  /** Its default: its value in the configuration that ships. */
  readonly value: unknown;
}

/** Longest default that is shown, in characters; longer ones are read in the configuration. */
const LONGEST_DEFAULT = 70;

/** Every field of `infra/config.ts`. */
export function configPage(): Page {
  const file = 'infra/config/schema.ts';
  const deployment = CommentedType.open(file, 'DeploymentConfig');
  const workload = CommentedType.open(file, 'WorkloadConfig');
  const intro = `\`infra/config.ts\` exports the object that describes a deployment, and the files in \`infra/environments/\` change it with
\`extend\`; [deploy.md](../deploy.md#your-own-configuration) shows how. \`npx cdk8s synth\` checks every field, and the fields
against each other. The defaults are those of OFA-large on whole NVIDIA GPUs.
`;
  const { kubernetesVersion, namespace } = deploymentSchema.shape;
  const text = [
    heading('Configuration of a deployment', 'the types and comments in infra/config/'),
    intro,
    '## The deployment\n',
    ...sections({ kubernetesVersion, namespace }, deployment, config),
    '## Each workload\n\nThe fields of each entry of `workloads`.\n',
    ...sections(workloadSchema.shape, workload, config.workloads[0]),
  ].join('\n');
  return { path: 'docs/reference/config.md', text };
}

function sections(shape: Readonly<Record<string, Schema>>, type: CommentedType, values: unknown): string[] {
  return Object.entries(shape).map(([name, schema]) => {
    const field = { schema, type: type.field(name), value: valueAt(values, name) };
    const rows = rowsBelow('', field).join('\n');
    return `### ${name}\n\n${describe(field)}\n${rows === '' ? '' : `\n${rows}\n`}`;
  });
}

/** The list of the fields below a field, indented by their depth in it. */
function rowsBelow(path: string, { schema, type, value }: Field, indent = ''): string[] {
  const inner = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  if (inner instanceof z.ZodArray) {
    return rowsBelow(`${path}[]`, { schema: inner.element, type: type.element(), value: undefined }, indent);
  }
  if (inner instanceof z.ZodDiscriminatedUnion) {
    return inner.options.flatMap((option) => rowsOfVariant(path, option, { type, value }, indent));
  }
  if (!(inner instanceof z.ZodObject)) return [];
  // They have a page of their own.
  if (path === 'settings') return [`${indent}- each of [the settings](settings.md) by its name`];
  return Object.entries<Schema>(inner.shape).flatMap(([name, fieldSchema]) => {
    if (name === 'kind') return [];
    const fieldPath = path === '' ? name : `${path}.${name}`;
    const field = { schema: fieldSchema, type: type.field(name), value: valueAt(value, name) };
    return [`${indent}- ${code(fieldPath)}: ${describe(field)}`, ...rowsBelow(fieldPath, field, `${indent}  `)];
  });
}

function rowsOfVariant(path: string, option: Schema, { type, value }: Omit<Field, 'schema'>, indent: string): string[] {
  const kind = option instanceof z.ZodObject ? literalOf(option.shape) : '';
  const variant = type.variant(kind);
  const isDefault = valueAt(value, 'kind') === kind;
  const field = { schema: option, type: variant, value: isDefault ? value : undefined };
  const note = isDefault ? ' This is the default.' : '';
  return [
    `${indent}- \`kind: '${kind}'\`: ${escaped(variant.field('kind').comment)}${note}`,
    ...rowsBelow(path, field, `${indent}  `),
  ];
}

function literalOf({ kind: schema }: Readonly<Record<string, Schema>>): string {
  return schema instanceof z.ZodLiteral ? String(schema.value) : '';
}

/** The comment of a field, what its value must be, and its default. */
function describe({ schema, type, value }: Field): string {
  const isOptional = schema instanceof z.ZodOptional;
  const inner = isOptional ? schema.unwrap() : schema;
  const hasFields = inner instanceof z.ZodObject || inner instanceof z.ZodDiscriminatedUnion;
  const comment = type.comment === '' && hasFields ? type.schemaComment : type.comment;
  // The default of an object is that of its fields.
  const defaultValue = hasFields && value !== undefined ? '' : defaultOf(type, value, isOptional);
  const facts = [mustBe(inner), isOptional ? 'Optional.' : '', defaultValue];
  return [escaped(comment), ...facts].filter((each) => each !== '').join(' ');
}

function defaultOf({ defaultComment }: CommentedType, value: unknown, isOptional: boolean): string {
  if (value === undefined) return isOptional && defaultComment !== '' ? `Default: ${escaped(defaultComment)}.` : '';
  return JSON.stringify(value).length > LONGEST_DEFAULT ? '' : `Default: ${code(value)}.`;
}

/** What a value must be, as the check says it of a wrong one; empty where the fields below say it. */
function mustBe(schema: Schema): string {
  if (schema instanceof z.ZodArray) {
    const each = mustBe(schema.element);
    return each === '' ? 'A list.' : `A list, each ${each.charAt(0).toLowerCase()}${each.slice(1)}`;
  }
  if (schema instanceof z.ZodObject || schema instanceof z.ZodDiscriminatedUnion) return '';
  const message = z.safeParse(schema, Symbol('not a value')).error?.issues[0]?.message ?? '';
  return escaped(`${message.charAt(0).toUpperCase()}${message.slice(1)}.`);
}

function valueAt(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
