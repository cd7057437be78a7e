import type { IContainer } from 'kubernetes-models/v1';
import { atLeast } from '../../config/fields.ts';
import type { ContainerConfig } from '../../config/pod.ts';
import type { ModelConfig } from '../../config/schema.ts';
import type { WorkloadContext } from '../../workload/context.ts';
import { amountsOf } from './amounts.ts';
import { variables } from './environment-variables.ts';
import { mountOf, podVolumes } from './volumes.ts';

/** The containers that the configuration adds to a pod, by the list of the pod that they belong to. */
interface AddedContainers {
  /** Sidecars that start before the model is loaded, and run until the server has stopped. */
  readonly first: IContainer[];
  /** Containers that run to their end before the server starts. */
  readonly init: IContainer[];
  /** Sidecars on clusters that have no order of start and stop for them (before 1.29). */
  readonly beside: IContainer[];
}

/** Builds the containers that the configuration adds, with the rights of the server's container. */
export function addedContainers(
  context: WorkloadContext,
  model: ModelConfig,
  securityContext: NonNullable<IContainer['securityContext']>,
): AddedContainers {
  const { sidecars, initContainers } = context.workload.pod;
  const volumes = new Map(podVolumes(context, model).map((mounted) => [mounted.volume.name, mounted]));
  const container = ({ name, image, command, args, env, resources, mounts = [] }: ContainerConfig): IContainer => ({
    name,
    image,
    imagePullPolicy: 'IfNotPresent',
    ...(command === undefined ? {} : { command }),
    ...(args === undefined || args.length === 0 ? {} : { args }),
    ...(env === undefined || Object.keys(env).length === 0 ? {} : { env: variables(env) }),
    resources: { requests: amountsOf(resources.requests), limits: amountsOf(resources.limits) },
    securityContext,
    ...(mounts.length === 0
      ? {}
      : {
          volumeMounts: mounts.flatMap(({ volume, mountPath }) => {
            const mounted = volumes.get(volume);
            return mounted === undefined ? [] : [mountOf(mounted, mountPath)];
          }),
        }),
  });
  const isOrdered = atLeast(context.kubernetesVersion, '1.29');
  return {
    first: isOrdered ? sidecars.map((each) => ({ ...container(each), restartPolicy: 'Always' })) : [],
    init: initContainers.map(container),
    beside: isOrdered ? [] : sidecars.map(container),
  };
}
