/**
 * The real engine on the CPU, which says that it runs on CUDA: so that what watches GPUs watches it. Selected by tests
 * alone.
 */
import '../../service/engine/child.ts';
import type { FromEngine, ToEngine } from '../../service/engine/protocol.ts';

// A replacement is told to take CUDA and nothing else.
process.prependListener('message', (told) => {
  const message = told as ToEngine;
  if (message.type === 'load') Object.assign(message.options, { device: 'cpu' });
});

const send = process.send?.bind(process);
process.send = (message: FromEngine): boolean =>
  send?.(message.type === 'ready' ? { ...message, info: { ...message.info, provider: 'cuda' } } : message) ??
  false;
