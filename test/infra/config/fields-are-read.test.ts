import { expect, it } from 'vitest';
import { z } from 'zod';
import { extend, ofaLarge } from '../../../infra/config.ts';
import type { ContainerConfig } from '../../../infra/config/pod.ts';
import { deploymentSchema, type DeploymentConfig } from '../../../infra/config/schema.ts';
import { yamlOf } from '../manifests.ts';
import { deepChange, mistakesOf } from '../mistakes.ts';
import { RESOURCES, scenarios, withWorkload } from '../scenarios.ts';

const TAINT = { key: 'gpu', value: 'reserved', effect: 'NoSchedule' } as const;
const CONTAINER: Omit<ContainerConfig, 'name'> = {
  image: 'registry.example.com/proxy:1.0',
  command: ['proxy'],
  args: ['--all'],
  env: { LEVEL: 'info' },
  resources: RESOURCES,
};

const demo = scenarios.demo.workloads[0] ?? expect.fail('the demo has no workload');

/** Deployments with the fields that no scenario has. */
const RARE = [
  withWorkload({
    gpu: { kind: 'mig', profile: '1g.10gb', count: 1, nodeSelector: {}, tolerations: [TAINT] },
    exposure: { route: 'gateway', gateway: { sectionName: 'https' }, trustedProxies: ['10.0.0.0/8'] },
    networkPolicy: {
      clients: [{ namespace: 'gateway-system', podLabels: {} }],
      dns: [{ namespace: 'openshift-dns', podLabels: {}, port: 5353 }],
      outgoingNetworks: [{ network: '10.1.0.0/16', port: 443 }],
    },
  }),
  withWorkload(
    {
      pod: {
        sidecars: [{ ...CONTAINER, name: 'proxy' }],
        initContainers: [{ ...CONTAINER, name: 'wait' }],
      },
      canary: {
        enabled: true,
        image: { pullPolicy: 'Always', pullSecrets: ['canary'] },
        model: {
          source: { kind: 'oci-volume', reference: 'registry.example.com/model:1.1', pullPolicy: 'Always' },
          needs: ofaLarge.model.needs,
        },
        priorityClassName: 'canary',
      },
    },
    '1.35',
  ),
  // Where there is no GPU, memory is also that of the activations.
  extend(scenarios.demo, {
    workloads: [extend(demo, { exposure: { route: 'ingress' }, canary: { enabled: true, model: demo.model } })],
  }),
  [
    ['server.command', ['serve']],
    ['server.metrics.latencyFilter', 'code="200"'],
  ].reduce<unknown>(
    (whole, [path, value]) => deepChange(whole, `workloads.1.${String(path)}`, value),
    scenarios['multi-model'],
  ) as DeploymentConfig,
];

/** A value in a scenario that has no fields of its own. */
interface Place {
  readonly scenario: DeploymentConfig;
  /** As for {@link deepChange}. */
  readonly path: string;
  readonly value: unknown;
  readonly schema: z.ZodType;
}

/** The schemas of the fields that have none of their own below one, by their paths: `workloads[].gpu.count`. */
function leavesOf(given: unknown, path = ''): [path: string, schema: z.ZodType][] {
  const schema = given instanceof z.ZodOptional ? given.unwrap() : given;
  // All settings are passed on in one way.
  if (path.endsWith('.settings')) return [[path.slice(1), schema as z.ZodType]];
  if (schema instanceof z.ZodObject)
    return Object.entries(schema.shape).flatMap(([name, inner]) => leavesOf(inner, `${path}.${name}`));
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => leavesOf(option, path));
  if (schema instanceof z.ZodArray) return leavesOf(schema.element, `${path}[]`);
  return [[path.slice(1), schema as z.ZodType]];
}

/** Without the kinds of a union, which decide what the other fields are. */
const leaves = new Map(leavesOf(deploymentSchema).filter(([, schema]) => !(schema instanceof z.ZodLiteral)));

/** The places of all scenarios, by the fields' paths. */
const places = new Map<string, Place[]>();

function collect(scenario: DeploymentConfig, value: unknown, path = '', field = ''): void {
  const schema = leaves.get(field);
  if (schema !== undefined) places.set(field, [...(places.get(field) ?? []), { scenario, path, value, schema }]);
  else if (Array.isArray(value)) {
    value.forEach((item, index) => {
      collect(scenario, item, `${path}.${index}`.replace(/^\./, ''), `${field}[]`);
    });
  } else if (typeof value === 'object' && value !== null)
    for (const [name, inner] of Object.entries(value)) {
      const below = (parent: string): string => `${parent}.${name}`.replace(/^\./, '');
      collect(scenario, inner, below(path), below(field));
    }
}

for (const scenario of [...Object.values<DeploymentConfig>(scenarios), ...RARE]) collect(scenario, scenario);

/** Other values that a place might have. */
function candidates(field: string, { value, schema }: Place): unknown[] {
  const elsewhere = new Set((places.get(field) ?? []).map((place) => place.value));
  const words = /^one of (.*)$/.exec(schema.safeParse({}).error?.issues[0]?.message ?? '')?.[1]?.split(', ') ?? [];
  const others = [...elsewhere, ...words].filter((other) => JSON.stringify(other) !== JSON.stringify(value));
  if (typeof value === 'boolean') return [!value];
  if (typeof value === 'number') return [value + 1, value - 1, value * 2, value / 2, value * 100];
  if (typeof value === 'string')
    return [...others, `${value}x`, `x${value}`, value.replace(/\d+/, (digits) => String(Number(digits) + 1))];
  return [...others, { ...(value as object), added: 'x' }];
}

const before = new Map<DeploymentConfig, string>();

/** What a sound configuration becomes. */
function outcomeOf(config: DeploymentConfig): string {
  const mistakes = mistakesOf(config);
  return mistakes.length > 0 ? mistakes.join('\n') : yamlOf(config);
}

/** Whether another value changes the manifests, or what is refused beside the field's own bounds. */
function matters(field: string, place: Place): boolean {
  const { scenario, path } = place;
  const usual = before.get(scenario) ?? outcomeOf(scenario);
  before.set(scenario, usual);
  return candidates(field, place).some((candidate) => {
    const { data } = deploymentSchema.safeParse(deepChange(scenario, path, candidate));
    return data !== undefined && outcomeOf(data) !== usual;
  });
}

it.each(RARE.map((config, index) => [index, config] as const))('deployment %i of rare fields is sound', (_, config) => {
  expect(mistakesOf(config)).toEqual([]);
});

it.each([...leaves.keys()])('%s is read', (field) => {
  const set = places.get(field) ?? [];
  expect(set.length, 'a scenario must set the field, or RARE').toBeGreaterThan(0);
  expect(set.some((place) => matters(field, place))).toBe(true);
});
