import { Command, InvalidArgumentError, Option } from 'commander';
import type { CompileOptions } from '../../model/compile/compile-options.ts';
import { KNOWS_RULE, knowsSchema, PRECISIONS } from '../../model/package/manifest.ts';
import { compileWithProgress } from '../compile-with-progress.ts';
import { bytes, count } from '../format.ts';
import { wholeNumber } from '../../model/options/number.ts';

type Options = Omit<CompileOptions, 'replace' | 'onProgress' | 'onNote'> & { readonly force?: true };

/** `ofa-ve compile`: compiles a checkpoint folder to a model package. */
export function compileCommand(): Command {
  return new Command('compile')
    .summary('compile a checkpoint to a model package')
    .description("Compiles a PyTorch checkpoint of OFA, in ModelScope's folder layout, to an ONNX model package.")
    .argument('<checkpoint-folder>', 'folder with pytorch_model.bin or model.safetensors, and its configuration')
    .argument('<package-folder>', 'folder to create; it is complete or not there at all')
    .addOption(
      new Option('--precision <type>', 'fp32 for CPUs, fp16 for GPUs, int8 for CPUs with VNNI: see docs/models.md')
        .choices(PRECISIONS)
        .default('fp32'),
    )
    .option(
      '--calibration <folder>',
      'folder with pictures like those that will be asked about, for int8 (default: the examples, or generated pictures)',
    )
    .option(
      '--max-text-tokens <number>',
      "longest prompt in tokens; fewer make the package smaller (default: the checkpoint's max_src_length)",
      wholeNumber(1),
    )
    .option(
      '--name <name>',
      "the model's name in the manifest (default: that of the checkpoint folder, or of its repository in a cache)",
    )
    .option(
      '--knows <sentence>',
      'what the model was trained for, as inspect shows it (default: "knows" in configuration.json, if it is there)',
      knowsSentence,
    )
    .option(
      '--examples <folder>',
      'folder with examples.json and its pictures, for the demo page (default: examples/ in the checkpoint folder)',
    )
    .option('--force', 'replace an existing package')
    .action(async (checkpoint: string, target: string, { force, ...options }: Options) => {
      const started = performance.now();
      const manifest = await compileWithProgress(checkpoint, target, { ...options, replace: force === true });
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(
        `${target}: ${manifest.name}, ${manifest.precision}, ${count(manifest.graph.parameters)} parameters, ` +
          `${bytes(manifest.memory.weightsBytes)} of weights and constants, in ${seconds} s.`,
      );
    });
}

function knowsSentence(text: string): string {
  const parsed = knowsSchema.safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError(`It must be ${KNOWS_RULE}.`);
  return parsed.data;
}
