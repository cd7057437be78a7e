// The service in a process of its own: sends its address, and its state in answer to every message but 'stop'.
import { pino } from 'pino';
import { readSettings } from '../../service/settings/read.ts';
import { startService } from '../../service/lifecycle/start-service.ts';
import type { ServiceState } from './messages.ts';

const service = await startService(readSettings(process.env), { logger: pino({ level: 'silent' }) });
await service.model.pool.whenReady();
process.on('message', (message) => {
  if (message === 'stop') {
    void service.stop().then(() => {
      process.disconnect();
    });
    return;
  }
  if (message === 'collect') globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  const state: ServiceState = {
    residentBytes: rss,
    heapBytes: heapUsed,
    externalBytes: external,
    handles: process.getActiveResourcesInfo().length,
    enginePid: service.model.pool.pid,
  };
  process.send?.(state);
});
// The benchmark has failed.
process.on('disconnect', () => void service.stop());
process.send?.({ url: `http://127.0.0.1:${service.port}` });
