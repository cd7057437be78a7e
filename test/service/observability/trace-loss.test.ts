import { expect, it } from 'vitest';
import { TraceLoss } from '../../../service/observability/trace-loss.ts';
import { logInMemory } from '../../../testing/logging.ts';

function setup() {
  const clock = { ms: 0 };
  const { logger, lines } = logInMemory();
  const loss = new TraceLoss(logger, 'http://user:password@collector:4318/v1/traces?key=1', () => clock.ms);
  const said = (): unknown[] => lines().map(({ level, spans, detail }) => [level, spans, reasonIn(detail)]);
  return { clock, loss, said, lines };
}

function reasonIn(detail: unknown): string | undefined {
  return /^The collector http:\/\/collector:4318\/v1\/traces (.*)\. It must/.exec(String(detail))?.[1];
}

it('is logged at once, then once a minute with the total since then', () => {
  const { clock, loss, said } = setup();
  loss.report('is away', 3);
  expect(said()).toEqual([[40, 3, 'is away']]);
  for (clock.ms = 5000; clock.ms < 60_000; clock.ms += 5000) loss.report('is away', 2);
  expect(said()).toHaveLength(1);
  loss.report('answers 500', 2);
  expect(said().slice(1)).toEqual([[40, 24, 'answers 500']]);
});

it('is logged at the end if it was held back, and not afterwards', () => {
  const { loss, said } = setup();
  loss.report('is away', 1);
  loss.report('is away', 5);
  loss.close();
  loss.report('is away', 1);
  loss.close();
  expect(said()).toEqual([
    [40, 1, 'is away'],
    [40, 5, 'is away'],
  ]);
});

it('is not logged if the collector accepts all spans', () => {
  const { loss, said } = setup();
  loss.close();
  expect(said()).toEqual([]);
});
