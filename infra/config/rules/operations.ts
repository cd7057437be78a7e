import { withDefaults } from '../server.ts';
import { leastPods } from './rule.ts';
import type { Rule, RuleInput } from './rule.ts';

const replicasInOrder: Rule = ({ workload: { autoscaling } }) =>
  autoscaling.minReplicas > autoscaling.maxReplicas
    ? `autoscaling.minReplicas is ${autoscaling.minReplicas}, above autoscaling.maxReplicas, which is ${autoscaling.maxReplicas}.`
    : undefined;

const scalesOnSomething: Rule = ({ workload: { autoscaling } }) =>
  autoscaling.by !== 'none' && Object.values(autoscaling.targets).every((target) => target === 0)
    ? `autoscaling.targets are all 0, so that ${autoscaling.by} has nothing to go by; set loadItems.`
    : undefined;

const loadIsMeasured: Rule = ({ workload: { autoscaling }, server }) =>
  autoscaling.by !== 'none' && autoscaling.targets.loadItems > 0 && server.metrics.load.length === 0
    ? 'autoscaling.targets.loadItems is set, but server.metrics.load names no gauge; name one or set it to 0.'
    : undefined;

const loadFitsQueue: Rule = ({ workload: { autoscaling }, server }) =>
  autoscaling.by !== 'none' && autoscaling.targets.loadItems > server.capacityItems
    ? `autoscaling.targets.loadItems is ${autoscaling.targets.loadItems}, but a pod takes ${server.capacityItems} items at most; use less, or no pod is ever added.`
    : undefined;

const adapterFeedsSomebody: Rule = ({ workload: { autoscaling } }) =>
  autoscaling.adapter.rules && autoscaling.by === 'keda'
    ? 'autoscaling.adapter.rules is true, but autoscaling.by is keda, which reads Prometheus itself; set it to false.'
    : undefined;

const fallbackWithinBounds: Rule = ({ workload: { autoscaling } }) => {
  const { fallbackReplicas } = autoscaling.keda;
  const { minReplicas, maxReplicas } = autoscaling;
  return autoscaling.by === 'keda' && (fallbackReplicas < minReplicas || fallbackReplicas > maxReplicas)
    ? `autoscaling.keda.fallbackReplicas is ${fallbackReplicas}, outside of ${minReplicas} to ${maxReplicas} replicas.`
    : undefined;
};

const evictionLeavesOne: Rule = ({ workload }) => {
  const { disruption } = workload;
  const pods = leastPods(workload);
  return disruption.enabled && pods > 1 && disruption.maxUnavailable >= pods
    ? `disruption.maxUnavailable is ${disruption.maxUnavailable}, but there may be only ${pods} pods, which a node drain could then evict at once; use at most ${pods - 1}.`
    : undefined;
};

const bodyFitsRoute: Rule = ({ workload: { server, exposure } }) => {
  if (server.kind !== 'ofa-ve') return undefined;
  const limit = withDefaults(server.settings).MAX_BODY_MB;
  return exposure.bodyLimitMb < limit
    ? `exposure.bodyLimitMb is ${exposure.bodyLimitMb}, below the service's MAX_BODY_MB, which is ${limit}; clients would get the controller's error page.`
    : undefined;
};

const answerFitsRoute: Rule = ({ workload: { exposure }, server }) =>
  exposure.readTimeoutSeconds <= server.requestSeconds
    ? `exposure.readTimeoutSeconds is ${exposure.readTimeoutSeconds}, but a request may take ${server.requestSeconds} s; wait longer than that.`
    : undefined;

const CANARY_CONTROLLERS = ['ingress-nginx', 'aws-alb'];

const canaryIsRouted: Rule = ({ workload: { canary, exposure } }) => {
  if (!canary.enabled) return undefined;
  if (exposure.route === 'none')
    return 'canary.enabled is true, but exposure.route is none, and a Service cannot weigh; use ingress, gateway or istio.';
  const { controller } = exposure.ingress;
  return exposure.route === 'ingress' && !CANARY_CONTROLLERS.includes(controller)
    ? `canary.enabled is true, but ${controller} has no annotations for weights; use exposure.route gateway or istio, or the controller ingress-nginx or aws-alb.`
    : undefined;
};

