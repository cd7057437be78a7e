import { homedir } from 'node:os';
import path from 'node:path';
import type { ModelSource } from './source.ts';

/**
 * The folders in which ModelScope's own client keeps a model, newest layout first. They need not exist. Versions from
 * 1.40 on write `models/OWNER--NAME/snapshots/REVISION`, whose files may be links; older ones wrote `OWNER/NAME`, below
 * `hub` or `models` or both, and versions in between replaced the dots of the name.
 *
 * @param root Default: `MODELSCOPE_CACHE`, or `~/.cache/modelscope`
 */
export function cacheFolders({ id, revision }: ModelSource, root = cacheRoot()): string[] {
  const [owner = '', name = ''] = id.split('/');
  const older = new Set([name, name.replaceAll('.', '___')].map((each) => path.join(owner, each)));
  const layouts = [
    path.join('models', `${owner}--${name}`, 'snapshots', revision),
    ...[...older].map((each) => path.join('models', each)),
    ...older,
  ];
  return [root, path.join(root, 'hub')].flatMap((base) => layouts.map((layout) => path.join(base, layout)));
}

function cacheRoot(): string {
  const named = process.env['MODELSCOPE_CACHE']?.trim() ?? '';
  return named === '' ? path.join(homedir(), '.cache', 'modelscope') : named;
}
