import { Yaml } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { adapterRules } from '../../monitoring/adapter-rules.ts';
import type { WorkloadContext } from '../../workload/context.ts';
import { sharedLabels } from '../../workload/names.ts';

/**
 * The rules of all workloads for prometheus-adapter, as a ConfigMap in the form that its chart takes
 * (`rules.existing`): one for all, as the adapter reads one file.
 */
export class AdapterRules extends k8s.KubeConfigMap {
  constructor(scope: Construct, id: string, namespace: string, contexts: readonly WorkloadContext[]) {
    super(scope, id, {
      metadata: { name: `${namespace}-adapter-rules`, namespace, labels: sharedLabels(namespace) },
      data: { 'config.yaml': Yaml.stringify({ rules: contexts.flatMap(adapterRules) }) },
    });
  }
}
