/** What the bodies of requests take up. */
export interface Room {
  /** How many bodies are arriving. */
  readonly places: number;
  readonly bytes: number;
}

/** A request body in memory. */
export interface HeldBody {
  /** Name of the client that sends it, if clients are told apart. */
  readonly client: string | undefined;
  /** Bytes in memory, or announced. */
  readonly reserved: number;
  /** Whether it has not arrived completely. */
  readonly isArriving: boolean;
}

/**
 * The bodies that have to make room for another one, since their clients hold more than a fair share of what is short:
 * an equal one for each client that has a body. Of those clients, the one that holds most loses its latest bodies first,
 * until it holds no more than its share. A single body may exceed the share, so that large ones are not refused for ever,
 * and a complete one stays: it has been accepted.
 *
 * @param held all bodies, in the order in which they began
 * @param wanting the body that needs more room
 * @param more how much
 * @param most of everything
 * @param short what there is not enough of
 * @returns none where the client of `wanting` would itself hold more than its share
 */
export function bodiesOverShare<Body extends HeldBody>(
  held: Iterable<Body>,
  wanting: Body,
  more: Room,
  most: Room,
  short: keyof Room,
): Body[] {
  if (wanting.client === undefined) return [];
  const clients = new Map<string, Body[]>([[wanting.client, []]]);
  for (const body of held) {
    if (body.client === undefined || body === wanting) continue;
    const bodies = clients.get(body.client);
    if (bodies === undefined) clients.set(body.client, [body]);
    else bodies.push(body);
  }
  const share = most[short] / clients.size;
  const size = ({ isArriving, reserved }: Body): number => (short === 'bytes' ? reserved : Number(isArriving));
  const sizeOf = (bodies: readonly Body[]): number => bodies.reduce((sum, body) => sum + size(body), 0);
  const own = clients.get(wanting.client) ?? [];
  if (own.length > 0 && sizeOf(own) + size(wanting) + more[short] > share) return [];
  // The client's own hold no more than its share.
  return [...clients.values()]
    .map((bodies) => ({ bodies, total: sizeOf(bodies) }))
    .sort((one, other) => other.total - one.total)
    .flatMap(({ bodies, total }) => {
      let excess = total - share;
      const spare = bodies.slice(1).reverse();
      return spare.filter((body) => {
        if (excess <= 0 || !body.isArriving) return false;
        excess -= size(body);
        return true;
      });
    });
}
