import { describe, expect, it } from 'vitest';
import { chart, ticks, type Panel } from '../../../bench/support/chart.ts';

/** Centres of the points, in their order. */
function centres(svg: string): [number, number][] {
  return [...svg.matchAll(/<circle class="point" cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [
    Number(x),
    Number(y),
  ]);
}

const DOUBLING: Panel = {
  title: 'answers/s',
  axis: 'clients',
  points: [
    { x: 1, y: 100 },
    { x: 2, y: 0 },
    { x: 4, y: 50 },
  ],
};

describe('ticks', () => {
  it.each([
    [1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [7, [0, 2, 4, 6, 8]],
    [100, [0, 20, 40, 60, 80, 100]],
    [101, [0, 50, 100, 150]],
    [0.3, [0, 0.1, 0.2, 0.3]],
    [9000, [0, 2000, 4000, 6000, 8000, 10000]],
  ])('end at or above %d', (most, expected) => {
    expect(ticks(most)).toEqual(expected);
  });
});

describe('a chart', () => {
  it('places points by the logarithm of x, and by y from 0', () => {
    const [[left, top] = [], [middle, bottom] = [], [right, half] = []] = centres(chart('', [DOUBLING]));
    // The axes lie between 60 and 384 across, and between 40 and 212 down.
    expect([left, middle, right]).toEqual([60, 222, 384]);
    expect([top, half, bottom]).toEqual([40, 126, 212]);
  });

  it('draws panels side by side, with a single point in the middle', () => {
    const svg = chart('', [DOUBLING, { ...DOUBLING, points: [{ x: 3, y: 2 }] }]);
    expect(svg).toContain('viewBox="0 0 840 260"');
    expect(svg).toContain('<g transform="translate(420 0)">');
    expect(centres(svg).at(-1)).toEqual([222, 40]);
  });

  it('labels positions, and escapes what would be markup', () => {
    const svg = chart('a < b & c', [{ title: 'p95 > p50', axis: 'size', points: [{ x: 5, y: 1, label: '640x480' }] }]);
    expect(svg).toContain('<title>a &lt; b &amp; c</title>');
    expect(svg).toContain('>p95 &gt; p50</text>');
    expect(svg).toContain('>640x480</text>');
    expect(svg).not.toContain('>5</text>');
  });

  it('has colours for dark pages', () => {
    expect(chart('', [DOUBLING])).toContain('@media (prefers-color-scheme: dark)');
  });

  it.each([
    { x: 0, y: 1 },
    { x: 1, y: -1 },
    { x: 1, y: NaN },
  ])('refuses the point $x, $y', (point) => {
    expect(() => chart('', [{ ...DOUBLING, points: [point] }])).toThrow('"answers/s" has a point');
  });
});
