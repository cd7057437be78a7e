import { expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../../../service/settings/definitions.ts';
import { checkDescriptors, connectionCaps, descriptorWarning } from '../../../service/lifecycle/connection-caps.ts';

function limits(openFiles: string): string {
  return [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max processes             30000                30000                processes ',
    `Max open files            ${openFiles.padEnd(20)} 1048576              files     `,
  ].join('\n');
}

it.each([
  ['9472', { public: 8192, grpc: 1024, admin: 64 }],
  ['1024', { public: 576, grpc: 192, admin: 64 }],
  ['256', { public: 96, grpc: 32, admin: 32 }],
])('keep a reserve for the admin port (%s file descriptors)', (openFiles, caps) => {
  expect(connectionCaps(DEFAULT_SETTINGS, limits(openFiles))).toEqual(caps);
});

it.each(['', limits('unlimited'), limits('1048576')])('bound the memory of connections without a limit', (text) => {
  expect(connectionCaps(DEFAULT_SETTINGS, text)).toEqual({ public: 8192, grpc: 1024, admin: 64 });
});

it('leave room for a long queue, and for four times as many bodies', () => {
  expect(connectionCaps({ MAX_QUEUE: 10_000 }, limits('1048576')).public).toBe(50_000);
});

it('are explained when the limit is too low for the queue', () => {
  const settings = { ...DEFAULT_SETTINGS, MAX_QUEUE: 1000 };
  expect(descriptorWarning(settings, limits('1024'))).toBe(
    'The process may open only 1024 files, so it holds at most 576 connections on PORT, 192 on GRPC_PORT and 64 on ADMIN_PORT; with MAX_QUEUE 1000, allow it at least 6280 files: ulimit -n, LimitNOFILE of systemd, or --ulimit nofile of the container.',
  );
  expect(descriptorWarning(settings, limits('6280'))).toBeUndefined();
  expect(descriptorWarning(settings, '')).toBeUndefined();
});

it('are no use below what the service itself needs, which is refused', () => {
  expect(() => {
    checkDescriptors(limits('255'));
  }).toThrow('The process may open only 255 files, too few to serve; allow it at least 256: ulimit -n,');
  for (const text of [limits('256'), limits('unlimited'), '']) {
    expect(() => {
      checkDescriptors(text);
    }).not.toThrow();
  }
});
