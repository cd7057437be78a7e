import { ApiObject } from 'cdk8s';
import { expect, it } from 'vitest';
import { deploymentApp } from '../../infra/app.ts';
import { ConfigError } from '../../infra/config/check.ts';
import type { Customize, DeploymentConfig } from '../../infra/config.ts';
import { scenarios, withWorkload } from './scenarios.ts';
import { MISREAD, READ_AS_THEY_ARE } from './texts.ts';

function mistakesOf(config: DeploymentConfig, customize: Customize = {}): readonly string[] {
  try {
    deploymentApp(config, { customize });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
}

it.each(MISREAD)('refuses the text %j, which kubectl reads otherwise', (text, sentence) => {
  const at = /^Deployment ofa-ve has in spec\.template\.spec\.containers\[0\]\.env\[\d+\]\.value /;
  const [mistake = '', ...more] = mistakesOf(withWorkload({ pod: { env: { A: text } } }));
  expect(mistake).toMatch(at);
  expect(mistake.replace(at, '')).toBe(sentence);
  expect(more).toEqual([]);
});

it('accepts texts that kubectl reads as they are', () => {
  const env = Object.fromEntries(READ_AS_THEY_ARE.map((text, index) => [`A${index}`, text]));
  expect(mistakesOf(withWorkload({ pod: { env } }))).toEqual([]);
});

it('looks at names and at objects of customize, too', () => {
  const base: Customize[string] = (chart) => {
    new ApiObject(chart, 'map', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'map', namespace: 'ofa-ve' },
      data: { '0o7': 'a\u2028b' },
    });
  };
  expect(mistakesOf(scenarios.default, { base })).toEqual([
    'ConfigMap map has in the name of data.0o7 a text that kubectl takes for a number; write it otherwise.',
    'ConfigMap map has in data.0o7 the character U+2028, which kubectl does not read as it is; leave it out.',
  ]);
});
