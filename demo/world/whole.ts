import type { Phrase } from './claims.ts';
import { SIZES, type Scene, type Size } from './scene.ts';
import { SHAPES, type Shape } from './shapes.ts';

/** A thing with all its attributes known, even if it is hidden. */
export interface Whole {
  readonly index: number;
  readonly colour: string;
  readonly shape: Shape;
  readonly size: Size;
  readonly x: number;
  readonly y: number;
  readonly hidden: boolean;
  readonly cover: Whole | undefined;
}

const known = new WeakMap<Scene, readonly (readonly Whole[])[]>();

/** Every way in which the scene's hidden thing can be completed. */
export function completions(scene: Scene): readonly (readonly Whole[])[] {
  let worlds = known.get(scene);
  if (worlds === undefined) known.set(scene, (worlds = complete(scene)));
  return worlds;
}

function complete(scene: Scene): readonly (readonly Whole[])[] {
  const world = (shape?: Shape, size?: Size): readonly Whole[] => {
    const wholes: Whole[] = [];
    // Topmost first, so that a thing is processed after the one that covers it.
    for (let index = scene.things.length - 1; index >= 0; index--) {
      const thing = scene.things[index];
      if (thing === undefined) continue;
      wholes.unshift({
        index,
        colour: thing.colour,
        shape: thing.hidden && shape ? shape : thing.shape,
        size: thing.hidden && size ? size : thing.size,
        x: thing.seen.x,
        y: thing.seen.y,
        hidden: thing.hidden,
        cover: thing.under === undefined ? undefined : wholes[thing.under - index - 1],
      });
    }
    return wholes;
  };
  if (!scene.things.some((thing) => thing.hidden)) return [world()];
  return SHAPES.flatMap((shape) => SIZES.map((size) => world(shape, size)));
}

/** Whether two phrases name the same attributes. */
export const isSamePhrase = (a: Phrase, b: Phrase): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Whether a word of the phrase is from outside the world. */
export const isOutside = ({ colour, shape }: Phrase): boolean =>
  typeof colour === 'object' || typeof shape === 'object';

/** Whether the phrase matches the thing. */
export function fitsPhrase(thing: Whole, phrase: Phrase): boolean {
  if (phrase.colour !== undefined && thing.colour !== phrase.colour) return false;
  if (phrase.shape !== undefined && thing.shape !== phrase.shape) return false;
  if (phrase.size !== undefined && thing.size !== phrase.size) return false;
  if (phrase.hidden === undefined) return true;
  if (!thing.hidden) return false;
  return phrase.behind === undefined || (thing.cover !== undefined && fitsPhrase(thing.cover, phrase.behind));
}
