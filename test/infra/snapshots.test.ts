import { expect, it } from 'vitest';
import { environmentNames } from '../../infra/environment.ts';
import { yamlOf } from './manifests.ts';
import { scenarios } from './scenarios.ts';

/** Those whose manifests are committed as the folders that synth writes; see environments.test.ts. */
const written = ['default', ...(await environmentNames())];

// A change to what is deployed has to show in a review, whichever parts are on.
it.each(Object.entries(scenarios).filter(([name]) => !written.includes(name)))(
  '%s matches its reviewed manifests',
  async (name, config) => {
    await expect(yamlOf(config)).toMatchFileSnapshot(`../fixtures/manifests/${name}.yaml`);
  },
);

it.each(Object.entries(scenarios))('%s is the same in a second synthesis', (_name, config) => {
  expect(yamlOf(config)).toBe(yamlOf(config));
});
