import { existsSync } from 'node:fs';
import { rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type TaskConfig, readConfig } from './checkpoint/config.ts';
import { type Weights, openWeights } from './checkpoint/weights.ts';
import { UserError } from '../errors.ts';
import { type Example, findExamples, writeExamples } from '../package/examples.ts';
import { checksumsOf, PIECE_BYTES } from '../package/checksums.ts';
import { hashFile } from '../hash-file.ts';
import { ofaGraph } from './ofa/graph.ts';
import { OPSET } from './onnx/encode.ts';
import { countOperators, peakActivationBytes } from './onnx/graph.ts';
import { splitAt } from './onnx/split.ts';
import { writeGraphs } from './onnx/write.ts';
import { GRAPH_IO, type Manifest, PACKAGE_FILES, PACKAGE_FORMAT } from '../package/manifest.ts';
import { modelName } from './model-name.ts';
import { inScratchFolder, swapIntoPlace } from './scratch-folder.ts';
import { runCases, selfTestInputs } from './self-test-run.ts';
import { readRegular } from '../regular-file.ts';
import { reasonOf } from '../system-reason.ts';
import { textLengths } from './text-lengths.ts';
import { type Tokenizer, buildTokenizerJson, loadTokenizer } from '../package/tokenizer.ts';
import { version } from '../version.ts';

/** Options of {@link compileCheckpoint}. */
export interface CompileOptions {
  /** Type of weights and activations. fp16 is for GPUs. Default: fp32. */
  readonly precision?: 'fp32' | 'fp16';
  /** Most tokens of a prompt, without `<s>` and `</s>`. Default: the checkpoint's max_src_length. */
  readonly maxTextTokens?: number;
  /** Name of the model in the manifest. Default: see {@link modelName}. */
  readonly name?: string;
  /** Folder with examples for the package. Default: the checkpoint's folder `examples`, if it exists. */
  readonly examples?: string;
  /** Whether to replace an existing package. Default: false. */
  readonly replace?: boolean;
  readonly onProgress?: (progress: CompileProgress) => void;
  /** Called with one sentence about what is out of the ordinary in the checkpoint. */
  readonly onNote?: (note: string) => void;
}

/**
 * What the compiler is doing: writing weights, hashing the checkpoint or running the self-test. In bytes or parts of
 * the graph.
 */
export interface CompileProgress {
  readonly stage: 'weights' | 'sums' | 'self-test';
  readonly done: number;
  readonly total: number;
}

/** Largest difference from a self-test's probability that passes, by precision. */
const TOLERANCE = { fp32: 1e-3, fp16: 2e-2 } as const;

/**
 * Compiles a checkpoint folder in ModelScope's layout into a model package. The package is written atomically, and the
 * same checkpoint and options yield the same bytes.
 *
 * @throws UserError if the checkpoint cannot be read or is not supported, or if the package cannot be written
 */
export async function compileCheckpoint(
  checkpoint: string,
  target: string,
  options: CompileOptions = {},
): Promise<Manifest> {
  checkTarget(target, options.replace === true);
  const prepared = await prepare(checkpoint, options);
  const weights = await openWeights(checkpoint);
  if (weights.prefix !== '') {
    options.onNote?.(`The names of the tensors in ${checkpoint} begin with ${weights.prefix}, which was stripped.`);
  }
  try {
    return await inScratchFolder(target, async (scratch) => {
      const manifest = await writePackage(checkpoint, scratch, prepared, weights, options);
      if (options.replace && existsSync(target)) swapIntoPlace(scratch, target);
      else await rename(scratch, target);
      return manifest;
    });
  } catch (error) {
    throw asUserError(error, target);
  } finally {
    await weights.close();
  }
}

/** Refuses to overwrite anything without --force, and anything but a package with it. */
function checkTarget(target: string, replace: boolean): void {
  if (!existsSync(target)) return;
  if (!replace) {
    throw new UserError(
      'package-exists',
      `${target} exists already: choose another folder, or replace it with --force.`,
    );
  }
  if (!existsSync(path.join(target, PACKAGE_FILES.manifest))) {
    throw new UserError(
      'package-exists',
      `${target} is not a model package (it has no ${PACKAGE_FILES.manifest}), so --force does not replace it: choose another folder.`,
    );
  }
}

/** What is read from a checkpoint before its weights. */
interface Prepared {
  readonly config: Awaited<ReturnType<typeof readConfig>>['model'];
  readonly task: TaskConfig;
  readonly tokenizerJson: string;
  readonly tokenizer: Tokenizer;
  readonly maxTokens: number;
  readonly lengths: readonly number[];
  readonly examples: readonly Example[];
}

async function prepare(checkpoint: string, options: CompileOptions): Promise<Prepared> {
  const { model, task } = await readConfig(checkpoint);
  const tokenizerJson = buildTokenizerJson(
    await readText(checkpoint, 'vocab.json'),
    await readText(checkpoint, 'merges.txt'),
  );
  const most = model.maxPositionEmbeddings - 2;
  const maxTokens = options.maxTextTokens ?? Math.min(task.maxSrcLength, most);
  if (maxTokens > most) {
    throw new UserError(
      'checkpoint-unsupported',
      `--max-text-tokens ${maxTokens} is more than the model's positions allow: at most ${most}.`,
    );
  }
  return {
    config: model,
    task,
    tokenizerJson,
    tokenizer: loadTokenizer(tokenizerJson),
    maxTokens,
    lengths: textLengths(imagePositions(task), maxTokens + 2),
    examples: await findExamples(checkpoint, options.examples, task.answers),
  };
}

