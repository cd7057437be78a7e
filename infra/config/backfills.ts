import { z } from 'zod';
import { isDnsLabel } from './api-rules.ts';
import { anyText, flag, httpUrl, objectName, shortName, text, whole } from './fields.ts';
import type { Variable } from './maps.ts';

/** Where a backfill finds its claim, and the name of that volume. */
export const DATA_FOLDER = '/data';
export const DATA_VOLUME = 'data';
/** Name of the container of a backfill's pods. */
export const BATCH_CONTAINER = 'batch';

const location = text(
  /^(?:s3:\/\/[^\s/]+\/?\S*|\/.*)$/,
  'the absolute path of a file or folder, such as /data/rows.csv, or an address such as s3://bucket/rows.csv',
);

/** `ofa-ve batch` refuses texts of which the model sees nothing. */
const hypothesis = text(/\S/, 'text with words to judge');

const storage = z.discriminatedUnion('kind', [
  z.strictObject({
    /** A volume, mounted at `/data`, below which the backfill's paths are. */
    kind: z.literal('claim'),
    /** Name of a claim that exists in the namespace. Pods on several nodes need `ReadWriteMany`. */
    claimName: objectName,
  }),
  z.strictObject({
    /** An S3-compatible object store, in which the backfill's addresses (`s3://bucket/key`) are. */
    kind: z.literal('s3'),
    /** Secret with the keys `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. @default the pod's own identity */
    secretName: objectName.optional(),
    /** Address of the store. @default that of AWS for the region */
    endpoint: httpUrl.optional(),
    /** Region of the bucket. */
    region: text(/^[a-z0-9-]{1,63}$/, 'a region such as eu-central-1'),
  }),
]);

/** A run of `ofa-ve batch` as an Indexed Job. Fields with the names of a Job's fields mean the same. */
export const backfillSchema = z.strictObject({
  /** Name of the Job, after that of the workload and a hyphen. A Job cannot be changed: give a changed one a new name. */
  name: shortName,
  /** Rows or pictures to judge: what `--input` takes. */
  input: location,
  /** Folder of the images whose paths in the rows are relative. @default the folder of the input */
  images: location.optional(),
  /** Folder for the results. */
  output: location,
  /** Hypotheses for rows that have none. */
  texts: z.array(hypothesis),
  /** Further options of `ofa-ve batch`, such as `['--column', 'image=photo']`. */
  options: z.array(anyText),
  /** Where input, images and output are. */
  storage,
  /** Number of shards, each of which a pod computes. */
  completions: whole(1, 10_000),
  /** Most pods at once. Each takes the GPU and the resources of a pod of the service. */
  parallelism: whole(1, 1000),
  /** Retries of a shard that fails; after them, the other shards go on. Evictions do not count. */
  backoffLimitPerIndex: whole(0, 100),
  /** Seconds after which the finished Job and its logs are deleted. */
  ttlSecondsAfterFinished: whole(0, 31_536_000),
  /**
   * PriorityClass below that of the service, whose pods then take GPUs from the backfill when they need them.
   *
   * @default one of the deployment's own, with the value -2, which preempts nothing
   */
  priorityClassName: objectName.optional(),
  /** Whether the Job waits, or a running one stops: apply it with false to start it. */
  suspend: flag,
  /** Kueue's LocalQueue that starts the Job, with `suspend` false. @default none */
  queueName: text(
    isDnsLabel,
    'the name of a LocalQueue: at most 63 lower-case letters, digits and hyphens, neither beginning nor ending with a hyphen',
  ).optional(),
});

/** See {@link backfillSchema}. */
export type BackfillConfig = z.infer<typeof backfillSchema>;

/** The object store's address and credentials, as the AWS SDK reads them; none with a volume. */
export function storageVariables({ storage }: BackfillConfig): Record<string, Variable> {
  if (storage.kind === 'claim') return {};
  const { secretName, endpoint, region } = storage;
  const credential = (key: string): Record<string, Variable> =>
    secretName === undefined ? {} : { [key]: { kind: 'secret', name: secretName, key } };
  return {
    AWS_REGION: region,
    ...(endpoint === undefined ? {} : { AWS_ENDPOINT_URL_S3: endpoint }),
    ...credential('AWS_ACCESS_KEY_ID'),
    ...credential('AWS_SECRET_ACCESS_KEY'),
  };
}
