import { expect, it } from 'vitest';
import { KernelRecorder } from '../../../../service/engine/process/attention-kernels.ts';

/** A line as ONNX Runtime colours it. */
function coloured(text: string): string {
  return `\u001b[36m${text}\u001b[0m`;
}

function choice(node: string, kernel: string): string {
  return coloured(
    `Operator=MultiHeadAttention${node === '' ? '' : ` Node=${node}`} DataType=fp16 SdpaKernel=${kernel}`,
  );
}

function record(lines: readonly string[]): KernelRecorder {
  const recorder = new KernelRecorder();
  for (const line of lines) expect(recorder.read(line)).toBe(true);
  return recorder;
}

it('counts each node once by part and kernel, however often it runs', () => {
  const run = [
    choice('encoder/layers.0/attention', 'EFFICIENT_ATTENTION'),
    choice('encoder/layers.1/attention', 'EFFICIENT_ATTENTION'),
    choice('decoder/layers.0/self attention', 'CUDNN_FLASH_ATTENTION'),
  ];
  expect(record([...run, ...run]).counts).toEqual({
    encoder: { EFFICIENT_ATTENTION: 2 },
    decoder: { CUDNN_FLASH_ATTENTION: 1 },
  });
});

it('counts a node as unfused if it was unfused in any shape', () => {
  const shapes = ['EFFICIENT_ATTENTION', 'MATH', 'EFFICIENT_ATTENTION'];
  expect(record(shapes.map((kernel) => choice('a', kernel))).counts).toEqual({ a: { MATH: 1 } });
});

it('counts nodes without a name as one per kernel', () => {
  const kernels = ['MATH', 'MATH', 'FLASH_ATTENTION'];
  expect(record(kernels.map((kernel) => choice('', kernel))).counts).toEqual({
    MultiHeadAttention: { MATH: 1, FLASH_ATTENTION: 1 },
  });
});

it('keeps the lines about kernel options out of the log', () => {
  const recorder = record([
    coloured('AttentionKernelOptions: FLASH_ATTENTION=1 EFFICIENT_ATTENTION=1 TRT_FUSED_ATTENTION=0 MATH=1'),
    'cuDNN Flash Attention is disabled. Requires cuDNN 9.3 or later.',
  ]);
  expect(recorder.counts).toBeUndefined();
});

it.each([
  'something else',
  'Operator=MatMul failed',
  // Never a part of a longer line.
  'error: Operator=MultiHeadAttention Node=a DataType=fp16 SdpaKernel=MATH and more',
])('leaves "%s" for the log', (line) => {
  const recorder = new KernelRecorder();
  expect([recorder.read(line), recorder.counts]).toEqual([false, undefined]);
});
