import { existsSync, lstatSync, renameSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { OfaConfig } from './checkpoint/config.ts';
import { type Weights, openWeights } from './checkpoint/weights.ts';
import { requireText } from '../arguments.ts';
import { echo, shorten } from '../echo.ts';
import { UserError } from '../errors.ts';
import { writeExamples } from '../package/examples.ts';
import { checkTypes, type CompileOptions } from './compile-options.ts';
import { refuseAdapters, refuseFairseqNames, unknownTensors, unusedTensors } from './ofa/known-tensors.ts';
import { checkSharedTables } from './ofa/token-tables.ts';
import { describe, imagePositions, prepare, type Prepared, textOf } from './prepare.ts';
import { checksumsOf, PIECE_BYTES } from '../package/checksums.ts';
import { hashFile } from '../hash-file.ts';
import { orNotWritten } from '../not-written.ts';
import { ANSWER_HEAD, ofaGraph } from './ofa/graph.ts';
import { OPSET } from './onnx/encode.ts';
import { countOperators, type Graph, peakActivationBytes } from './onnx/graph.ts';
import { splitAt } from './onnx/split.ts';
import { writeGraphs } from './onnx/write.ts';
import { GRAPH_IO, PACKAGE_FILES } from '../package/layout.ts';
import type { Manifest } from '../package/manifest.ts';
import { inScratchFolder, swapIntoPlace } from './scratch-folder.ts';
import { runCases, selfTestInputs } from './self-test-run.ts';

/** Largest difference from a self-test's probability that passes, by precision. */
const TOLERANCE = { fp32: 1e-3, fp16: 2e-2, int8: 2e-2 } as const;

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
  requireText('The checkpoint folder', checkpoint);
  requireText('The package folder', target);
  checkTypes(options);
  checkTarget(target, options.replace === true);
  const prepared = await prepare(checkpoint, options);
  const weights = await openWeights(checkpoint);
  try {
    refuseFairseqNames(weights.tensors.keys());
    refuseAdapters(weights.tensors.keys());
    for (const note of notesOn(checkpoint, weights, prepared.config)) options.onNote?.(echo(note));
    return await inScratchFolder(target, async (scratch) => {
      const manifest = await writePackage(checkpoint, scratch, prepared, weights, options);
      publish(scratch, target, options.replace === true);
      return manifest;
    });
  } catch (error) {
    throw orNotWritten(target, error);
  } finally {
    await weights.close();
  }
}

/** What is out of the ordinary in the names of a checkpoint's tensors, in sentences. */
function notesOn(checkpoint: string, { prefix, wrappers, tensors }: Weights, config: OfaConfig): string[] {
  const names = `The names of the tensors in ${checkpoint}`;
  const unknown = unknownTensors(tensors.keys());
  return [
    ...(prefix === '' ? [] : [`${names} begin with ${prefix}, which was stripped.`]),
    ...(wrappers.length === 0
      ? []
      : [`${names} contain ${wrappers.join(' and ')}, which ${wrappers.length === 1 ? 'was' : 'were'} stripped.`]),
    ...(unknown[0] === undefined
      ? []
      : [
          `${checkpoint} has tensors that OFA does not have, ${unknown.length} in all, such as ${shorten(unknown[0])}: they ` +
            'are left out. If the model was trained with them, its answers will differ.',
        ]),
    ...unusedTensors(tensors.keys(), config),
  ];
}

/**
 * Refuses to overwrite anything without --force, and anything but a package with it.
 *
 * @throws UserError, also for a path that nothing can have
 */
function checkTarget(target: string, replace: boolean): void {
  if (target === '') throw new UserError('output-not-writable', 'The path of the package folder is empty.');
  try {
    if (lstatSync(target, { throwIfNoEntry: false }) === undefined) return;
  } catch (error) {
    throw orNotWritten(target, error);
  }
  if (!existsSync(target)) {
    throw new UserError(
      'package-exists',
      `${target} is a symbolic link to what is not there: remove the link, or choose another folder.`,
    );
  }
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

/** Gives the finished package its name, unless another process has made something there in the meantime. */
function publish(scratch: string, target: string, replace: boolean): void {
  checkTarget(target, replace);
  if (existsSync(target)) swapIntoPlace(scratch, target);
  else renameSync(scratch, target);
}

async function writePackage(
  checkpoint: string,
  folder: string,
  prepared: Prepared,
  weights: Weights,
  options: CompileOptions,
): Promise<Manifest> {
  const { config, task, tokenizer } = prepared;
  const precision = options.precision ?? 'fp32';
  const { graph, parameters, calibration } = await buildGraph(folder, prepared, weights, options);
  const featureDims = ['batch', imagePositions(task), config.dModel];
  const { before: imageGraph, after: answerGraph } = splitAt(graph, GRAPH_IO.imageFeatures, featureDims);
  const written = await writeGraphs(
    folder,
    { [PACKAGE_FILES.imageGraph]: imageGraph, [PACKAGE_FILES.graph]: answerGraph },
    {
      weightsFile: PACKAGE_FILES.weights,
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
  const { knows = task.knows } = options;
  const manifest: Manifest = {
    ...describe(prepared, precision),
    ...(calibration ? { calibration } : {}),
    name: prepared.name,
    ...(knows === undefined ? {} : { knows }),
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

/** The graph in the package's precision, and how many parameters it uses. */
async function buildGraph(
  folder: string,
  prepared: Prepared,
  weights: Weights,
  options: CompileOptions,
): Promise<{ graph: Graph; parameters: number; calibration?: Manifest['calibration'] }> {
  const { config, task, tokenizer, lengths } = prepared;
  const vocabulary = {
    size: tokenizer.size,
    special: tokenizer.special,
    answers: task.answers.map((answer) => tokenizer.encode(` ${answer}`)),
  };
  const textLength = lengths.at(-1) ?? prepared.maxTokens + 2;
  const float = options.precision === 'fp16' ? 'float16' : 'float32';
  await checkSharedTables(weights, config);
  const built = ofaGraph({ weights, config, task, vocabulary, textLength, float });
  return options.precision === 'int8'
    ? { ...built, ...(await quantized(built.graph, folder, prepared, options)) }
    : built;
}

/** The graph in integers, and what the manifest says about its calibration. */
async function quantized(
  graph: Graph,
  scratch: string,
  prepared: Prepared,
  { calibration: folder, onProgress }: CompileOptions,
): Promise<{ graph: Graph; calibration: Manifest['calibration'] }> {
  const { task, tokenizer, examples } = prepared;
  // It takes a while to load, and other precisions do not need it.
  const { quantize } = await import('./int8/quantize.ts');
  const result = await quantize(graph, {
    scratch,
    folder,
    examples,
    imageSize: task.patchImageSize,
    text: textOf(prepared),
    tokenizer,
    keep: ANSWER_HEAD,
    onProgress: (done, total) => onProgress?.({ stage: 'calibration', done, total }),
  });
  return { graph: result.graph, calibration: result.record };
}

async function sumsOf(folder: string, names: readonly string[]): Promise<Manifest['files']> {
  const files: Manifest['files'] = [];
  for (const name of names) {
    files.push({ name, ...(await checksumsOf(path.join(folder, name))) });
  }
  return files;
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
