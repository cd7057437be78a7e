import { expect, it } from 'vitest';
import { abortable } from '../../model/abort.ts';

const reason = new Error('aborted');
const never = new Promise<never>(() => undefined);

it('settles as the promise does without an abort', async () => {
  const { signal } = new AbortController();
  await expect(abortable(Promise.resolve(1), signal)).resolves.toBe(1);
  await expect(abortable(Promise.reject(new Error('failed')), signal)).rejects.toThrow('failed');
  await expect(abortable(Promise.resolve(2), undefined)).resolves.toBe(2);
});

it('rejects with the reason of a signal that aborts, or did before', async () => {
  const controller = new AbortController();
  const waiting = abortable(never, controller.signal);
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await expect(abortable(never, controller.signal)).rejects.toBe(reason);
});
