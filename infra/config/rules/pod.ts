import { shorten } from '../../../model/echo.ts';
import { SETTINGS, unknownVariables } from '../../../service/contract.ts';
import { contextOf } from '../../workload/context.ts';
import { ownPodAnnotations, podLabels } from '../../workload/names.ts';
import { BATCH_CONTAINER, DATA_FOLDER, DATA_VOLUME } from '../backfills.ts';
import { bytesOf } from '../fields.ts';
import type { ContainerConfig } from '../pod.ts';
import {
  ARCHITECTURE_LABEL,
  LOADER_CONTAINER,
  OWN_VOLUMES,
  platformVariables,
  serverContainer,
} from '../pod-settings.ts';
import { FILLED_IN } from '../server.ts';
import { exceedingRequests, mebibytes, repeated, type Rule, type RuleInput } from './rule.ts';

/** Label that a Deployment adds to its pods. */
const POD_TEMPLATE_HASH = 'pod-template-hash';
/** Folders of the service's image, which a volume would hide: the program, and the model unless it is mounted. */
const IMAGE_FOLDERS = ['/app', '/model'];
/** Folders that the container runtime fills. */
const SYSTEM_FOLDERS = ['/proc', '/sys'];

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** Longest name or value of an attribute that OpenTelemetry reads from the environment. */
const MOST_ATTRIBUTE_CHARACTERS = 255;

/** Whether OpenTelemetry reads an entry of `OTEL_RESOURCE_ATTRIBUTES`. A reference to another variable may become anything. */
function isAttribute(entry: string): boolean {
  const parts = entry.replaceAll(/\$\([^)]*\)/g, 'x').split('=');
  if (parts.length !== 2 || parts[0]?.trim() === '') return false;
  try {
    return parts.every((part) => decodeURIComponent(part.trim()).length <= MOST_ATTRIBUTE_CHARACTERS);
  } catch {
    return false;
  }
}

/** A list of added containers and its path in the configuration. */
function addedContainers({ workload: { pod } }: RuleInput): [path: string, container: ContainerConfig][] {
  return (['sidecars', 'initContainers'] as const).flatMap((list) =>
    pod[list].map((container, index): [string, ContainerConfig] => [`pod.${list}[${index}]`, container]),
  );
}

/** Sentences about folders at which one container mounts volumes. Each is mounted once. */
function mountMistakes(
  path: string,
  mounts: readonly { readonly mountPath: string }[],
  taken: Readonly<Record<string, string>>,
): string[] {
  const paths = mounts.map(({ mountPath }) => mountPath);
  const clashes = repeated([...Object.values(taken), ...paths]);
  const system = paths.filter((each) => SYSTEM_FOLDERS.some((folder) => isWithin(each, folder)) || each === '/dev');
  return [
    ...clashes.map((each) => `${path} has the folder ${each}, where another volume is mounted; choose another.`),
    ...system.map((each) => `${path} has the folder ${each}, which the container runtime fills; choose another.`),
  ];
}

