import { afterEach, describe, expect, it } from 'vitest';
import { UserError } from '../../../../model/errors.ts';
import { cudaBuildOf } from '../../../../service/engine/device/cuda-build.ts';
import type { DeviceOptions } from '../../../../service/engine/device/choose-device.ts';
import { cpuMemoryWarning, gpuMemoryNeed } from '../../../../service/engine/device/memory.ts';
import { planEngines, type EnginePlan, type PlanSettings } from '../../../../service/engine/device/plan.ts';
import { lacksVnni, WITHOUT_VNNI } from '../../../../model/vnni.ts';
import { fakeSmi, type FakeGpu, type FakeSmi } from '../../../../testing/fake-smi.ts';

const GIB = 1024 ** 3;
/** About what OFA-large takes in fp16. */
const MEMORY = { weightsBytes: GIB, activationBytesPerItem: 0.25 * GIB };
const T4 = { index: 0, uuid: 'GPU-aaaa-0' };
const L4 = { index: 1, uuid: 'GPU-bbbb-1', name: 'NVIDIA L4', total: 23034, free: 22500 };

let smi: FakeSmi | undefined;
afterEach(() => {
  smi?.remove();
  smi = undefined;
});

async function plan(
  gpus: readonly FakeGpu[],
  settings: Partial<PlanSettings> = {},
  options: DeviceOptions = {},
): Promise<EnginePlan> {
  smi = await fakeSmi(gpus);
  return planEngines(
    { DEVICE: 'auto', ENGINES: 0, ENGINE_THREADS: 0, MAX_BATCH: 8, FEATURE_CACHE_MB: 0, ...settings },
    { memory: MEMORY, precision: 'fp16' },
    {
      cudaInstalled: true,
      environment: {},
      compat: 0,
      ...options,
    },
  );
}

function uuids({ engines }: EnginePlan): unknown[] {
  return engines.map(({ gpu }) => gpu?.uuid);
}

describe('one engine for each visible GPU', () => {
  it('by default', async () => {
    const made = await plan([T4, L4]);
    expect(made).toMatchObject({ device: 'cuda', fallsBack: true, warnings: [] });
    expect(made.reason).toBe(
      'DEVICE is auto, and there is memory for the model on GPU 0 (NVIDIA T4) and GPU 1 (NVIDIA L4)',
    );
    expect(made.engines[1]?.gpu).toEqual({
      index: '1',
      uuid: 'GPU-bbbb-1',
      gpuUuid: 'GPU-bbbb-1',
      name: 'NVIDIA L4',
      totalBytes: 23034 * 1024 ** 2,
      freeBytes: 22500 * 1024 ** 2,
      computeCapability: '7.5',
      driver: '580.95.05',
    });
  });

  it.each([
    ['1', ['GPU-bbbb-1']],
    ['1,0', ['GPU-bbbb-1', 'GPU-aaaa-0']],
    ['GPU-bbbb', ['GPU-bbbb-1']],
    // What CUDA does not know hides all that follows.
    ['0,7,1', ['GPU-aaaa-0']],
    ['0, 0', ['GPU-aaaa-0']],
  ])('selected by CUDA_VISIBLE_DEVICES=%s', async (visible, expected) => {
    const environment = { CUDA_VISIBLE_DEVICES: visible };
    expect(uuids(await plan([T4, L4], { DEVICE: 'cuda' }, { environment }))).toEqual(expected);
  });

  it('that NVIDIA_VISIBLE_DEVICES assigns to a privileged container', async () => {
    const environment = { NVIDIA_VISIBLE_DEVICES: 'GPU-bbbb-1' };
    expect(uuids(await plan([T4, L4], {}, { environment }))).toEqual(['GPU-bbbb-1']);
    smi?.remove();
    const all = await plan([T4, L4], {}, { environment: { NVIDIA_VISIBLE_DEVICES: 'all' } });
    expect(all.engines).toHaveLength(2);
  });

  it('and for each MIG slice', async () => {
    const slices = { 'MIG-c6d4': '3g.20gb', 'MIG-d7e5': '1g.5gb' };
    const sliced = {
      ...T4,
      index: 0,
      name: 'NVIDIA A100-SXM4-40GB',
      free: '[Insufficient Permissions]',
      slices,
    };
    const made = await plan([sliced, L4]);
    expect(uuids(made)).toEqual(['MIG-c6d4', 'GPU-bbbb-1']);
    expect(made.engines[0]?.gpu).toMatchObject({
      gpuUuid: T4.uuid,
      name: 'NVIDIA A100-SXM4-40GB MIG 3g.20gb',
      freeBytes: undefined,
    });
    // 6 GiB do not fit the smaller one.
    expect(made.warnings).toHaveLength(1);
    expect(made.warnings[0]).toContain('MIG 1g.5gb) has 4.4 GiB');
  });

  it('unless ENGINES is lower', async () => {
    expect(uuids(await plan([T4, L4], { ENGINES: 1 }))).toEqual(['GPU-aaaa-0']);
  });

  it.each(['auto', 'cuda'] as const)('but no more than there are GPUs (%s)', async (device) => {
    await expect(plan([T4, L4], { DEVICE: device, ENGINES: 3 })).rejects.toThrow(
      'ENGINES is 3, which is more than the GPUs there are (2 visible); set it to 2, or to 0 for one engine each.',
    );
  });
});

