import { expect, it } from 'vitest';
import { Opened } from '../../../service/lifecycle/opened.ts';

it('closes everything once, also when one of them cannot be closed', async () => {
  const opened = new Opened();
  const closed: string[] = [];
  opened.add(() => {
    throw new Error('stuck');
  });
  opened.add(async () => {
    await new Promise(setImmediate);
    closed.push('slow');
  });
  opened.add(() => {
    closed.push('quick');
  });
  await expect(opened.close()).rejects.toThrow('stuck');
  expect(closed).toEqual(['quick', 'slow']);
  await opened.close();
  expect(closed).toHaveLength(2);
});
