/**
 * The health check of the images: `node build/docker/health.js` exits with 0 while the service is ready. It uses the admin
 * port, which answers even while the public port is overloaded.
 */
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
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  console.log(`${response.status} ${await response.text()}`);
  process.exitCode = response.ok ? 0 : 1;
} catch (error) {
  console.log(`no answer from ${url}: ${String(error)}`);
  process.exitCode = 1;
}