async function writePackage(
  checkpoint: string,
  folder: string,
  prepared: Prepared,
  weights: Weights,
  options: CompileOptions,
): Promise<Manifest> {
  const { config, task, tokenizer, lengths } = prepared;
  const precision = options.precision ?? 'fp32';
  const vocabulary = {
    size: tokenizer.size,
    special: tokenizer.special,
    answers: task.answers.map((answer) => tokenizer.encode(` ${answer}`)),
  };
  const textLength = lengths.at(-1) ?? prepared.maxTokens + 2;
  const { graph, parameters } = ofaGraph({ weights, config, task, vocabulary, textLength, precision });
  const featureDims = ['batch', imagePositions(task), config.dModel];
  const { before: imageGraph, after: answerGraph } = splitAt(graph, GRAPH_IO.imageFeatures, featureDims);
  const written = await writeGraphs(
    folder,
    { [PACKAGE_FILES.imageGraph]: imageGraph, [PACKAGE_FILES.graph]: answerGraph },
    {
      weightsFile: PACKAGE_FILES.weights,
      producer: { name: 'ofa-ve', version },
      onProgress: (done, total) => options.onProgress?.({ stage: 'weights', done, total }),
    },
  );
  await writeFile(path.join(folder, PACKAGE_FILES.tokenizer), prepared.tokenizerJson);
  const others = [PACKAGE_FILES.tokenizer, ...(await writeExamples(folder, prepared.examples))];
  const inputs = selfTestInputs(task.prompts.hypothesis, tokenizer, prepared.maxTokens);
  const cases = await runCases(graph, inputs, {
    folder,
    placements: written.placements,
    imageSize: task.patchImageSize,
    pad: tokenizer.special.pad,
    onProgress: (done, total) => options.onProgress?.({ stage: 'self-test', done, total }),
  });
  const operators = countOperators(graph);
  const manifest: Manifest = {
    ...describe(prepared, precision),
    name: options.name ?? modelName(checkpoint),
    source: { files: await sourceFiles(checkpoint, [task.answersFile, ...weights.files], options) },
    files: [...written.files, written.weights, ...(await sumsOf(folder, others))],
    pieceBytes: PIECE_BYTES,
    graph: {
      multiplyAdds: operators.reduce((sum, each) => sum + each.multiplyAdds, 0),
      operators,
      opset: OPSET,
      parameters,
      imagePositions: imagePositions(task),
    },
    memory: {
      weightsBytes: written.weights.bytes,
      // Each graph has a session of its own, whose memory the other one cannot use.
      activationBytesPerItem: peakActivationBytes(imageGraph) + peakActivationBytes(answerGraph),
    },
    selfTest: { tolerance: TOLERANCE[precision], cases },
  };
  await writeFile(path.join(folder, PACKAGE_FILES.manifest), `${JSON.stringify(manifest, undefined, 2)}\n`);
  return manifest;
}

/** The part of the manifest that follows from the checkpoint's configuration. */
function describe(
  { task, tokenizer, maxTokens, lengths }: Prepared,
  precision: Manifest['precision'],
): Pick<Manifest, 'format' | 'compiler' | 'precision' | 'image' | 'text' | 'answers'> {
  return {
    format: PACKAGE_FORMAT,
    compiler: { name: 'ofa-ve', version },
    precision,
    image: { size: task.patchImageSize },
    text: {
      prompts: task.prompts,
      maxWords: task.maxSrcLength,
      maxTokens,
      lengths: [...lengths],
      specialTokens: tokenizer.special,
    },
    answers: [...task.answers],
  };
}

async function sumsOf(folder: string, names: readonly string[]): Promise<Manifest['files']> {
  const files: Manifest['files'] = [];
  for (const name of names) {
    files.push({ name, ...(await checksumsOf(path.join(folder, name))) });
  }
  return files;
}

/** Image positions in the encoder's sequence: one per 16 x 16 pixels. */
function imagePositions(task: TaskConfig): number {
  return (task.patchImageSize / 16) ** 2;
}

/**
 * Checksums of the checkpoint's files that determine the package. Names are paths in the checkpoint folder, with `/`.
 */
async function sourceFiles(
  checkpoint: string,
  furtherFiles: readonly string[],
  options: CompileOptions,
): Promise<Manifest['source']['files']> {
  const names = ['config.json', 'configuration.json', 'vocab.json', 'merges.txt', ...furtherFiles];
  const sizes = await Promise.all(names.map(async (name) => (await stat(path.join(checkpoint, name))).size));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const files: Manifest['source']['files'] = [];
  let before = 0;
  for (const name of names) {
    const from = before;
    const file = await hashFile(path.join(checkpoint, name), (done) =>
      options.onProgress?.({ stage: 'sums', done: from + done, total }),
    );
    files.push({ ...file, name: path.posix.normalize(name) });
    before += file.bytes;
  }
  return files;
}

async function readText(folder: string, name: string): Promise<string> {
  try {
    return (await readRegular(path.join(folder, name))).toString('utf8');
  } catch (error) {
    throw new UserError(
      'checkpoint-incomplete',
      `The checkpoint folder ${folder} has no readable ${name}: ${reasonOf(error)}.`,
      { cause: error },
    );
  }
}

/** Turns a file system error into a UserError. */
function asUserError(error: unknown, target: string): unknown {
  if (!(error instanceof Error && 'syscall' in error)) return error;
  const message = `${target} cannot be written: ${reasonOf(error)}.`;
  return new UserError('output-not-writable', message, { cause: error });
}
