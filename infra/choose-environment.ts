import { readdir } from 'node:fs/promises';
import { ENVIRONMENT_VARIABLE } from '../service/contract.ts';
import { ConfigError } from './config/check.ts';
import { config, type DeploymentConfig } from './config.ts';

const FOLDER = new URL('environments/', import.meta.url);

/** Names of the environments: the files of infra/environments. */
export async function environmentNames(): Promise<string[]> {
  const files = await readdir(FOLDER);
  return files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .sort();
}

/** The configuration of an environment. */
export async function environmentConfig(name: string): Promise<DeploymentConfig> {
  const module = (await import(new URL(`${name}.ts`, FOLDER).href)) as { default: DeploymentConfig };
  return module.default;
}

/**
 * The configuration that the variable OFA_VE_ENV selects; unset or empty, infra/config.ts.
 *
 * @throws {ConfigError} if there is no environment of that name
 */
export async function chosenConfig(variables: NodeJS.ProcessEnv): Promise<DeploymentConfig> {
  const name = variables[ENVIRONMENT_VARIABLE] ?? '';
  if (name === '') return config;
  const names = await environmentNames();
  if (names.includes(name)) return environmentConfig(name);
  throw new ConfigError([
    `${ENVIRONMENT_VARIABLE} is "${name}"; it must be ${names.join(', ')} or unset (a file of infra/environments).`,
  ]);
}
