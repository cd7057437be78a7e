import { z } from 'zod';
import { isQualifiedName } from './api-rules.ts';
import { dataKey, field, labelValue, NAME_RULE, objectName } from './fields.ts';

/**
 * A map of names to values. A wrong entry is named by itself; `mustBe` describes the whole map.
 *
 * @param valueSchema the schema of an entry's value, which may depend on the value
 */
function map<T>(
  mustBe: string,
  key: { readonly accepts: (name: string) => boolean; readonly mustBe: string },
  valueSchema: (content: unknown) => z.ZodType<T>,
) {
  const isMap = (entries: unknown): boolean =>
    typeof entries === 'object' && entries !== null && !Array.isArray(entries);
  return field<Record<string, T>>(isMap, mustBe).superRefine((entries: Record<string, unknown>, context) => {
    for (const [name, content] of Object.entries(entries)) {
      if (!key.accepts(name)) {
        context.addIssue({ code: 'custom', path: [name], message: key.mustBe, params: { isName: true } });
        continue;
      }
      const { error } = valueSchema(content).safeParse(content);
      for (const issue of error?.issues ?? []) context.addIssue({ ...issue, path: [name, ...issue.path] });
    }
  });
}

/** Labels, or a label selector. */
export const labels = map(
  'a map of label names to values',
  { accepts: isQualifiedName, mustBe: NAME_RULE },
  () => labelValue,
);

const anyValue = field<string>((value) => typeof value === 'string', 'text');

/** Annotations: any text under a valid name. */
export const annotations = map(
  'a map of annotation names to text',
  { accepts: (name) => isQualifiedName(name.toLowerCase()), mustBe: NAME_RULE },
  () => anyValue,
);

/** A key of an object that exists already in the deployment's namespace. */
const keyOf = {
  /** Name of the object, in the deployment's namespace. */
  name: objectName,
  /** Key within the object. */
  key: dataKey,
};

const variableSource = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('secret'), ...keyOf }),
  z.strictObject({ kind: z.literal('config-map'), ...keyOf }),
]);

/** Value of an environment variable: text, or where the kubelet reads it when a container starts. */
export type Variable = string | z.infer<typeof variableSource>;

const literalVariable = field<string>(
  (value) => typeof value === 'string',
  "text, or the key of a Secret or ConfigMap such as { kind: 'secret', name: 'hub', key: 'token' }",
);

/** Environment variables by name. */
export const environment = map<Variable>(
  'a map of environment variable names to text, or to keys of Secrets and ConfigMaps',
  {
    accepts: (name) => /^[A-Za-z_]\w*$/.test(name),
    mustBe: 'the name of an environment variable: letters, digits and underscores, not beginning with a digit',
  },
  (content) => (typeof content === 'object' && content !== null ? variableSource : literalVariable),
);
