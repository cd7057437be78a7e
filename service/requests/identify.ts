import type { ClientAddresses } from '../clients/addresses.ts';
import { offeredKeys, type ApiKeys, type ReadHeader } from '../clients/api-keys.ts';
import type { KeyHolder } from '../clients/key-file.ts';
import type { RequestRecord } from '../observability/request-record.ts';
import { HttpProblem } from './problem.ts';
import { rateLimited } from './to-problem.ts';

/** Where a request comes from. */
interface Caller {
  readonly header: ReadHeader;
  /** Address at the other end of its connection. */
  readonly address: string | undefined;
  readonly record: RequestRecord;
}

/**
 * Names the client of a request, for fair shares: by its API key if keys are needed, otherwise by its address if
 * addresses are told apart. Holds the key's holder to its rate.
 *
 * @throws HttpProblem `unauthorized` without a key, `forbidden` with unknown keys, `rate-limited`
 */
export type Identify = (caller: Caller) => string | undefined;

/** How a service tells its clients apart. */
export interface ClientRules {
  /** The accepted API keys. @default no key is needed */
  readonly apiKeys?: ApiKeys;
  /** Gives clients fair shares by address where no keys are needed. @default all clients share the queue */
  readonly addresses?: ClientAddresses;
}

/** The client of a request that may be sent. */
export interface Recognized {
  /** As {@link Identify} names it. */
  readonly client: string | undefined;
  /** Name of its API key, if keys are needed. */
  readonly apiKey?: string;
}

/**
 * As {@link identifyBy}, but counts nothing, for a request that may be refused for another reason.
 *
 * @param remote the other end of its connection; finding out its address takes a system call
 * @returns undefined for a request that its client may not send
 */
export function recognizeBy({
  apiKeys,
  addresses,
}: ClientRules): (
  header: ReadHeader,
  remote: { readonly remoteAddress?: string | undefined },
) => Recognized | undefined {
  return (header, remote) => {
    if (apiKeys === undefined) return { client: addresses?.clientOf(remote.remoteAddress, header) };
    const holder = findHolder(apiKeys, offeredKeys(header));
    if (holder === undefined || apiKeys.rates.waitMs(holder.name) > 0) return undefined;
    return { client: holder.name, apiKey: holder.name };
  };
}

/** See {@link Identify}. */
export function identifyBy({ apiKeys, addresses }: ClientRules): Identify {
  return ({ header, address, record }) => {
    if (apiKeys === undefined) return addresses?.clientOf(address, header);
    const holder = holderOf(apiKeys, header);
    record.attributes['api_key'] = holder.name;
    const waitMs = apiKeys.rates.take(holder.name);
    if (waitMs > 0) throw rateLimited(holder, waitMs);
    return holder.name;
  };
}

function holderOf(keys: ApiKeys, header: ReadHeader): KeyHolder {
  const offered = offeredKeys(header);
  if (offered.length === 0) {
    throw new HttpProblem('unauthorized', 'Send an API key, as "Authorization: Bearer <key>" or "X-API-Key: <key>".', {
      headers: { 'www-authenticate': 'Bearer' },
    });
  }
  const holder = findHolder(keys, offered);
  if (holder === undefined) throw new HttpProblem('forbidden', 'This API key is not accepted.');
  return holder;
}

function findHolder(keys: ApiKeys, offered: readonly string[]): KeyHolder | undefined {
  return offered.map((key) => keys.holderOf(key)).find((found) => found !== undefined);
}
