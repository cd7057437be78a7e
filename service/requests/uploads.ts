import { Overloaded } from '../inference/errors.ts';
import type { HttpProblem } from './problem.ts';
import { bodiesOverShare, type HeldBody, type Room } from './body-shares.ts';
import { requestTimeout } from './to-problem.ts';

/** Time before the least rate applies. Kestrel allows as much. */
const GRACE_MS = 5000;
/** Least average rate of a body after {@link GRACE_MS}. */
const MIN_BYTES_PER_SECOND = 1024;
/** Bodies below this average rate make room for new ones when there is none left. */
const YIELD_BYTES_PER_SECOND = 64 * 1024;
/** Bytes credited to every body, so that one that has just begun does not count as slow: it cannot yield for 250 ms. */
const HEAD_START_BYTES = 16 * 1024;
/** How often the least rate is checked. */
const CHECK_MS = 250;

/** The memory and, while it arrives, the place of one request body. */
export interface Upload {
  /**
   * Reports how many bytes have arrived so far.
   *
   * @param held bytes in memory, which differ if the body was compressed. @default as many
   * @throws Overloaded if there is no memory for more than was announced
   */
  readonly received: (total: number, held?: number) => void;
  /** Frees the place: the body has arrived. Its memory stays reserved. */
  readonly complete: () => void;
  /** Frees the memory, and the place if the body is incomplete. Further calls do nothing. */
  readonly release: () => void;
}

interface UploadLimits {
  /** Most bodies that may be arriving at the same time. */
  readonly maxUploads: number;
  /** Most bytes that all bodies may hold together, from their arrival until their requests are answered. */
  readonly maxBytes: number;
  /** Estimates the seconds until this share (0 to 1) of the memory is likely to be free, for `Retry-After`. */
  readonly retryAfterSeconds: (share: number) => number;
}

/** One body, until its request is answered. */
interface Body extends HeldBody {
  readonly startMs: number;
  readonly abort: (reason: HttpProblem | Overloaded) => void;
  isArriving: boolean;
  received: number;
  reserved: number;
}

/**
 * Bounds the request bodies in memory: how many are arriving, and how many bytes all of them hold. A body that arrives
 * too slowly is aborted with `request-timeout`. If there is no room for a new one, the slowest make room for it, and then
 * those of clients that hold more than their fair share; if there are none, the new one is refused. So neither slow
 * clients nor greedy ones can lock out others.
 */
export class Uploads {
  readonly #limits: UploadLimits;
  /** In the order in which they began, complete ones included. */
  readonly #held = new Set<Body>();
  readonly #arriving = new Set<Body>();
  #bytes = 0;
  #check: NodeJS.Timeout | undefined;

  constructor(limits: UploadLimits) {
    this.#limits = limits;
  }

  /** Bodies that are arriving. */
  get arriving(): number {
    return this.#arriving.size;
  }

