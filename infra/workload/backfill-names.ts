import type { BackfillConfig } from '../config/backfills.ts';
import type { WorkloadContext } from './context.ts';
import { sharedLabels } from './names.ts';

/**
 * Labels that select the pods of a backfill. Their instance is not that of the workload: its Services, monitors and
 * policies must not select them.
 */
export function backfillSelector({ workload, server }: WorkloadContext, { name }: BackfillConfig) {
  return { 'app.kubernetes.io/name': server.appName, 'app.kubernetes.io/instance': `${workload.name}-${name}` };
}

/** Labels of a backfill's objects. */
export function backfillLabels(context: WorkloadContext, backfill: BackfillConfig): Record<string, string> {
  return {
    ...backfillSelector(context, backfill),
    'app.kubernetes.io/component': 'backfill',
    ...sharedLabels(context.namespace),
  };
}

/** Metadata of a backfill's object, with further labels. */
export function backfillMeta(context: WorkloadContext, backfill: BackfillConfig, labels: Record<string, string> = {}) {
  return {
    name: `${context.workload.name}-${backfill.name}`,
    namespace: context.namespace,
    labels: { ...backfillLabels(context, backfill), ...labels },
  };
}
