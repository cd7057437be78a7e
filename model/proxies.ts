import { UserError } from './errors.ts';

/**
 * Checks the variables that name proxies, in capitals or not, as requests would take no proxy where one has a mistake.
 *
 * @throws UserError `settings-invalid`
 */
export function checkProxies(environment: NodeJS.ProcessEnv): void {
  const proxies = Object.entries(environment).filter(([name]) => /^https?_proxy$/i.test(name));
  if (proxies.every(([, address = '']) => address === '' || isProxy(address))) return;
  // The value is not repeated: it may hold a password.
  throw new UserError(
    'settings-invalid',
    'HTTP_PROXY and HTTPS_PROXY must be addresses of http or https proxies, such as http://proxy.example:3128, ' +
      'or unset; SOCKS is not supported.',
  );
}

function isProxy(address: string): boolean {
  try {
    const { protocol, username, password } = new URL(address);
    decodeURIComponent(`${username}:${password}`);
    // undici's own support for SOCKS is experimental and ignores the time limits; Node.js has none.
    return protocol === 'http:' || protocol === 'https:';
  } catch {
    return false;
  }
}
