import { readdir } from 'node:fs/promises';
import { UserError } from '../model/errors.ts';
import { ENVIRONMENT_VARIABLE } from '../service/contract.ts';
import { config, customize, type DeploymentConfig } from './config.ts';
import type { Customize } from './customize.ts';

const FOLDER = new URL('environments/', import.meta.url);

/** Name of a folder of manifests. */
export const MANIFESTS = 'dist';

/** A deployment: infra/config.ts, or a file of infra/environments. */
export interface Environment {
  /** Name of the file; undefined for infra/config.ts. */
  readonly name: string | undefined;
  readonly config: DeploymentConfig;
  readonly customize: Customize;
}

/** Names of the environments: the files of infra/environments. */
export async function environmentNames(): Promise<string[]> {
  const files = await readdir(FOLDER);
  return files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .sort();
}

/**
 * The environment of a name; without one, infra/config.ts.
 *
 * @param givenBy the variable or option that has the name
 * @throws UserError `settings-invalid` if there is no environment of that name
 */
export async function environmentOf(
  name: string | undefined,
  givenBy: string = ENVIRONMENT_VARIABLE,
): Promise<Environment> {
  if (name === undefined || name === '') return { name: undefined, config, customize };
  const names = await environmentNames();
  if (!names.includes(name)) {
    const message = `${givenBy} is "${name}"; it must be ${names.join(', ')} or unset (a file of infra/environments).`;
    throw new UserError('settings-invalid', message);
  }
  const module = (await import(new URL(`${name}.ts`, FOLDER).href)) as {
    readonly default: DeploymentConfig;
    readonly customize?: Customize;
  };
  return { name, config: module.default, customize: module.customize ?? {} };
}

/** The folder of an environment's manifests, relative to the repository. It is committed. */
export function outputFolder({ name }: Environment): string {
  return name === undefined ? MANIFESTS : `environments/${name}/${MANIFESTS}`;
}
