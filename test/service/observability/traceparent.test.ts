import { parseTraceParent } from '@opentelemetry/core';
import { expect, it } from 'vitest';
import { traceIdOf } from '../../../service/observability/tracing.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

it.each([
  [`00-${TRACE}-${PARENT}-01`, TRACE],
  [`00-${TRACE}-${PARENT}-00`, TRACE],
  [`cc-${TRACE}-${PARENT}-01-what-a-later-version-adds`, TRACE],
  [`00-${TRACE}-${PARENT}-01-more`, undefined],
  [`cc-${TRACE}-${PARENT}-01.more`, undefined],
  [`00-${TRACE}-${PARENT}-012`, undefined],
  [`00-${'0'.repeat(32)}-${PARENT}-01`, undefined],
  [`00-${TRACE}-${'0'.repeat(16)}-01`, undefined],
  [`ff-${TRACE}-${PARENT}-01`, undefined],
  [`00-${TRACE.toUpperCase()}-${PARENT}-01`, undefined],
  [`00-${TRACE}-${PARENT}`, undefined],
  ['', undefined],
])('the header %j gives the log the trace that a tracer would continue', (header, traceId) => {
  expect(traceIdOf(header)).toBe(traceId);
  expect(parseTraceParent(header)?.traceId).toBe(traceId);
});

it('no header gives it none', () => {
  expect(traceIdOf(undefined)).toBeUndefined();
});
