/**
 * Compiles the model of an image: `node docker/compile-model.ts CHECKPOINT PACKAGE NAME fp32|fp16`. `ofa-ve compile` does
 * the same, but depends on the service, so that every change to it would compile the model again.
 */
import { compileCheckpoint } from '../model/compile/compile.ts';
import { UserError } from '../model/errors.ts';

const [checkpoint, target, name, precision] = process.argv.slice(2);
if (!checkpoint || !target || !name || (precision !== 'fp32' && precision !== 'fp16')) {
  console.error('usage: node docker/compile-model.ts CHECKPOINT PACKAGE NAME fp32|fp16');
  process.exit(2);
}

try {
  await compileCheckpoint(checkpoint, target, { name, precision });
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exit(1);
}
