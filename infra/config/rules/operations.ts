import { isIP } from 'node:net';
import { withoutUserInfo } from '../../../model/echo.ts';
import { shareNames } from '../api-rules.ts';
import type { ExposureConfig, WorkloadConfig } from '../schema.ts';
import { withDefaults } from '../server.ts';
import { leastPods } from '../replicas.ts';
import type { Rule, RuleInput } from './rule.ts';

const INGRESS_NGINX = 'ingress-nginx';
/** Ingress controllers with annotations that divide traffic by weight. */
const WEIGHTING_CONTROLLERS = [INGRESS_NGINX, 'aws-alb'];

/** Ingress controllers whose class is usually called nginx. Another may be, as well. */
const NGINX_CONTROLLERS = [INGRESS_NGINX, 'f5-nginx', 'other'];

/** How many times its target a metric may be before the autoscaler adds pods. */
const TOLERATED = 1.1;

/** Whether cert-manager fills the Secret of a workload's Ingress. */
function issuesCertificate({ exposure: { ingress, route } }: WorkloadConfig): boolean {
  return route === 'ingress' && ingress.tls.enabled && ingress.tls.clusterIssuer !== undefined;
}

/** Fields that make use of the metrics that Prometheus scrapes. */
function usesOfMetrics({ autoscaling, observability }: WorkloadConfig): string[] {
  const targets = ['loadItems', 'requestsPerSecond'] as const;
  return [
    ...(observability.alerts.enabled ? ['observability.alerts.enabled is true'] : []),
    ...(autoscaling.by === 'none' ? [] : targets)
      .filter((name) => autoscaling.targets[name] > 0)
      .map((name) => `autoscaling.targets.${name} is ${autoscaling.targets[name]}`),
  ];
}

/** Whether two routes may be attached to one listener of a Gateway. */
function mayShareListener(one: ExposureConfig['gateway'], other: ExposureConfig['gateway']): boolean {
  const sections = new Set([one.sectionName, other.sectionName].filter((name) => name !== undefined));
  return one.name === other.name && one.namespace === other.namespace && sections.size < 2;
}

/** Whether an address has a name that a name server must know. */
function isNamed(address: string): boolean {
  const { hostname } = new URL(address);
  return hostname !== 'localhost' && isIP(hostname.replace(/^\[|\]$/g, '')) === 0;
}

/** What a workload's pods connect to by name, and the field that says so. */
function namedDestinations({ backfills, observability }: WorkloadConfig): { name: string; field: string }[] {
  const { enabled, endpoint } = observability.tracing;
  const stores = backfills.flatMap(({ storage }, index) =>
    storage.kind === 's3' && (storage.endpoint === undefined || isNamed(storage.endpoint))
      ? [{ name: storage.endpoint ?? "AWS's object store", field: `backfills[${index}].storage` }]
      : [],
  );
  return [...(enabled && isNamed(endpoint) ? [{ name: endpoint, field: 'observability.tracing' }] : []), ...stores];
}

/** What sends requests from outside the cluster, where no namespace can stand for it. */
function outsideSender({ workload: { exposure } }: RuleInput): string | undefined {
  if (exposure.service.type !== 'ClusterIP') return `a Service of the type ${exposure.service.type}`;
  return exposure.route === 'ingress' && exposure.ingress.controller === 'aws-alb'
    ? 'the controller aws-alb'
    : undefined;
}

