import { cruise, type ICruiseResult } from 'dependency-cruiser';
import extractDepcruiseConfig from 'dependency-cruiser/config-utl/extract-depcruise-config';

/** Who uses everything and is used by nothing: drawn, they would hide the rest. */
const OUTSIDE = ['bench', 'docs', 'testing'];

/** A folder, or the files at a folder's top, with a rule of its own about what it may import. */
interface Room {
  readonly label: string;
  readonly path: RegExp;
}

/**
 * The rooms of `.dependency-cruiser.js` and the imports between them, as a Mermaid flowchart. An arrow that follows from two
 * others is left out.
 */
export async function roomsDiagram(): Promise<string> {
  const config = await extractDepcruiseConfig('./.dependency-cruiser.js');
  const rooms = (config.forbidden ?? []).flatMap(({ name = '', from }): Room[] => {
    if (!name.startsWith('arrows-of') || typeof from.path !== 'string') return [];
    const label = from.path.replace('[^/]+\\.ts$', '*.ts').replaceAll(/[\\^$]|\/$/g, '');
    return OUTSIDE.includes(label) ? [] : [{ label, path: new RegExp(from.path) }];
  });
  const top = new Set(rooms.map(({ label }) => label.split('/')[0] ?? ''));
  const { output } = await cruise([...top], { ruleSet: config, ...config.options });
  if (typeof output === 'string') throw new Error('dependency-cruiser gave no list of modules.');
  return draw(rooms, reduced(arrowsBetween(rooms, output)));
}

/** Which rooms each room imports, by their indices. */
function arrowsBetween(rooms: readonly Room[], { modules }: ICruiseResult): Set<number>[] {
  const roomOf = (file: string): number => rooms.findIndex(({ path }) => path.test(file));
  const arrows = rooms.map(() => new Set<number>());
  for (const { source, dependencies } of modules) {
    const from = roomOf(source);
    for (const { resolved } of dependencies) {
      const to = roomOf(resolved);
      if (to >= 0 && to !== from) arrows[from]?.add(to);
    }
  }
  return arrows;
}

/** The transitive reduction of a graph without circles. */
function reduced(arrows: readonly Set<number>[]): Set<number>[] {
  const isReached = (from: number, to: number): boolean =>
    from === to || [...(arrows[from] ?? [])].some((next) => isReached(next, to));
  return arrows.map(
    (targets) =>
      new Set([...targets].filter((to) => ![...targets].some((other) => other !== to && isReached(other, to)))),
  );
}

function draw(rooms: readonly Room[], arrows: readonly Set<number>[]): string {
  const nodes = rooms.map(({ label }, index) => `  r${index}["${label}"]`);
  const edges = arrows.flatMap((targets, from) =>
    [...targets].sort((a, b) => a - b).map((to) => `  r${from} --> r${to}`),
  );
  return ['```mermaid', 'flowchart TD', ...nodes, ...edges, '```'].join('\n');
}