/** Rules on what is in a pod: those of the API server on lists, and those that keep additions apart from our own. */
export const podRules = {
  /**
   * The server allows a preferred and a required spread over the same domains, but `kubectl apply` finds the entry that
   * has changed by its key alone, and changes the other one.
   */
  spreadsOnce({ workload: { scheduling } }) {
    return repeated(scheduling.spread.map(({ topologyKey }) => topologyKey)).map(
      (key) => `scheduling.spread has ${key} twice; leave one out.`,
    );
  },

  pullSecretsDiffer({ workload: { canary, image } }) {
    const lists = {
      'image.pullSecrets': image.pullSecrets,
      'canary.image.pullSecrets': canary.enabled ? (canary.image.pullSecrets ?? []) : [],
    };
    return Object.entries(lists).flatMap(([path, names]) =>
      repeated(names).map((name) => `${path} has ${name} twice; leave one out.`),
    );
  },

  architectureIsSetOnce({ workload: { gpu, scheduling } }) {
    const selectors = {
      'scheduling.nodeSelector': scheduling.nodeSelector,
      'gpu.nodeSelector': gpu.kind === 'none' ? {} : gpu.nodeSelector,
    };
    return Object.entries(selectors)
      .filter(([, selector]) => ARCHITECTURE_LABEL in selector)
      .map(([path]) => `${path} has ${ARCHITECTURE_LABEL}, which follows from scheduling.architecture; set that.`);
  },

  architectureHasGpuImage({ workload: { gpu, scheduling, server } }) {
    return server.kind === 'ofa-ve' && gpu.kind !== 'none' && scheduling.architecture !== 'amd64'
      ? `scheduling.architecture is ${scheduling.architecture}, but the image for GPUs is built for amd64 alone; use amd64, or gpu.kind none.`
      : undefined;
  },

  labelsAreFree({ config, workload }) {
    const { image, pod } = workload;
    const labels = podLabels(contextOf(workload, config), 'stable', image.reference);
    const own = [...Object.keys(labels), POD_TEMPLATE_HASH];
    return own
      .filter((name) => name in pod.labels)
      .map((name) => `pod.labels has ${name}, by which the deployment finds its pods; use another name.`);
  },

  annotationsAreFree({ config, workload }) {
    const { annotations } = workload.pod;
    return Object.keys(ownPodAnnotations(contextOf(workload, config)))
      .filter((name) => name in annotations)
      .map((name) => `pod.annotations has ${name}, which the deployment sets itself; leave it out.`);
  },

  variablesAreFree({ workload }) {
    // The environment of another server is all its own.
    if (workload.server.kind === 'other') return [];
    const platform = platformVariables(workload);
    return Object.keys(workload.pod.env).flatMap((name) => {
      if (name in FILLED_IN)
        return `pod.env has ${name}, which follows from ${FILLED_IN[name as keyof typeof FILLED_IN]}; leave it out.`;
      if (name in SETTINGS) return `pod.env has ${name}, a setting of the service; use server.settings.${name}.`;
      return name in platform
        ? `pod.env has ${name}, which the deployment sets to ${platform[name] ?? ''}; leave it out.`
        : [];
    });
  },

  /** With such a variable, the service does not start. Where its value comes from is not known here. */
  variablesAreKnown({ workload: { pod, server } }) {
    if (server.kind === 'other') return [];
    const texts = Object.entries(pod.env).map(([name, value]) => [name, typeof value === 'string' ? value : '']);
    return unknownVariables(Object.fromEntries(texts) as Record<string, string>).map(({ name, meant }) => {
      const right = meant === undefined || meant in FILLED_IN ? 'leave it out' : `use server.settings.${meant}`;
      return `pod.env has ${name}, which is not a setting of the service, so that it would not start; ${right}.`;
    });
  },

  /** Of a malformed list, OpenTelemetry leaves out every entry, those of the deployment included. */
  resourceAttributesAreRead({ workload: { observability, pod } }) {
    const { OTEL_RESOURCE_ATTRIBUTES: attributes } = pod.env;
    if (!observability.tracing.enabled || typeof attributes !== 'string') return [];
    return attributes
      .split(',')
      .filter((entry) => entry.trim() !== '' && !isAttribute(entry))
      .map(
        (entry) =>
          `pod.env.OTEL_RESOURCE_ATTRIBUTES has ${JSON.stringify(shorten(entry))}, for which OpenTelemetry would leave out all attributes; write each as name=value of at most ${MOST_ATTRIBUTE_CHARACTERS} characters, and a comma, an equals sign or a percent sign in it as %2C, %3D or %25.`,
      );
  },

  volumesDiffer({ workload: { backfills, pod, server } }) {
    const isClaimed = backfills.some(({ storage }) => storage.kind === 'claim');
    const own = { ...OWN_VOLUMES, ...(isClaimed ? { [DATA_VOLUME]: DATA_FOLDER } : {}) };
    const names = repeated([...Object.keys(own), ...pod.volumes.map(({ name }) => name)]);
    const mounts = pod.volumes.flatMap(({ mountPath }) => (mountPath === undefined ? [] : [{ mountPath }]));
    const nested = mounts.filter(
      ({ mountPath }) => mountPath !== OWN_VOLUMES.models && isWithin(mountPath, OWN_VOLUMES.models),
    );
    const hidden = mounts.filter(
      ({ mountPath }) => server.kind === 'ofa-ve' && IMAGE_FOLDERS.some((folder) => isWithin(mountPath, folder)),
    );
    return [
      ...names.map((name) => `pod.volumes has the name ${name}, which another volume of the pod has; choose another.`),
      ...mountMistakes('pod.volumes', mounts, own),
      // Unlike in volumes of Secrets and ConfigMaps, the kubelet makes no folders in that of the models.
      ...nested.map(
        ({ mountPath }) =>
          `pod.volumes has the folder ${mountPath}, but ${OWN_VOLUMES.models} is read-only; choose another.`,
      ),
      ...hidden.map(
        ({ mountPath }) =>
          `pod.volumes has the folder ${mountPath}, which would hide files of the image; choose another.`,
      ),
    ];
  },

  volumesAreMounted(input) {
    const mounts = addedContainers(input).flatMap(([, { mounts: each = [] }]) => each);
    const mounted = new Set(mounts.map(({ volume }) => volume));
    return input.workload.pod.volumes
      .filter(({ name, mountPath }) => mountPath === undefined && !mounted.has(name))
      .map(
        ({ name }) =>
          `pod.volumes has ${name}, which no container mounts; give it a mountPath, or mount it in a container of pod.`,
      );
  },

  /** What is in these volumes counts towards the limits of all containers, beyond which the pod is evicted or killed. */
  volumesFitLimits({ workload: { pod, resources } }) {
    const emptyDirs = pod.volumes.filter((volume) => volume.kind === 'empty-dir');
    return (['memory', 'ephemeralStorage'] as const).flatMap((kind) => {
      const volumes = emptyDirs.filter(({ inMemory }) => inMemory === (kind === 'memory'));
      const most = [resources, ...pod.sidecars.map((each) => each.resources)].reduce(
        (sum, { limits }) => sum + bytesOf(limits[kind]),
        0,
      );
      const sum = volumes.reduce((bytes, { sizeLimit }) => bytes + bytesOf(sizeLimit), 0);
      if (sum <= most) return [];
      const sizes = volumes.map(({ name, sizeLimit }) => `${name} ${sizeLimit}`).join(', ');
      return [
        `pod.volumes may hold ${mebibytes(sum)} (${sizes}), but limits.${kind} of the containers allow the pod ${Math.floor(most / 2 ** 20)}Mi; use at most that for all of them.`,
      ];
    });
  },

  containersDiffer(input) {
    const names = addedContainers(input).map(([, { name }]) => name);
    const { workload } = input;
    const batch = workload.backfills.length > 0 ? [BATCH_CONTAINER] : [];
    const own = [serverContainer(workload), LOADER_CONTAINER, ...batch];
    return repeated([...own, ...names]).map(
      (name) => `pod has two containers named ${name} (the deployment's own are ${own.join(', ')}); rename one.`,
    );
  },

  containersMountVolumes(input) {
    const known = new Set(input.workload.pod.volumes.map(({ name }) => name));
    return addedContainers(input).flatMap(([path, { mounts = [] }]) => {
      const unknown = mounts.filter(({ volume }) => !known.has(volume));
      return [
        ...unknown.map(({ volume }) => `${path}.mounts has ${volume}, which pod.volumes does not have; add it there.`),
        ...mountMistakes(`${path}.mounts`, mounts, {}),
      ];
    });
  },

  containerLimitsCoverRequests(input) {
    return addedContainers(input).flatMap(([path, { resources }]) => exceedingRequests(`${path}.resources`, resources));
  },
} satisfies Record<string, Rule>;
