import { describe, expect, it } from 'vitest';
import { bodiesOverShare, type HeldBody } from '../../../service/requests/body-shares.ts';

const MOST = { places: 10, bytes: 1000 };

function arriving(client: string | undefined, ...sizes: readonly number[]): HeldBody[] {
  return sizes.map((reserved) => ({ client, reserved, isArriving: true }));
}

/** The sizes of those that make room for a body of the client a, which has 100 bytes and needs more. */
function overShare(held: readonly HeldBody[], bytes = 100, wanting: HeldBody = arriving('a', 100)[0] ?? expect.fail()) {
  return bodiesOverShare([...held, wanting], wanting, { places: 0, bytes }, MOST, 'bytes').map((body) => body.reserved);
}

describe('the bodies that make room for another', () => {
  it('are the latest of a client, until it holds its share', () => {
    expect(overShare(arriving('b', 100, 210, 301, 220))).toEqual([220, 301]);
    expect(overShare(arriving('b', 200, 310, 300))).toEqual([300, 310]);
    expect(overShare(arriving('b', 200, 300, 300))).toEqual([300]);
  });

  it('are first those of the client that holds most', () => {
    const held = [...arriving('b', 200, 201), ...arriving('c', 300, 301), ...arriving('d', 250, 1)];
    expect(overShare(held)).toEqual([301, 201, 1]);
  });

  it('are neither the first of a client nor complete', () => {
    expect(overShare(arriving('b', 900))).toEqual([]);
    const [first, ...others] = arriving('b', 500, 501, 502);
    const complete = others.map((body) => ({ ...body, isArriving: false }));
    expect(overShare([...(first ? [first] : []), ...complete])).toEqual([]);
  });

  it('are none where the client would itself hold more than its share', () => {
    const held = [...arriving('a', 300), ...arriving('b', 300, 301)];
    expect(overShare(held, 100)).toEqual([301]);
    expect(overShare(held, 101)).toEqual([]);
  });

  it('are those of others for a single body larger than the share', () => {
    expect(overShare(arriving('b', 300, 301), 800)).toEqual([301]);
  });

  it('are none of or for clients that are not told apart', () => {
    expect(overShare(arriving(undefined, 500, 501))).toEqual([]);
    expect(overShare([...arriving(undefined, 100), ...arriving('b', 100, 350)])).toEqual([]);
    expect(overShare(arriving('b', 300, 301), 100, arriving(undefined, 100)[0])).toEqual([]);
  });

  it('are counted, whatever their sizes, where places are short', () => {
    const [wanting = expect.fail()] = arriving('a', 100);
    const held = [...arriving('b', 1, 2, 3, 4, 5, 6, 900), { client: 'b', reserved: 9, isArriving: false }];
    const over = bodiesOverShare(held, wanting, { places: 1, bytes: 0 }, MOST, 'places');
    expect(over.map(({ reserved }) => reserved)).toEqual([900, 6]);
  });
});