describe('a GPU with too little free memory', () => {
  it('fails the start with DEVICE=cuda and says what to change', async () => {
    const refused = plan([L4, { ...T4, free: 3072 }], { DEVICE: 'cuda' });
    await expect(refused).rejects.toBeInstanceOf(UserError);
    await expect(refused).rejects.toThrow(
      'DEVICE is cuda, but the model needs about 6.0 GiB of GPU memory at MAX_BATCH 8, and GPU 0 (NVIDIA T4) has 3.0 GiB of 15.0 GiB free; set MAX_BATCH to 2, or give it a GPU with that much free.',
    );
  });

  it('says if not even one item fits', async () => {
    await expect(plan([{ ...T4, free: 1024 }], { DEVICE: 'cuda' })).rejects.toThrow(
      'even MAX_BATCH 1 needs 2.5 GiB, so give it a GPU with that much free.',
    );
  });

  it('is skipped with a warning by DEVICE=auto', async () => {
    const made = await plan([{ ...T4, free: 3072 }, L4]);
    expect(uuids(made)).toEqual([L4.uuid]);
    expect(made.warnings).toEqual([expect.stringContaining('GPU 0 (NVIDIA T4) has 3.0 GiB')]);
  });

  it('is skipped if ENGINES is lower than the number of GPUs', async () => {
    expect(uuids(await plan([{ ...T4, free: 3072 }, L4], { DEVICE: 'cuda', ENGINES: 1 }))).toEqual([L4.uuid]);
  });

  it('makes DEVICE=auto fall back to the CPU if it is the only one', async () => {
    const made = await plan([{ ...T4, free: 3072 }]);
    expect(made).toMatchObject({ device: 'cpu', engines: [{}] });
    expect(made.reason).toMatch(/^DEVICE is auto, and the model needs about 6\.0 GiB of GPU memory/);
  });

  it('is used if the driver does not report its memory', async () => {
    expect(uuids(await plan([{ ...T4, total: '[N/A]', free: '[N/A]' }], { DEVICE: 'cuda' }))).toEqual([T4.uuid]);
  });
});

describe("a GPU that ONNX Runtime's build does not support", () => {
  const V100 = { index: 2, uuid: 'GPU-cccc-2', name: 'Tesla V100-SXM2-16GB', capability: '7.0' };
  const WHY =
    "GPU 2 (Tesla V100-SXM2-16GB) has compute capability 7.0, but ONNX Runtime's build for CUDA 13 needs at least 7.5";
  const REMEDY = 'build the image for CUDA 12 (`docker build --target cuda --build-arg CUDA=12 .`)';

  it('fails the start with DEVICE=cuda and says what to change', async () => {
    const refused = plan([T4, V100], { DEVICE: 'cuda' });
    await expect(refused).rejects.toBeInstanceOf(UserError);
    await expect(refused).rejects.toThrow(`DEVICE is cuda, but ${WHY}; ${REMEDY}.`);
  });

  it('fails the start with DEVICE=cuda if it is the only one', async () => {
    await expect(plan([V100], { DEVICE: 'cuda' })).rejects.toThrow(`DEVICE is cuda, but ${WHY}; ${REMEDY}.`);
  });

  it('is skipped with a warning by DEVICE=auto', async () => {
    const made = await plan([V100, T4]);
    expect(uuids(made)).toEqual([T4.uuid]);
    expect(made.warnings).toEqual([`${WHY}; ${REMEDY}`]);
  });

  it('makes DEVICE=auto fall back to the CPU if it is the only one', async () => {
    const made = await plan([V100]);
    expect(made).toMatchObject({ device: 'cpu', engines: [{}], fallback: `DEVICE is auto, and ${WHY}` });
  });

  it('is skipped if ENGINES is lower than the number of GPUs', async () => {
    expect(uuids(await plan([V100, T4], { DEVICE: 'cuda', ENGINES: 1 }))).toEqual([T4.uuid]);
  });

  it('is used by the build for CUDA 12', async () => {
    const build = cudaBuildOf('1.26.0');
    expect(uuids(await plan([V100], { DEVICE: 'cuda' }, { build }))).toEqual([V100.uuid]);
  });
});

