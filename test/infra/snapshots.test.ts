import { expect, it } from 'vitest';
import { yamlOf } from './manifests.ts';
import { scenarios } from './scenarios.ts';

// A change to what is deployed has to show in a review, whichever parts are on.
it.each(Object.entries(scenarios))('%s has the manifests that were reviewed', async (name, config) => {
  await expect(yamlOf(config)).toMatchFileSnapshot(`../fixtures/manifests/${name}.yaml`);
});

it.each(Object.entries(scenarios))('%s comes out the same a second time', (_name, config) => {
  expect(yamlOf(config)).toBe(yamlOf(config));
});
