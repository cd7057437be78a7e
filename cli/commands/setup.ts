import path from 'node:path';
import { Command, Option } from 'commander';
import { checkCalibration } from '../../model/compile/prepare.ts';
import { isUpToDate } from '../../model/compile/up-to-date.ts';
import { UserError } from '../../model/errors.ts';
import { makeFolder } from '../../model/make-folder.ts';
import { notWritten } from '../../model/not-written.ts';
import { PRECISIONS } from '../../model/package/manifest.ts';
import { lacksVnni, WITHOUT_VNNI } from '../../model/vnni.ts';
import { DEFAULT_PRESET } from '../../model/fetch/presets.ts';
import { cpuForInt8 } from '../../service/engine/device/plan.ts';
import { readSettings, type Settings } from '../../service/settings/read.ts';
import type { EngineInfo } from '../../service/engine/protocol.ts';
import { openModel } from '../../service/inference/open-model.ts';
import { compileWithProgress } from '../compile-with-progress.ts';
import {
  checkpointFolder,
  fetchCheckpoint,
  type FetchCommandOptions,
  modelPath,
  sourceOf,
  withFetchOptions,
} from '../fetch-checkpoint.ts';
import { choosePrecision, type Precision } from '../precision.ts';
import { summary } from './fetch.ts';

/** What int8 gains and costs: see docs/models.md. */
const INT8_OFFER =
  'more than twice the speed of fp32 where the processor has VNNI, half the size, and another answer to one or two of a thousand questions';

interface SetupOptions extends FetchCommandOptions {
  readonly precision?: Precision;
  readonly calibration?: string;
  readonly cache: string;
  readonly force?: true;
}

/** `ofa-ve setup`: fetches, compiles and tests a published model, ready to serve. */
export function setupCommand(): Command {
  return withFetchOptions(new Command('setup'))
    .summary('fetch, compile and self-test a model')
    .description(
      'Fetches a published checkpoint, compiles it for this machine (CPU or GPU) and runs the self-test, so that it is ready to serve. Steps that are already done are skipped.',
    )
    .argument('[model]', 'preset or model id', DEFAULT_PRESET)
    .addOption(
      new Option(
        '--precision <type>',
        `fp32 for CPUs, fp16 for GPUs (default: fp16 where CUDA would be used); int8 for CPUs: ${INT8_OFFER}`,
      ).choices(PRECISIONS),
    )
    .option('--calibration <folder>', 'for int8: folder with pictures like those that will be asked about')
    .option('--cache <folder>', 'folder for checkpoints/ and packages/', '.cache')
    .option('--force', 'compile again, even if the package is up to date')
    .action(async (model: string, options: SetupOptions) => {
      const source = sourceOf(model, options);
      // One engine is enough for the self-test, even with several GPUs.
      const settings = readSettings({ ...process.env, ENGINES: '1' });
      const choice = await choosePrecision(settings.DEVICE);
      const { precision = choice.precision } = options;
      const { reason, hint } = options.precision === undefined ? choice : { reason: '--precision is given' };
      await checkCalibration(precision, options.calibration);
      if (precision === 'int8') cpuForInt8(settings.DEVICE);
      console.log(`${reason}: compiling to ${precision}.`);
      if (precision === 'int8' && lacksVnni()) console.log(`Note: ${WITHOUT_VNNI}.`);
      if (hint !== undefined) console.log(hint);

      const checkpoint = checkpointFolder(source, options.cache);
      const files = await fetchCheckpoint(source, checkpoint);
      console.log(`${checkpoint}: ${summary(files)}.`);
      const target = path.join(options.cache, 'packages', `${modelPath(source)}-${precision}`);
      const sums = new Map(files.map((file) => [file.name, file.sha256]));
      const calibration = options.calibration === undefined ? {} : { calibration: options.calibration };
      if (!options.force && (await isUpToDate(checkpoint, target, { precision, sums, ...calibration }))) {
        console.log(`${target}: already compiled and up to date.`);
      } else {
        try {
          makeFolder(path.dirname(target));
        } catch (error) {
          throw notWritten(target, error);
        }
        await compileWithProgress(checkpoint, target, {
          precision,
          name: path.posix.basename(source.id),
          replace: true,
          ...calibration,
        });
        console.log(`${target}: compiled.`);
      }
      reportSelfTest(await selfTest(target, settings), precision);
      console.log(`Ready. Start it: npm start -- --model ${target}`);
      if (precision === 'fp32') console.log(`Another choice is --precision int8: ${INT8_OFFER}.`);
    });
}

/** Starts an engine as the server does; it runs the package's self-test before it becomes ready. */
async function selfTest(target: string, settings: Settings): Promise<EngineInfo> {
  const model = await openModel(target, settings);
  try {
    await model.failFast(model.pool.whenReady());
    const { state } = model.pool;
    if (state.phase !== 'ready') throw new UserError('engine-failed', 'The engine stopped after its self-test.');
    return state.info;
  } finally {
    await model.close();
  }
}

function reportSelfTest({ provider, selfTestDeviation, fallback }: EngineInfo, precision: Precision): void {
  const where = provider === 'cuda' ? 'the GPU' : 'the CPU';
  console.log(
    `Self-test passed on ${where}: probabilities within ${selfTestDeviation.toExponential(1)} of the compiler's.`,
  );
  if (precision !== 'fp16' || fallback === undefined) return;
  console.log(`No GPU is used (${fallback}); \`setup --precision fp32\` compiles for CPUs.`);
}
