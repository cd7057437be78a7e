import { expect, it } from 'vitest';
import { lacksVnni } from '../../model/vnni.ts';

const flags = (names: string): string => `processor\t: 0\nflags\t\t: fpu ${names} fma\nbugs\t\t:\n\nprocessor\t: 1\n`;

it.each([
  ['x64', flags('avx2 avx512_vnni'), false],
  ['x64', flags('avx2 avx_vnni'), false],
  ['x64', flags('avx2 avx512f avx_vnni_int16'), true],
  // Without /proc.
  ['x64', '', true],
  ['arm64', 'Features\t: fp asimd asimddp\n', false],
])('on %s with %j: %s', (architecture, cpuinfo, lacks) => {
  expect(lacksVnni(architecture, cpuinfo)).toBe(lacks);
});