/** Rules on scaling, exposure, canary and monitoring. */
export const operationsRules = {
  replicasWithoutAutoscaler({ workload: { autoscaling, replicas } }) {
    if (autoscaling.by === 'none') {
      return replicas === undefined
        ? 'replicas is missing, but autoscaling.by is none, so nothing says how many pods there are; set it.'
        : undefined;
    }
    return replicas === undefined
      ? undefined
      : `replicas is ${replicas}, but autoscaling.by is ${autoscaling.by}, which sets the number of pods; set autoscaling.minReplicas and autoscaling.maxReplicas instead, or autoscaling.by to none.`;
  },

  replicasInOrder({ workload: { autoscaling } }) {
    return autoscaling.minReplicas > autoscaling.maxReplicas
      ? `autoscaling.minReplicas is ${autoscaling.minReplicas}, above autoscaling.maxReplicas, which is ${autoscaling.maxReplicas}.`
      : undefined;
  },

  scalesOnSomething({ workload: { autoscaling } }) {
    return autoscaling.by !== 'none' && Object.values(autoscaling.targets).every((target) => target === 0)
      ? `autoscaling.targets are all 0, so ${autoscaling.by} has nothing to scale on; set loadItems.`
      : undefined;
  },

  loadIsMeasured({ workload: { autoscaling }, server }) {
    return autoscaling.by !== 'none' && autoscaling.targets.loadItems > 0 && server.metrics.load.length === 0
      ? 'autoscaling.targets.loadItems is set, but server.metrics.load names no gauge; name one or set it to 0.'
      : undefined;
  },

  loadFitsQueue({ workload: { autoscaling }, server: { capacityItems } }) {
    const { loadItems } = autoscaling.targets;
    // A load of exactly that many times the target is tolerated, too.
    const most = (Math.ceil((capacityItems * 1000) / TOLERATED) - 1) / 1000;
    return autoscaling.by !== 'none' && loadItems > most
      ? `autoscaling.targets.loadItems is ${loadItems}, but a pod accepts at most ${capacityItems} items, and the autoscaler tolerates a tenth above the target; use at most ${most}, or no pod is ever added.`
      : undefined;
  },

  adapterRulesAreUsed({ workload: { autoscaling } }) {
    return autoscaling.adapter.rules && autoscaling.by === 'keda'
      ? 'autoscaling.adapter.rules is true, but autoscaling.by is keda, which reads Prometheus itself; set it to false.'
      : undefined;
  },

  fallbackWithinBounds({ workload: { autoscaling } }) {
    const { fallbackReplicas } = autoscaling.keda;
    const { minReplicas, maxReplicas } = autoscaling;
    return autoscaling.by === 'keda' && (fallbackReplicas < minReplicas || fallbackReplicas > maxReplicas)
      ? `autoscaling.keda.fallbackReplicas is ${fallbackReplicas}, outside ${minReplicas} to ${maxReplicas} replicas.`
      : undefined;
  },

  evictionLeavesOne({ workload }) {
    const { disruption } = workload;
    const pods = leastPods(workload);
    return disruption.enabled && pods > 1 && disruption.maxUnavailable >= pods
      ? `disruption.maxUnavailable is ${disruption.maxUnavailable}, but there may be only ${pods} pods, which a node drain could then evict at once; use at most ${pods - 1}.`
      : undefined;
  },

  bodyFitsRoute({ workload: { server, exposure } }) {
    if (server.kind !== 'ofa-ve' || exposure.route === 'none') return undefined;
    const { MAX_BODY_MB } = withDefaults(server.settings);
    return exposure.bodyLimitMb < MAX_BODY_MB
      ? `exposure.bodyLimitMb is ${exposure.bodyLimitMb}, below the service's MAX_BODY_MB, which is ${MAX_BODY_MB}; clients would get the controller's error page.`
      : undefined;
  },

  servicePortsDiffer({ workload: { exposure }, server }) {
    const { port, grpcPort } = exposure.service;
    return server.grpcPort !== undefined && port === grpcPort
      ? `exposure.service.grpcPort is ${grpcPort}, which is exposure.service.port, too; use another.`
      : undefined;
  },

  grpcIsRouted({ config: { workloads }, workload, server }) {
    const { gateway, route } = workload.exposure;
    const { grpcHost } = gateway;
    if (route !== 'gateway' || grpcHost === undefined) return undefined;
    if (server.grpcPort === undefined)
      return 'exposure.gateway.grpcHost is set, but the server has no port for gRPC; set server.settings.GRPC_PORT or leave the host out.';
    const other = workloads.find(
      ({ exposure: its }) =>
        its.route === 'gateway' &&
        (its.host === grpcHost || (mayShareListener(its.gateway, gateway) && shareNames(its.host, grpcHost))),
    );
    if (other === undefined) return undefined;
    const host = other === workload ? 'exposure.host' : `exposure.host of workloads[${workloads.indexOf(other)}]`;
    return other.exposure.host === grpcHost
      ? `exposure.gateway.grpcHost is ${grpcHost}, which is ${host}, too; a Gateway refuses that, so use another.`
      : `exposure.gateway.grpcHost is ${grpcHost}, which has names in common with ${host}, ${other.exposure.host}; a Gateway refuses that, so use another.`;
  },

  /** `nginx` is the default, and the class of both controllers of that name: any other would ignore the Ingress. */
  classFitsController({ workload: { exposure } }) {
    const { className, controller } = exposure.ingress;
    return exposure.route === 'ingress' && className === 'nginx' && !NGINX_CONTROLLERS.includes(controller)
      ? `exposure.ingress.className is nginx, but exposure.ingress.controller is ${controller}; name the IngressClass of that controller.`
      : undefined;
  },

  issuerIsAsked({ workload: { exposure } }) {
    const { clusterIssuer, enabled } = exposure.ingress.tls;
    return exposure.route === 'ingress' && clusterIssuer !== undefined && !enabled
      ? `exposure.ingress.tls.clusterIssuer is ${clusterIssuer}, but exposure.ingress.tls.enabled is false, so that there is no HTTPS; set it to true, or leave the issuer out.`
      : undefined;
  },

  /** cert-manager lets the first Ingress have the Secret, and never asks for the certificate of the second. */
  certificatesDiffer({ config: { workloads }, workload }) {
    const { host, ingress } = workload.exposure;
    const { secretName } = ingress.tls;
    const before = workloads.slice(0, workloads.indexOf(workload));
    const other = before.findIndex(
      (each) =>
        issuesCertificate(each) && each.exposure.ingress.tls.secretName === secretName && each.exposure.host !== host,
    );
    return issuesCertificate(workload) && other >= 0
      ? `exposure.ingress.tls.secretName is ${secretName}, which cert-manager fills with the certificate of workloads[${other}]; choose another.`
      : undefined;
  },

  answerFitsRoute({ workload: { exposure, kserve }, server }) {
    if (exposure.route === 'none' && !kserve.enabled) return undefined;
    return exposure.readTimeoutSeconds <= server.requestSeconds
      ? `exposure.readTimeoutSeconds is ${exposure.readTimeoutSeconds}, but a request may take ${server.requestSeconds} s; allow more than that.`
      : undefined;
  },

  canaryIsRouted({ workload: { canary, exposure, kserve } }) {
    if (!canary.enabled) return undefined;
    // KServe's own route is looked at by its rules.
    if (exposure.route === 'none')
      return kserve.enabled
        ? undefined
        : 'canary.enabled is true, but exposure.route is none, and a Service cannot divide traffic by weight; use ingress, gateway or istio.';
    const { controller } = exposure.ingress;
    return exposure.route === 'ingress' && !WEIGHTING_CONTROLLERS.includes(controller)
      ? `canary.enabled is true, but ${controller} has no annotations for weights; use exposure.route gateway or istio, or the controller ingress-nginx or aws-alb.`
      : undefined;
  },

  canaryDiffers({ workload: { canary, image } }) {
    return canary.enabled && canary.model === undefined && canary.image.reference === image.reference
      ? `canary.image.reference is ${image.reference}, the image of the stable version; name the new one.`
      : undefined;
  },

  canaryGivesWay({ workload: { canary, scheduling } }) {
    return canary.enabled &&
      canary.priorityClassName !== undefined &&
      canary.priorityClassName === scheduling.priorityClassName
      ? `canary.priorityClassName is ${canary.priorityClassName}, that of the stable version; choose a lower one, or leave it out.`
      : undefined;
  },

  metricsAreScraped({ workload }) {
    const { monitor, scrapeAnnotations } = workload.observability;
    const [use] = usesOfMetrics(workload);
    return use !== undefined && monitor === 'none' && !scrapeAnnotations
      ? `${use}, but nothing scrapes the metrics; set observability.monitor or scrapeAnnotations.`
      : undefined;
  },

  scrapersAreAllowed({ workload }) {
    const { networkPolicy, observability } = workload;
    return networkPolicy.enabled &&
      networkPolicy.scrapers.length === 0 &&
      (observability.monitor !== 'none' || usesOfMetrics(workload).length > 0)
      ? 'networkPolicy.scrapers is empty, which blocks Prometheus although its metrics are used; name its namespace.'
      : undefined;
  },

  nameServersAreAllowed({ workload }) {
    const { dns, enabled } = workload.networkPolicy;
    const [destination] = namedDestinations(workload);
    return enabled && dns.length === 0 && destination !== undefined
      ? `networkPolicy.dns is empty, so that no pod can look up ${withoutUserInfo(destination.name)} (${destination.field}); name the cluster's name servers.`
      : undefined;
  },

  clientsAreAllowed({ workload: { exposure, networkPolicy } }) {
    return networkPolicy.enabled &&
      networkPolicy.clients.length + networkPolicy.clientNetworks.length === 0 &&
      exposure.route !== 'none'
      ? `networkPolicy.clients is empty, which blocks the ${exposure.route}; name its namespace.`
      : undefined;
  },

  /** The default allows ingress-nginx alone: with another controller or route, nothing would come through. */
  clientsFitRoute({ workload: { exposure, kserve, networkPolicy } }) {
    const { clients } = networkPolicy;
    const router = exposure.route === 'ingress' ? exposure.ingress.controller : exposure.route;
    const sender = router === 'none' && kserve.enabled ? "KServe's gateway" : router;
    const onlyNginx = clients.length > 0 && clients.every(({ namespace }) => namespace === INGRESS_NGINX);
    return networkPolicy.enabled && onlyNginx && sender !== INGRESS_NGINX && sender !== 'none'
      ? `networkPolicy.clients allows ingress-nginx alone, but requests come through ${sender}; name the namespace of its pods.`
      : undefined;
  },

  outsideIsAllowed(input) {
    const { networkPolicy } = input.workload;
    const sender = outsideSender(input);
    return networkPolicy.enabled && networkPolicy.clientNetworks.length === 0 && sender !== undefined
      ? `networkPolicy.clientNetworks is empty, but ${sender} sends from addresses outside the cluster; name the networks.`
      : undefined;
  },
} satisfies Record<string, Rule>;
