import { OWN_VOLUMES } from '../pod-settings.ts';
import type { Rule } from './rule.ts';

/** The values that occur more than once, each once. */
function repeated(values: readonly string[]): string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}

/** Rules of the API server on lists within a pod. */
export const podRules = {
  spreadsOnce({ workload: { scheduling } }) {
    const keys = scheduling.spread.map(({ topologyKey, whenUnsatisfiable }) => `${topologyKey} (${whenUnsatisfiable})`);
    return repeated(keys).map((key) => `scheduling.spread has ${key} twice; leave one out.`);
  },

  volumesDiffer({ workload: { server } }) {
    if (server.kind !== 'other') return undefined;
    const { writable } = server;
    const names = repeated([...Object.keys(OWN_VOLUMES), ...writable.map(({ name }) => name)]);
    const paths = repeated([...Object.values(OWN_VOLUMES), ...writable.map(({ mountPath }) => mountPath)]);
    const below = writable
      .map(({ mountPath }) => mountPath)
      .filter((path) => path.startsWith(`${OWN_VOLUMES.models}/`));
    return [
      ...names.map(
        (name) => `server.writable has the name ${name}, which another volume of the pod has; choose another.`,
      ),
      ...paths.map((path) => `server.writable has ${path}, where another volume is mounted; choose another.`),
      ...below.map((path) => `server.writable has ${path}, but ${OWN_VOLUMES.models} is read-only; choose another.`),
    ];
  },

  variablesDiffer({ workload: { server } }) {
    if (server.kind !== 'other') return undefined;
    const names = repeated([...Object.keys(server.env), ...server.secretEnv.map(({ name }) => name)]);
    return names.map(
      (name) => `server.secretEnv has ${name}, which server.env or another entry sets, too; leave one out.`,
    );
  },
} satisfies Record<string, Rule>;
