/**
 * A program for a test, which stops its engine's process where it is, as a call to a GPU that does not come back
 * would, and ends without a further word to it.
 */
import { EngineSupervisor } from '../../../../service/engine/process/supervisor.ts';
import { stubLoad } from './stub-load.ts';

const supervisor = new EngineSupervisor({
  load: stubLoad({}),
  startTimeoutMs: 60_000,
  verifyPackage: () => Promise.resolve(''),
  runTimeoutMs: 60_000,
  program: new URL('./stub-engine.ts', import.meta.url),
});
supervisor.start();
await supervisor.whenReady();
const pid = supervisor.pid ?? 0;
process.kill(pid, 'SIGSTOP');
process.stdout.write(`${pid}\n`);
if (process.argv[2] === 'throw') throw new Error('as told');
process.exit(7);
