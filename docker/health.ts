/**
 * The health check of the images: `node build/docker/health.js` ends with 0 while the service takes requests. It asks
 * the port for metrics and probes, where no flood of requests is in the way.
 */
import { DEFAULT_SETTINGS, PATHS } from '../service/contract.ts';

/** Less than the health check's own time, so that the reason is written down. */
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
