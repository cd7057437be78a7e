import { totalmem } from 'node:os';
import { afterEach, expect, it, vi } from 'vitest';
import { memoryLimit } from '../../model/memory-limit.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

it.each([
  ['the limit of the container', 2 ** 20, 2 ** 20],
  ["the machine's memory without a limit, which is then huge in cgroup v1", 2 ** 63, totalmem()],
  ["the machine's memory where Node.js knows no limit", 0, totalmem()],
])('the memory that a process may use is %s', (_, constrained, expected) => {
  vi.spyOn(process, 'constrainedMemory').mockReturnValue(constrained);
  expect(memoryLimit()).toBe(expected);
});
