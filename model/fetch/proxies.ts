import { Agent, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import { UserError } from '../errors.ts';

/** A proxy as a variable of the environment names it. */
interface NamedProxy {
  readonly variable: string;
  readonly address: string;
}

/**
 * Connections by way of the proxies that the environment names, read as curl reads it: ALL_PROXY stands in for
 * HTTP_PROXY and HTTPS_PROXY where they are not set, and NO_PROXY names the hosts that need none. HTTPS_PROXY may be
 * left out where it is the same as HTTP_PROXY.
 *
 * @throws UserError (settings-invalid) if a proxy is no address; of one of another kind, by the request that needs it
 */
export function proxyAware(options: Agent.Options): Dispatcher {
  const all = named('ALL_PROXY');
  const http = named('HTTP_PROXY') ?? all;
  const https = named('HTTPS_PROXY') ?? all ?? http;
  try {
    return new EnvHttpProxyAgent({
      ...options,
      // Many proxies allow tunnels to port 443 alone.
      proxyTunnel: false,
      httpProxy: addressOf(http),
      httpsProxy: addressOf(https),
      clientFactory: (origin, clientOptions) => {
        const refused = [http, https].find(
          (proxy) => proxy !== undefined && standIn(proxy) === origin.origin,
        );
        return refused === undefined ? new Pool(origin, clientOptions) : new RefusedProxy(refused);
      },
    });
  } catch (error) {
    // The variable's value may hold a password.
    throw new UserError(
      'settings-invalid',
      'HTTP_PROXY, HTTPS_PROXY and ALL_PROXY must be addresses such as http://proxy.example:3128, or not set.',
      { cause: error },
    );
  }
}

/** The variable of a name in small letters counts before the other, and an empty one is as good as none. */
function named(name: string): NamedProxy | undefined {
  for (const variable of [name.toLowerCase(), name]) {
    const address = process.env[variable]?.trim() ?? '';
    if (address !== '') return { variable, address };
  }
  return undefined;
}

/** An empty address keeps undici from reading the environment itself. */
function addressOf(proxy: NamedProxy | undefined): string {
  if (proxy === undefined) return '';
  return isSocks(proxy) ? standIn(proxy) : proxy.address;
}

function isSocks({ address }: NamedProxy): boolean {
  return /^socks\w*:/i.test(address);
}

/** Only undici knows which requests need a proxy: it gets an address that is nobody's and is never asked. */
function standIn({ variable }: NamedProxy): string {
  return `https://${variable.toLowerCase().replace('_', '-')}.invalid`;
}

/** undici's own SOCKS5 is experimental, and knows no limit of silence. */
class RefusedProxy extends Agent {
  readonly #proxy: NamedProxy;

  constructor(proxy: NamedProxy) {
    super();
    this.#proxy = proxy;
  }

  override dispatch(): never {
    const { variable, address } = this.#proxy;
    const kind = address.slice(0, address.indexOf(':')).toLowerCase();
    throw new UserError(
      'settings-invalid',
      `${variable} names a ${kind} proxy, and only http and https proxies are supported: ` +
        'name one of these in HTTPS_PROXY, or the host in NO_PROXY.',
    );
  }
}