  /** Bytes reserved for bodies, complete ones included. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Accepts a body.
   *
   * @param announced its size by Content-Length, or 0; reserved at once
   * @param abort called with the reason if the body is too slow, or its client needs more room than it has a right to
   * @param client name of the client, which has a right to a fair share of the room. @default clients are not told apart
   * @throws Overloaded if there is no room for it
   */
  begin(announced: number, abort: Body['abort'], client?: string): Upload {
    const body: Body = { client, startMs: performance.now(), abort, isArriving: false, received: 0, reserved: 0 };
    this.#makeRoom({ places: 1, bytes: announced }, body);
    this.#reserve(body, announced);
    body.isArriving = true;
    this.#held.add(body);
    this.#arriving.add(body);
    this.#check ??= setInterval(() => {
      // After data that has already arrived was read: the event loop may have been blocked.
      setImmediate(() => {
        this.#abortSlow();
      });
    }, CHECK_MS).unref();
    return {
      received: (total, held = total) => {
        if (!this.#arriving.has(body)) return;
        body.received = total;
        if (held <= body.reserved) return;
        this.#makeRoom({ places: 0, bytes: held - body.reserved }, body);
        this.#reserve(body, held);
      },
      complete: () => {
        this.#remove(body);
      },
      release: () => {
        this.#remove(body);
        this.#free(body);
      },
    };
  }

  /**
   * Makes room by aborting bodies; aborts none if that would not be enough.
   *
   * @param wanting the body that needs the room
   */
  #makeRoom(more: Room, wanting: Body): void {
    const { maxUploads, maxBytes, retryAfterSeconds } = this.#limits;
    const excess = {
      places: this.#arriving.size + more.places - maxUploads,
      bytes: this.#bytes + more.bytes - maxBytes,
    };
    if (excess.places <= 0 && excess.bytes <= 0) return;
    const slow = this.#slowest(wanting);
    const victims =
      firstThatFree(excess, slow) ?? firstThatFree(excess, [...this.#overShare(more, wanting, excess), ...slow]);
    if (victims === undefined) {
      if (slow.length < excess.places) throw new Overloaded('uploads', retryAfterSeconds(0));
      throw new Overloaded('memory', retryAfterSeconds(excess.bytes / Math.max(1, this.#bytes)));
    }
    const wasSlow = new Set(slow);
    for (const body of victims) {
      const tooSlow = 'The body arrived too slowly, and other requests needed the room for it.';
      this.#abort(body, wasSlow.has(body) ? requestTimeout(tooSlow) : new Overloaded('share', retryAfterSeconds(0)));
    }
  }

  /** The bodies of clients that hold more than their share of what there is not enough of. */
  #overShare(more: Room, wanting: Body, excess: Room): Body[] {
    const most = { places: this.#limits.maxUploads, bytes: this.#limits.maxBytes };
    const short = (['bytes', 'places'] as const).filter((what) => excess[what] > 0);
    return short.flatMap((what) => bodiesOverShare(this.#held, wanting, more, most, what));
  }

  /** The bodies that can make room for others, slowest first. */
  #slowest(except: Body): Body[] {
    const now = performance.now();
    const rate = ({ received, startMs }: Body): number =>
      ((received + HEAD_START_BYTES) / Math.max(1, now - startMs)) * 1000;
    return [...this.#arriving]
      .filter((body) => body !== except && rate(body) < YIELD_BYTES_PER_SECOND)
      .sort((a, b) => rate(a) - rate(b));
  }

  #abortSlow(): void {
    const now = performance.now();
    for (const body of this.#arriving) {
      const ms = now - body.startMs;
      if (ms > GRACE_MS && body.received < (ms / 1000) * MIN_BYTES_PER_SECOND) {
        this.#abort(body, requestTimeout(`The body arrived at less than ${MIN_BYTES_PER_SECOND} bytes per second.`));
      }
    }
  }

  #abort(body: Body, reason: HttpProblem | Overloaded): void {
    this.#remove(body);
    this.#free(body);
    body.abort(reason);
  }

  #reserve(body: Body, bytes: number): void {
    this.#bytes += bytes - body.reserved;
    body.reserved = bytes;
  }

  #remove(body: Body): void {
    body.isArriving = false;
    this.#arriving.delete(body);
    if (this.#arriving.size > 0) return;
    clearInterval(this.#check);
    this.#check = undefined;
  }

  #free(body: Body): void {
    this.#reserve(body, 0);
    this.#held.delete(body);
  }
}

/**
 * The first of these bodies whose end frees enough. Those that hold nothing of what is short are passed over.
 *
 * @returns undefined if not even all of them free enough
 */
function firstThatFree(excess: Room, bodies: readonly Body[]): ReadonlySet<Body> | undefined {
  const victims = new Set<Body>();
  let bytes = 0;
  const isEnough = (): boolean => victims.size >= excess.places && bytes >= excess.bytes;
  for (const body of bodies) {
    if (isEnough()) break;
    const helps = victims.size < excess.places || body.reserved > 0;
    if (victims.has(body) || !helps) continue;
    victims.add(body);
    bytes += body.reserved;
  }
  return isEnough() ? victims : undefined;
}