const canaryDiffers: Rule = ({ workload: { canary, image } }) =>
  canary.enabled && canary.model === undefined && canary.image.reference === image.reference
    ? `canary.image.reference is ${image.reference}, the image of the stable version; name the new one.`
    : undefined;

const objectiveIsMeasured: Rule = ({ workload: { observability }, server }) => {
  const { latencySeconds } = observability.alerts.objectives;
  const { latencyBucketsSeconds } = server.metrics;
  return observability.alerts.enabled && !latencyBucketsSeconds.includes(latencySeconds)
    ? `observability.alerts.objectives.latencySeconds is ${latencySeconds}, which no bucket of ${server.metrics.latency} ends at; use one of ${latencyBucketsSeconds.join(', ')}.`
    : undefined;
};

const alertsAreFed: Rule = ({ workload: { observability } }) =>
  observability.alerts.enabled && observability.monitor === 'none' && !observability.scrapeAnnotations
    ? 'observability.alerts.enabled is true, but nothing asks for the metrics; set observability.monitor or scrapeAnnotations.'
    : undefined;

const scrapersAreLetIn: Rule = ({ workload: { observability, networkPolicy, autoscaling } }) =>
  networkPolicy.enabled &&
  networkPolicy.scrapers.length === 0 &&
  (observability.monitor !== 'none' || autoscaling.by === 'keda')
    ? 'networkPolicy.scrapers is empty, so that Prometheus is kept out although its metrics are used; name its namespace.'
    : undefined;

const clientsAreLetIn: Rule = ({ workload: { exposure, networkPolicy } }) =>
  networkPolicy.enabled &&
  networkPolicy.clients.length + networkPolicy.clientNetworks.length === 0 &&
  exposure.route !== 'none'
    ? `networkPolicy.clients is empty, so that the ${exposure.route} is kept out; name its namespace.`
    : undefined;

const INGRESS_NGINX = 'ingress-nginx';

/** The default lets in ingress-nginx: whoever takes another way in has to say from where, or nothing comes through. */
const clientsFitRoute: Rule = ({ workload: { exposure, networkPolicy } }) => {
  const { clients } = networkPolicy;
  const way = exposure.route === 'ingress' ? exposure.ingress.controller : exposure.route;
  const onlyNginx = clients.length > 0 && clients.every(({ namespace }) => namespace === INGRESS_NGINX);
  return networkPolicy.enabled && onlyNginx && way !== INGRESS_NGINX && way !== 'none'
    ? `networkPolicy.clients lets in ingress-nginx alone, but the way in is ${way}; name the namespace of its pods.`
    : undefined;
};

/** What sends requests without being a pod, so that no namespace stands for it. */
function outsideSender({ workload: { exposure } }: RuleInput): string | undefined {
  if (exposure.service.type !== 'ClusterIP') return `a Service of the type ${exposure.service.type}`;
  return exposure.route === 'ingress' && exposure.ingress.controller === 'aws-alb'
    ? 'the controller aws-alb'
    : undefined;
}

const outsideIsLetIn: Rule = (input) => {
  const { networkPolicy } = input.workload;
  const sender = outsideSender(input);
  return networkPolicy.enabled && networkPolicy.clientNetworks.length === 0 && sender !== undefined
    ? `networkPolicy.clientNetworks is empty, but ${sender} sends from addresses that are no pods; name the networks.`
    : undefined;
};

/** Rules on scaling, exposure, canary and monitoring. */
export const operationsRules: readonly Rule[] = [
  replicasInOrder,
  scalesOnSomething,
  loadIsMeasured,
  loadFitsQueue,
  adapterFeedsSomebody,
  fallbackWithinBounds,
  evictionLeavesOne,
  bodyFitsRoute,
  answerFitsRoute,
  canaryIsRouted,
  canaryDiffers,
  objectiveIsMeasured,
  alertsAreFed,
  scrapersAreLetIn,
  clientsAreLetIn,
  clientsFitRoute,
  outsideIsLetIn,
];
