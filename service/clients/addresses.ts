import { BlockList, isIP, isIPv4 } from 'node:net';
import type { ReadHeader } from './api-keys.ts';

/**
 * Tells clients apart by their addresses behind proxies, as far as these are trusted: `X-Forwarded-For` and `Forwarded`
 * (RFC 7239) are read from the right, where the nearest proxy has added the address that sent it the request, up to the
 * first one that is not a trusted proxy. Anything to the left of that may be forged.
 */
export class ClientAddresses {
  readonly #proxies = new BlockList();

  /** @param proxies addresses and networks (CIDR) of the trusted proxies, as checked by the setting TRUSTED_PROXIES */
  constructor(proxies: readonly string[]) {
    for (const network of proxies) {
      const [address = '', bits] = network.split('/');
      const family = isIPv4(address) ? 'ipv4' : 'ipv6';
      this.#proxies.addSubnet(address, bits === undefined ? (family === 'ipv4' ? 32 : 128) : Number(bits), family);
    }
  }

  /**
   * The client of a request: an IPv4 address, or the first 64 bits of an IPv6 address, since one client usually has all
   * that begin so.
   *
   * @param remote address at the other end of the connection
   */
  clientOf(remote: string | undefined, header: ReadHeader): string | undefined {
    const nearest = parse(remote ?? '');
    if (nearest === undefined) return undefined;
    const chains = [forwardedFor(header('x-forwarded-for')), forwarded(header('forwarded'))];
    const found = chains.filter((chain) => chain.length > 0).map((chain) => this.#follow(nearest, chain));
    const [first = nearest, ...others] = found;
    // A proxy sets one of them and passes on what the client sent in the other: if they differ, neither is reliable.
    return groupOf(others.every((other) => other === first) ? first : nearest);
  }

  #follow(nearest: string, chain: readonly string[]): string {
    let client = nearest;
    for (const hop of chain.toReversed()) {
      if (!this.#proxies.check(client, isIPv4(client) ? 'ipv4' : 'ipv6')) return client;
      const address = parse(hop);
      if (address === undefined) return client;
      client = address;
    }
    return client;
  }
}

function forwardedFor(value = ''): string[] {
  return value === '' ? [] : value.split(',');
}

/** The addresses in `for=192.0.2.1;proto=https, for="[2001:db8::1]:4711"`. */
function forwarded(value = ''): string[] {
  if (value === '') return [];
  return value.split(',').map((hop) => /(?:^|[;\s])for="?([^";\s]*)/i.exec(hop)?.[1] ?? '');
}

/**
 * An address without brackets, port and zone, in the same form however it is written; one that IPv6 maps from IPv4 as
 * IPv4. Undefined if it is not an address.
 */
function parse(text: string): string | undefined {
  const [, bracketed, withPort] = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/.exec(text.trim()) ?? [];
  const [address = ''] = (bracketed ?? withPort ?? text.trim()).split('%');
  if (isIP(address) !== 6) return isIPv4(address) ? address : undefined;
  return mappedFrom(words(address)) ?? written(words(address));
}

function groupOf(address: string): string {
  if (isIPv4(address)) return address;
  return `${written(words(address).slice(0, 4))}::/64`;
}

function written(ipv6: readonly number[]): string {
  return ipv6.map((word) => word.toString(16)).join(':');
}

function mappedFrom(ipv6: readonly number[]): string | undefined {
  const [high = 0, low = 0] = ipv6.slice(6);
  const isMapped = ipv6.slice(0, 5).every((word) => word === 0) && ipv6[5] === 0xffff;
  return isMapped ? [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.') : undefined;
}

/** The eight words of a valid IPv6 address. */
function words(address: string): number[] {
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const [, a = '', b = '', c = '', d = ''] = dotted ?? [];
  const tail = `${(Number(a) * 256 + Number(b)).toString(16)}:${(Number(c) * 256 + Number(d)).toString(16)}`;
  const plain = dotted === null ? address : address.slice(0, dotted.index) + tail;
  const [left = '', right] = plain.split('::');
  const wordsOf = (part: string): number[] => (part === '' ? [] : part.split(':').map((word) => parseInt(word, 16)));
  if (right === undefined) return wordsOf(left);
  const [first, last] = [wordsOf(left), wordsOf(right)];
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
}
