/**
 * The real engine on the CPU, which says that it runs on CUDA: so that what watches GPUs watches it. Selected by tests
 * alone.
 */
import '../../../../service/engine/process/engine-program.ts';
import type { FromEngine } from '../../../../service/engine/protocol.ts';

const send = process.send?.bind(process);
process.send = (message: FromEngine): boolean =>
  send?.(message.type === 'ready' ? { ...message, info: { ...message.info, provider: 'cuda' } } : message) ?? false;
