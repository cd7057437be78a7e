import { refusalOf } from '../../../batch/options.ts';
import { DATA_FOLDER, storageVariables, type BackfillConfig } from '../backfills.ts';
import type { WorkloadConfig } from '../schema.ts';
import { mostPods } from '../replicas.ts';
import { repeated, tooOld, type Rule } from './rule.ts';

/** The first version that knows `backoffLimitPerIndex` without a feature gate. */
const LEAST_VERSION = '1.29';

/** Variable that the pods of an indexed Job get, from which `ofa-ve batch` takes its shard. */
const SHARD_VARIABLE = 'JOB_COMPLETION_INDEX';

/** Options of `ofa-ve batch` that the deployment gives, and the field that each follows from. */
const GIVEN_OPTIONS: Readonly<Record<string, string>> = {
  '--input': 'input',
  '--images': 'images',
  '--output': 'output',
  '--text': 'texts',
  '--shard': 'completions',
  '--shards': 'completions',
  '--model': 'model.source of the workload',
  '--demo': 'model.source of the workload',
  '--allow-failures': 'the Job, which counts a pod with failed rows as complete',
};

/** A rule on each backfill by itself, whose sentences begin with a field of the backfill. */
function each(rule: (backfill: BackfillConfig, workload: WorkloadConfig) => readonly string[]): Rule {
  return ({ workload }) =>
    workload.backfills.flatMap((backfill, index) =>
      rule(backfill, workload).map((sentence) => `backfills[${index}].${sentence}`),
    );
}

/** The name of an option that may have its value with it. */
function optionName(option: string): string {
  return option.split('=')[0] ?? '';
}

/** The sentence on a field with options that `ofa-ve batch` would refuse. */
function refused(field: string, options: readonly string[]): readonly string[] {
  const refusal = refusalOf(options);
  return refusal === undefined ? [] : [`${field} is refused by ofa-ve batch: ${refusal}.`];
}

/** Rules on the Jobs beside the service. */
export const backfillRules = {
  backfillsNeedVersion({ config, workload }) {
    return workload.backfills.length > 0
      ? tooOld(config, LEAST_VERSION, 'backfills need', 'leave the list empty')
      : undefined;
  },

  backfillsNeedOfaVe({ workload }) {
    return workload.backfills.length > 0 && workload.server.kind !== 'ofa-ve'
      ? `backfills run ofa-ve batch, but server.kind is ${workload.server.kind}; leave the list empty.`
      : undefined;
  },

  outputsDiffer({ workload }) {
    return repeated(workload.backfills.map(({ output }) => output.replace(/\/+$/, ''))).map(
      (output) => `backfills has the output ${output} twice; give each a folder of its own.`,
    );
  },

  // The host name of a pod is the name of the Job and the pod's index.
  podNameFits: each(({ name, completions }, workload) => {
    const host = `${workload.name}-${name}-${completions - 1}`;
    return host.length > 63
      ? [`name makes pods such as ${host}, but a host name has at most 63 characters; choose a shorter one.`]
      : [];
  }),

  parallelismFits: each(({ parallelism, completions }) =>
    parallelism > completions
      ? [`parallelism is ${parallelism}, above completions, which is ${completions}; use at most that.`]
      : [],
  ),

  locationsAreStored: each(({ storage, input, images, output }) => {
    const locations = Object.entries({ input, images, output }).filter((entry) => entry[1] !== undefined);
    const start = storage.kind === 's3' ? 's3://' : `${DATA_FOLDER}/`;
    return locations
      .filter(([, location]) => location?.startsWith(start) !== true)
      .map(
        ([name, location]) => `${name} is ${location}, but storage.kind is ${storage.kind}; begin it with ${start}.`,
      );
  }),

  optionsAreFree: each(({ options }) =>
    options.flatMap((option) => {
      const name = optionName(option);
      const source = GIVEN_OPTIONS[name];
      return source === undefined ? [] : [`options has ${name}, which follows from ${source}; leave it out.`];
    }),
  ),

  // Every pod of the Job would end with a usage error.
  optionsAreTaken: each(({ options }) =>
    options.some((option) => optionName(option) in GIVEN_OPTIONS) ? [] : refused('options', options),
  ),

  textsAreTaken: each(({ texts }) =>
    refused(
      'texts',
      texts.flatMap((text) => ['--text', text]),
    ),
  ),

  storageVariablesAreFree: each((backfill, { pod }) =>
    Object.keys(storageVariables(backfill))
      .filter((name) => name in pod.env)
      .map((name) => `storage sets ${name} for its pods, which pod.env has, too; leave it out there.`),
  ),

  /** The Job controller sets it in each container that does not have it, and every pod would run the same shard. */
  shardsAreTold({ workload: { backfills, pod } }) {
    return backfills.length > 0 && SHARD_VARIABLE in pod.env
      ? `pod.env has ${SHARD_VARIABLE}, which tells each pod of a backfill its shard; leave it out.`
      : undefined;
  },

  priorityIsLower: each(({ priorityClassName }, { scheduling }) =>
    priorityClassName !== undefined && priorityClassName === scheduling.priorityClassName
      ? [`priorityClassName is ${priorityClassName}, that of the service; choose a lower one, or leave it out.`]
      : [],
  ),

  // Kueue suspends a new Job by itself.
  queueStarts: each(({ queueName, suspend }) =>
    queueName !== undefined && suspend
      ? [
          `suspend is true, but the queue ${queueName} starts the Job, which the next apply would suspend again; set it to false.`,
        ]
      : [],
  ),

  modelIsShared({ workload }) {
    const { source } = workload.model;
    const jobs = workload.backfills.reduce((sum, { parallelism }) => sum + parallelism, 0);
    return source.kind === 'claim' && source.accessMode !== 'ReadWriteMany' && jobs > 0 && mostPods(workload) === 1
      ? `model.source.accessMode is ReadWriteOnce, which only one node at a time can mount, but there may be ${jobs} pods of backfills, too; use ReadWriteMany.`
      : undefined;
  },
} satisfies Record<string, Rule>;
