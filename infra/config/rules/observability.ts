import { sharedLabels } from '../../workload/names.ts';
import { withDefaults } from '../server.ts';
import type { Rule } from './rule.ts';

/** A fourth of the shortest window of the alerts, five minutes: a lost scrape must not blind them. */
const MOST_SCRAPE_SECONDS = 75;

/** Rules on alerts, traces and the objects that monitoring finds. */
export const observabilityRules = {
  objectiveIsMeasured({ workload: { observability }, server }) {
    const { latencySeconds } = observability.alerts.objectives;
    const { latency, latencyBucketsSeconds } = server.metrics;
    if (!observability.alerts.enabled || latencyBucketsSeconds.includes(latencySeconds)) return undefined;
    return latencyBucketsSeconds.length === 0
      ? `server.metrics.latencyBucketsSeconds is empty, but alerts compare ${latency} with the bound of a bucket; list the bounds.`
      : `observability.alerts.objectives.latencySeconds is ${latencySeconds}, which is not the bound of a bucket of ${latency}; use one of ${latencyBucketsSeconds.join(', ')}.`;
  },

  alertsSeeScrapes({ workload: { observability } }) {
    const { alerts, scrapeIntervalSeconds } = observability;
    return alerts.enabled && scrapeIntervalSeconds > MOST_SCRAPE_SECONDS
      ? `observability.scrapeIntervalSeconds is ${scrapeIntervalSeconds}, too long for alerts that look at five minutes; use ${MOST_SCRAPE_SECONDS} at most.`
      : undefined;
  },

  tracesAreSent({ workload: { observability, server } }) {
    if (server.kind !== 'ofa-ve') return [];
    const settings = withDefaults(server.settings);
    if (!observability.tracing.enabled) {
      // Without an address, OpenTelemetry takes that of a collector in the same pod.
      return settings.OTEL_TRACES_EXPORTER === 'otlp' && settings.OTEL_SDK_DISABLED !== 'true'
        ? [
            'server.settings.OTEL_TRACES_EXPORTER is otlp, but observability.tracing.enabled is false, so that traces would go to localhost; set it to true, with the address of your collector as observability.tracing.endpoint, or leave the setting out.',
          ]
        : [];
    }
    const off = { OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: 'none' } as const;
    return (Object.keys(off) as (keyof typeof off)[])
      .filter((name) => settings[name] === off[name])
      .map(
        (name) =>
          `observability.tracing.enabled is true, but server.settings.${name} is ${off[name]}, with which no traces are sent; leave it out, or set observability.tracing.enabled to false.`,
      );
  },

  /** Pruning would miss an object that has other values for these. */
  labelsAreFurther({ config, workload: { observability } }) {
    const maps = {
      monitorLabels: observability.monitorLabels,
      'alerts.labels': observability.alerts.labels,
      'dashboard.labels': observability.dashboard.labels,
    };
    const own = Object.keys(sharedLabels(config.namespace.name));
    return Object.entries(maps).flatMap(([path, labels]) =>
      own
        .filter((name) => name in labels)
        .map(
          (name) =>
            `observability.${path} has ${name}, which is set by the deployment, whose objects are found by it; leave it out.`,
        ),
    );
  },
} satisfies Record<string, Rule>;
