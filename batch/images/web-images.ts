import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Agent, request, type Dispatcher } from 'undici';
import { MIB } from '../../model/bytes.ts';
import { shorten } from '../../model/echo.ts';
import { BODY_BUFFER_BYTES, MAX_REDIRECTS } from '../../model/http-client.ts';
import { RowError } from '../row-error.ts';
import { unreadable, type ImageSource, type StoredImage } from './stored-image.ts';

/** How long connecting, or the next bytes, may take, in milliseconds. */
const STALL_MS = 30_000;

interface WebOptions {
  /** Hosts that images may be fetched from. */
  readonly hosts: readonly string[];
  /** Largest image file, in MiB. */
  readonly maxMib: number;
  /** Whether an IP address may be connected to. @default {@link isPublic} */
  readonly isAllowed?: (address: string) => boolean;
  /** Certificate authorities to trust, for tests. @default the system's */
  readonly ca?: string;
}

/** Image files at https addresses, from named hosts with public addresses alone. */
export class WebImages implements ImageSource {
  readonly #hosts: ReadonlySet<string>;
  readonly #maxBytes: number;
  readonly #isAllowed: (address: string) => boolean;
  readonly #agent: Agent;

  constructor({ hosts, maxMib, isAllowed = isPublic, ca }: WebOptions) {
    this.#hosts = new Set(hosts.map((host) => host.toLowerCase()));
    this.#maxBytes = maxMib * MIB;
    this.#isAllowed = isAllowed;
    this.#agent = new Agent({
      connect: { timeout: STALL_MS, lookup: checkedLookup(isAllowed), ...(ca === undefined ? {} : { ca }) },
      headersTimeout: STALL_MS,
      bodyTimeout: STALL_MS,
    });
  }

  /** @throws RowError if the address is not allowed */
  find(name: string): Promise<StoredImage> {
    return Promise.resolve(name).then((address) => {
      this.#check(address, name);
      // How large it is turns out when it is fetched.
      return { size: this.#maxBytes, read: (signal) => this.#fetch(address, signal) };
    });
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #fetch(name: string, signal: AbortSignal): Promise<Uint8Array> {
    try {
      let address = new URL(name);
      for (let redirects = 0; ; redirects++) {
        const response = await request(address, {
          dispatcher: this.#agent,
          signal,
          highWaterMark: BODY_BUFFER_BYTES,
        });
        const location = [response.headers['location']].flat()[0];
        if (response.statusCode === 200) return await this.#body(response.body);
        await response.body.dump();
        if (location === undefined || response.statusCode < 300 || response.statusCode > 399) {
          throw new Error(`${address.host} answers with status ${response.statusCode}`);
        }
        if (redirects === MAX_REDIRECTS) throw new Error(`it is redirected more than ${MAX_REDIRECTS} times`);
        address = new URL(location, address);
        this.#check(address.href, name);
      }
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof RowError ? error : unreadable(name, error);
    }
  }

  async #body(body: Dispatcher.ResponseData['body']): Promise<Uint8Array> {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > this.#maxBytes) {
        const detail = `The image has more than ${this.#maxBytes / MIB} MiB; at most that is read (MAX_BODY_MB).`;
        throw new RowError('body-too-large', detail, 'image');
      }
      chunks.push(chunk);
    }
    if (length === 0) throw new RowError('invalid-field', 'The field "image" is empty.', 'image');
    return Buffer.concat(chunks);
  }

  /** @param name what the row names, which may have led to the address by redirects */
  #check(address: string, name: string): void {
    const url = URL.canParse(address) ? new URL(address) : undefined;
    const refuse = (why: string): never => {
      throw new RowError('address-not-allowed', `The image ${shorten(name)} is not fetched: ${why}.`, 'image');
    };
    if (url?.protocol === 'data:') {
      return refuse('it is in an address; write it into a file, or as bytes into a column of Parquet');
    }
    if (url?.protocol !== 'https:') return refuse('its address, or one it is redirected to, is not one of https');
    if (!this.#hosts.has(url.hostname.toLowerCase())) {
      refuse(`the host ${shorten(url.hostname)} is not one that --allow-host names`);
    }
    // Names are checked when they have been resolved.
    const literal = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(literal) !== 0 && !this.#isAllowed(literal)) refuse(`${literal} is not a public address`);
  }
}

/** Resolves names, and refuses all addresses but those that are allowed: the connection is made to what was checked. */
function checkedLookup(isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, '');
        return;
      }
      const [first] = addresses;
      const other = addresses.find(({ address }) => !isAllowed(address));
      if (other !== undefined) {
        callback(new Error(`the address of ${hostname}, ${other.address}, is not a public one`), '');
      } else if (options.all === true) callback(null, addresses);
      else callback(null, first?.address ?? '', first?.family);
    });
  };
}

/** Networks that are not public, from the special-purpose registries of IANA. */
const RESERVED = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  RESERVED.addSubnet(network, prefix, 'ipv4');
}
// Teredo and others, documentation, 6to4, documentation again.
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  RESERVED.addSubnet(network, prefix, 'ipv6');
}
/** All public IPv6 addresses are in it; those that contain an IPv4 address are not. */
const UNICAST = new BlockList();
UNICAST.addSubnet('2000::', 3, 'ipv6');

/** Whether an IP address is one of the public internet. */
export function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !RESERVED.check(address, 'ipv4');
  return UNICAST.check(address, 'ipv6') && !RESERVED.check(address, 'ipv6');
}
