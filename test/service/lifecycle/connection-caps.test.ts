import { expect, it } from 'vitest';
import { connectionCaps } from '../../../service/lifecycle/connection-caps.ts';

function limits(openFiles: string): string {
  return [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max processes             30000                30000                processes ',
    `Max open files            ${openFiles.padEnd(20)} 1048576              files     `,
  ].join('\n');
}

it.each([
  ['1048576', { public: 1_047_296, grpc: 1024, admin: 64 }],
  ['1024', { public: 576, grpc: 192, admin: 64 }],
  ['256', { public: 96, grpc: 32, admin: 32 }],
])('keep a reserve for the admin port (%s file descriptors)', (openFiles, caps) => {
  expect(connectionCaps(limits(openFiles))).toEqual(caps);
});

it.each(['', limits('unlimited')])('do not exist without a limit', (text) => {
  expect(connectionCaps(text)).toBeUndefined();
});
