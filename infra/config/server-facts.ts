import {
  ANSWER_ROUTES,
  featureCacheBytes,
  IDLE_CONNECTION_MS,
  LATENCY_BUCKETS_SECONDS,
  METRICS,
  PATHS,
  longestRequestMs,
  type RequestOutcome,
} from '../../service/contract.ts';
import type { WorkloadConfig } from './schema.ts';
import { withDefaults, type OtherServer } from './server.ts';

/** What the rest of the deployment needs to know about any server. */
export interface ServerFacts extends Readonly<Omit<OtherServer, 'kind' | 'command' | 'args' | 'preStopCommand'>> {
  /** Most items in one batch; 0 if unknown. */
  readonly batchItems: number;
  /** Port for gRPC; undefined if the server has none. */
  readonly grpcPort: number | undefined;
  /** Time after which the server closes a connection without requests; undefined if unknown. */
  readonly idleConnectionSeconds: number | undefined;
  /** Bytes of features that an engine keeps. */
  readonly cacheBytes: number;
}

/** Label matcher of the requests that ask for answers. */
const ANSWERS = `route=~"${ANSWER_ROUTES.map((route) => route.replace(/[.*+?{}]/g, '[$&]')).join('|')}"`;

/** Label matcher of the requests whose latency counts: refusals are fast, and failures have their own objective. */
const ANSWERED = `${ANSWERS},outcome="${'answered' satisfies RequestOutcome}"`;

/**
 * Outcomes for which the client is responsible. They are excluded by name, so that requests to an earlier version, which
 * have no label `outcome`, still count.
 */
const CLIENTS_OWN = (['refused', 'client_deadline', 'abandoned'] satisfies RequestOutcome[]).join('|');

/** Label matcher of the requests that the service owed an answer. */
const OWED = `outcome!~"${CLIENTS_OWN}"`;

/** Label matcher of the failures among them: errors, and refusals because the service was full. */
const FAILED = 'status=~"5..|429"';

const OFA_METRICS: OtherServer['metrics'] = {
  requests: METRICS.requests,
  requestFilter: ANSWERS,
  owedFilter: OWED,
  errorFilter: FAILED,
  latency: METRICS.requestLatency,
  latencyFilter: ANSWERED,
  latencyBucketsSeconds: [...LATENCY_BUCKETS_SECONDS],
  always: METRICS.buildInfo,
  load: [METRICS.queueItems, METRICS.inflightItems],
};

function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000);
}

/** The facts of a workload's server. Those of this repository's service follow from its contract and settings. */
export function serverFacts(workload: WorkloadConfig): ServerFacts {
  const { server } = workload;
  if (server.kind === 'other') {
    return { ...server, batchItems: 0, cacheBytes: 0, grpcPort: undefined, idleConnectionSeconds: undefined };
  }
  const settings = withDefaults(server.settings);
  return {
    appName: 'ofa-ve',
    ports: { http: settings.PORT, admin: settings.ADMIN_PORT },
    grpcPort: settings.GRPC_PORT === 'off' ? undefined : settings.GRPC_PORT,
    paths: { startup: PATHS.startup, live: PATHS.live, ready: PATHS.ready, metrics: PATHS.metrics },
    metrics: OFA_METRICS,
    capacityItems: settings.MAX_QUEUE,
    batchItems: settings.MAX_BATCH,
    idleConnectionSeconds: seconds(IDLE_CONNECTION_MS),
    cacheBytes: featureCacheBytes(settings),
    startSeconds: seconds(settings.ENGINE_START_TIMEOUT_MS),
    requestSeconds: seconds(longestRequestMs(settings)),
    drainSeconds: seconds(settings.SHUTDOWN_TIMEOUT_MS),
  };
}
