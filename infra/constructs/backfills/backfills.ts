import { Construct } from 'constructs';
import type { WorkloadContext } from '../../workload/context.ts';
import { priorityClassNameOf } from '../../workload/names.ts';
import { BackfillJob } from './backfill-job.ts';
import { BackfillPriority } from './backfill-priority.ts';
import { BackfillTraffic } from './backfill-traffic.ts';

/** The Jobs of a workload, with their priority and their traffic. */
export class Backfills extends Construct {
  constructor(scope: Construct, id: string, context: WorkloadContext) {
    super(scope, id);
    const { backfills, networkPolicy } = context.workload;
    if (backfills.some(({ priorityClassName }) => priorityClassName === undefined)) {
      new BackfillPriority(this, 'priority', context);
    }
    for (const backfill of backfills) {
      if (networkPolicy.enabled) new BackfillTraffic(this, `${backfill.name}-traffic`, context, backfill);
      new BackfillJob(this, backfill.name, context, backfill, priorityClassNameOf(context, 'backfill'));
    }
  }
}
