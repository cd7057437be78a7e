import type { StoredTensor } from './tensor.ts';

/** What wrappers of a module put before the names of its tensors: DataParallel, torch.compile, and training loops. */
const PREFIX = /^((?:(?:module|_orig_mod|model)\.)+)(?:encoder|decoder)\./;

/**
 * Strips the prefix that the names of OFA's tensors have in common, if they have one. Names without it are kept.
 *
 * @returns the tensors by their names without the prefix, and the prefix
 */
export function stripPrefix(tensors: ReadonlyMap<string, StoredTensor>): {
  tensors: ReadonlyMap<string, StoredTensor>;
  prefix: string;
} {
  const names = [...tensors.keys()];
  const isBare = names.some((name) => /^(?:encoder|decoder)\./.test(name));
  const prefix = isBare ? '' : (names.map((name) => PREFIX.exec(name)?.[1]).find((found) => found !== undefined) ?? '');
  if (prefix === '') return { tensors, prefix };
  const renamed = [...tensors].map(([name, tensor]): [string, StoredTensor] => {
    const short = name.startsWith(prefix) ? name.slice(prefix.length) : name;
    return [short, { ...tensor, info: { ...tensor.info, name: short } }];
  });
  return { tensors: new Map(renamed), prefix };
}
