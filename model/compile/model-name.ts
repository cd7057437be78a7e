import path from 'node:path';

/** `OWNER--NAME` in the cache of ModelScope's client, `models--OWNER--NAME` in that of Hugging Face's. */
const REPOSITORY = /^(?:models--)?.*?--(.+)$/;

/**
 * The name of a model by its checkpoint folder. In a cache, that is the name of its repository: the folder
 * `REPOSITORY/snapshots/REVISION` is named after a branch or a commit. ModelScope's older client replaced dots.
 */
export function modelName(folder: string): string {
  const [repository = '', parent, name = ''] = path.resolve(folder).split(path.sep).slice(-3);
  if (parent === 'snapshots') return REPOSITORY.exec(repository)?.[1] ?? name;
  return path.basename(path.resolve(folder)).replaceAll('___', '.');
}
