import { Overloaded } from '../inference/errors.ts';
import type { HttpProblem } from './problem.ts';
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

/** One body that is arriving. */
interface Body {
  readonly startMs: number;
  readonly abort: (reason: HttpProblem) => void;
  received: number;
  reserved: number;
}

/**
 * Bounds the request bodies in memory: how many are arriving, and how many bytes all of them hold. A body that arrives
 * too slowly is aborted with `request-timeout`. If there is no room for a new one, the slowest make room for it; if all
 * are fast, the new one is refused. So slow clients cannot lock out others.
 */
export class Uploads {
  readonly #limits: UploadLimits;
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
   * @param abort called with the reason if the body is too slow
   * @throws Overloaded if there is no room for it
   */
  begin(announced: number, abort: (reason: HttpProblem) => void): Upload {
    this.#makeRoom(1, announced);
    const body: Body = { startMs: performance.now(), abort, received: 0, reserved: announced };
    this.#bytes += announced;
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
        this.#makeRoom(0, held - body.reserved, body);
        this.#bytes += held - body.reserved;
        body.reserved = held;
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
   * Makes room by aborting the slowest bodies; aborts none if that would not be enough.
   *
   * @param except the body that needs the room
   */
  #makeRoom(places: number, bytes: number, except?: Body): void {
    const { maxUploads, maxBytes, retryAfterSeconds } = this.#limits;
    const excess = {
      places: this.#arriving.size + places - maxUploads,
      bytes: this.#bytes + bytes - maxBytes,
    };
    if (excess.places <= 0 && excess.bytes <= 0) return;
    const victims: Body[] = [];
    let freed = 0;
    for (const body of this.#slowest(except)) {
      if (victims.length >= excess.places && freed >= excess.bytes) break;
      victims.push(body);
      freed += body.reserved;
    }
    if (victims.length < excess.places) throw new Overloaded('uploads', retryAfterSeconds(0));
    if (freed < excess.bytes) {
      throw new Overloaded('memory', retryAfterSeconds(excess.bytes / Math.max(1, this.#bytes)));
    }
    for (const body of victims) {
      this.#abort(body, 'The body arrived too slowly, and other requests needed the room for it.');
    }
  }

  /** The bodies that can make room for others, slowest first. */
  #slowest(except: Body | undefined): Body[] {
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
        this.#abort(body, `The body arrived at less than ${MIN_BYTES_PER_SECOND} bytes per second.`);
      }
    }
  }

  #abort(body: Body, detail: string): void {
    this.#remove(body);
    this.#free(body);
    body.abort(requestTimeout(detail));
  }

  #remove(body: Body): void {
    this.#arriving.delete(body);
    if (this.#arriving.size > 0) return;
    clearInterval(this.#check);
    this.#check = undefined;
  }

  #free(body: Body): void {
    this.#bytes -= body.reserved;
    body.reserved = 0;
  }
}