describe('without a GPU', () => {
  it.each([
    ['nvidia-smi finds none', [], {}, 'nvidia-smi finds no GPU'],
    ['they are hidden', [T4], { environment: { CUDA_VISIBLE_DEVICES: '' } }, 'CUDA_VISIBLE_DEVICES shows none'],
    ['CUDA is not installed', [T4], { cudaInstalled: false }, "ONNX Runtime's CUDA provider is not installed"],
  ] as const)('DEVICE=auto uses the CPU and DEVICE=cuda fails the start: %s', async (_, gpus, options, why) => {
    expect(await plan(gpus, {}, options)).toMatchObject({
      device: 'cpu',
      reason: expect.stringContaining(`DEVICE is auto, and ${why}`) as unknown,
    });
    smi?.remove();
    await expect(plan(gpus, { DEVICE: 'cuda' }, options)).rejects.toThrow(`DEVICE is cuda, but ${why}`);
  });

  it('does not run nvidia-smi if DEVICE is cpu', async () => {
    expect(await plan([T4], { DEVICE: 'cpu' })).toMatchObject({ device: 'cpu', reason: 'DEVICE is cpu' });
  });

  it('several engines share the processors unless ENGINE_THREADS is set', async () => {
    const { threads, engines } = await plan([], { DEVICE: 'cpu', ENGINES: 1000 });
    expect([threads, engines.length]).toEqual([1, 1000]);
    smi?.remove();
    expect((await plan([], { DEVICE: 'cpu', ENGINES: 2, ENGINE_THREADS: 5 })).threads).toBe(5);
  });
});

describe('a driver that does not answer', () => {
  it('makes one engine try CUDA', async () => {
    smi = await fakeSmi([]);
    await smi.fail(
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.",
    );
    const settings = { DEVICE: 'cuda', ENGINES: 0, ENGINE_THREADS: 1, MAX_BATCH: 8, FEATURE_CACHE_MB: 0 } as const;
    const made = await planEngines(
      settings,
      { memory: MEMORY, precision: 'fp16' },
      { cudaInstalled: true, environment: {} },
    );
    expect(made).toMatchObject({ device: 'cuda', fallsBack: false, engines: [{}] });
    expect(made.warnings[0]).toMatch(/neither counted .*: nvidia-smi cannot be used \(NVIDIA-SMI has failed/);
  });
});

describe('memory', () => {
  it('is estimated from the manifest, plus an allowance for CUDA', () => {
    expect(gpuMemoryNeed({ weightsBytes: 3, activationBytesPerItem: 5 }, 4)).toBe(3 + 2 * 5 * 4 + GIB);
  });

  it('warns if engines may exceed the memory of the CPU', () => {
    expect(cpuMemoryWarning(MEMORY, 8, { engines: 1, limitBytes: 4 * GIB })).toBeUndefined();
    expect(cpuMemoryWarning(MEMORY, 8, { engines: 2, limitBytes: 4 * GIB })).toBe(
      '2 engines need about 6.5 GiB of memory at MAX_BATCH 8, but the limit is 4.0 GiB, past which the system kills processes; MAX_BATCH 3 would fit',
    );
    expect(cpuMemoryWarning(MEMORY, 8, { engines: 2, limitBytes: GIB })).toContain('give it more memory');
  });
});

describe('an int8 package', () => {
  const planInt8 = async (settings: Partial<PlanSettings>): Promise<EnginePlan> => {
    smi = await fakeSmi([T4]);
    const all = {
      DEVICE: 'auto',
      ENGINES: 0,
      ENGINE_THREADS: 0,
      MAX_BATCH: 8,
      FEATURE_CACHE_MB: 0,
      ...settings,
    } as const;
    return planEngines(all, { memory: MEMORY, precision: 'int8' }, { cudaInstalled: true, environment: {}, compat: 0 });
  };

  it('runs on the CPU, even where there is a GPU', async () => {
    const made = await planInt8({});
    expect(made).toMatchObject({ device: 'cpu', fallback: 'DEVICE is auto, and an int8 package runs only on CPUs' });
    expect(made.warnings).toEqual(lacksVnni() ? [WITHOUT_VNNI] : []);
    smi?.remove();
    expect(await planInt8({ DEVICE: 'cpu' })).toMatchObject({ device: 'cpu', reason: 'DEVICE is cpu' });
  });

  it('is refused if DEVICE is cuda', async () => {
    const refused = planInt8({ DEVICE: 'cuda' });
    await expect(refused).rejects.toBeInstanceOf(UserError);
    await expect(refused).rejects.toThrow(
      'DEVICE is cuda, but an int8 package runs only on CPUs; compile with --precision fp16, or set DEVICE to cpu.',
    );
  });
});
