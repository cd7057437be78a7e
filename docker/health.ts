/**
 * The health check of the images: `node build/docker/health.js` exits with 0 while the service is ready. It uses the admin
 * port, which answers even while the public port is overloaded.
 */
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { DEFAULT_SETTINGS, PATHS } from '../service/contract.ts';

/** Less than the timeout of HEALTHCHECK, so that the reason is recorded. */
const TIMEOUT_MS = 4000;
/** Addresses that mean every interface. */
const EVERY_INTERFACE = ['', '0.0.0.0', '::'];

const { HOST = '', ADMIN_PORT = '' } = process.env;
const host = EVERY_INTERFACE.includes(HOST) ? '127.0.0.1' : HOST;
const port = ADMIN_PORT === '' ? String(DEFAULT_SETTINGS.ADMIN_PORT) : ADMIN_PORT;
const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}${PATHS.ready}`;

try {
  // An agent of its own, as a proxy that NODE_USE_ENV_PROXY=1 has Node.js use does not reach this container.
  const request = get(url, { agent: new Agent(), signal: AbortSignal.timeout(TIMEOUT_MS) });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  console.log(`${response.statusCode} ${await text(response)}`);
  process.exitCode = response.statusCode === 200 ? 0 : 1;
} catch (error) {
  console.log(`no answer from ${url}: ${String(error)}`);
  process.exitCode = 1;
}
