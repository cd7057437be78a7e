import { describe, expect, it } from 'vitest';
import { config, ofaLarge } from '../../../infra/config.ts';
import { deepChange, mistakesOf } from '../mistakes.ts';

/** A path below the configuration, a wrong value there, and the sentence that has to follow. */
type Case = readonly [path: string, value: unknown, sentence: string];

const FIRST = 'workloads.0.';

const SINGLE_FIELDS: readonly Case[] = [
  [
    'kubernetesVersion',
    '1.26',
    'kubernetesVersion is "1.26"; it must be one of 1.27, 1.28, 1.29, 1.30, 1.31, 1.32, 1.33, 1.34, 1.35, 1.36, 1.37.',
  ],
  [
    'namespace.name',
    'OFA',
    'namespace.name is "OFA"; it must be the name of a namespace: at most 63 lower-case letters, digits and hyphens, neither beginning nor ending with a hyphen.',
  ],
  [
    'namespace.podSecurity',
    'strict',
    'namespace.podSecurity is "strict"; it must be one of restricted, baseline, privileged.',
  ],
  ['workloads', [], 'workloads is []; it must be a list of at least one workload.'],
  ['workloads', {}, 'workloads is {}; it must be a list.'],
  ['workload', [], 'workload is not a field of the configuration; did you mean workloads?'],
  [
    `${FIRST}name`,
    '1st',
    'workloads[0].name is "1st"; it must be at most 40 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen.',
  ],
  [
    `${FIRST}image`,
    'ofa:1',
    'workloads[0].image is "ofa:1"; it must be an object with the fields that infra/config declares.',
  ],
  [
    `${FIRST}image.reference`,
    'registry.example.com/ai/ofa-ve-large',
    'workloads[0].image.reference is "registry.example.com/ai/ofa-ve-large"; it must be an image with a tag other than latest, or a digest, such as registry.example.com/ai/ofa-ve-large:1.0.',
  ],
  [
    `${FIRST}image.reference`,
    'ofa-ve:latest',
    'workloads[0].image.reference is "ofa-ve:latest"; it must be an image with a tag other than latest, or a digest, such as registry.example.com/ai/ofa-ve-large:1.0.',
  ],
  [
    `${FIRST}image.pullPolicy`,
    undefined,
    'workloads[0].image.pullPolicy is missing; it must be one of IfNotPresent, Always, Never.',
  ],
  [`${FIRST}replicas`, 1.5, 'workloads[0].replicas is 1.5; it must be a whole number from 1 to 1000.'],
  [`${FIRST}replicas`, Number.NaN, 'workloads[0].replicas is NaN; it must be a whole number from 1 to 1000.'],
  [
    `${FIRST}resources.requests.memory`,
    '5.5GB',
    'workloads[0].resources.requests.memory is "5.5GB"; it must be a whole number of bytes with a binary unit, such as 512Mi or 5.5Gi.',
  ],
  [
    `${FIRST}resources.limits.cpu`,
    '4 cores',
    'workloads[0].resources.limits.cpu is "4 cores"; it must be a number of cores above 0 such as 2 or 0.5, or millicores such as 500m, and no finer than that.',
  ],
  [`${FIRST}gpu.kind`, 'tpu', 'workloads[0].gpu.kind is "tpu"; it must be one of none, device, mig, time-sliced, dra.'],
  [`${FIRST}gpu.count`, 0, 'workloads[0].gpu.count is 0; it must be a whole number from 1 to 16.'],
  [
    `${FIRST}server.settings.MAX_BATC`,
    8,
    'workloads[0].server.settings.MAX_BATC is not a field of the configuration; did you mean MAX_BATCH?',
  ],
  [
    `${FIRST}server.settings.MAX_BATCH`,
    0,
    'workloads[0].server.settings.MAX_BATCH is 0; it must be a whole number from 1 to 256.',
  ],
  [
    `${FIRST}server.settings.LOG_LEVEL`,
    'verbose',
    'workloads[0].server.settings.LOG_LEVEL is "verbose"; it must be one of trace, debug, info, warn, error, fatal, silent.',
  ],
  [
    `${FIRST}exposure.host`,
    'https://ofa-api.example.com',
    'workloads[0].exposure.host is "https://ofa-api.example.com"; it must be a host name such as ofa-api.example.com, without scheme, port and path, and not an IP address.',
  ],
  [
    `${FIRST}exposure.istio.gateways`,
    ['public'],
    'workloads[0].exposure.istio.gateways[0] is "public"; it must be a gateway written as namespace/name.',
  ],
  [
    `${FIRST}canary.weightPercent`,
    100,
    'workloads[0].canary.weightPercent is 100; it must be a whole number from 0 to 99.',
  ],
  [
    `${FIRST}rollout.maxSurge`,
    '200%',
    'workloads[0].rollout.maxSurge is "200%"; it must be a number of pods such as 1, or a share such as 25%.',
  ],
  [
    `${FIRST}canary.weightPercent`,
    '',
    'workloads[0].canary.weightPercent is ""; it must be a whole number from 0 to 99.',
  ],
  [
    `${FIRST}security.userId`,
    0,
    'workloads[0].security.userId is 0; it must be a user id from 1 to 2147483647, as the pods do not run as root.',
  ],
  [
    `${FIRST}scheduling.nodeSelector`,
    { pool: 1 },
    'workloads[0].scheduling.nodeSelector.pool is 1; it must be at most 63 letters, digits, dots, hyphens and underscores, neither beginning nor ending with one of the last three; write it in quotes: "1".',
  ],
  [
    `${FIRST}observability.tracing.endpoint`,
    'http://collector',
    'workloads[0].observability.tracing.endpoint is "http://collector"; it must be an address with a port, such as http://collector.observability:4318.',
  ],
  [
    `${FIRST}observability.tracing.endpoint`,
    'http://collector:0',
    'workloads[0].observability.tracing.endpoint is "http://collector:0"; it must be an address with a port, such as http://collector.observability:4318.',
  ],
  [
    `${FIRST}observability.tracing.endpoint`,
    'http://collector:65536',
    'workloads[0].observability.tracing.endpoint is "http://collector:65536"; it must be an address with a port, such as http://collector.observability:4318.',
  ],
  [
    `${FIRST}autoscaling.keda.prometheusUrl`,
    'http://prometheus:90900',
    'workloads[0].autoscaling.keda.prometheusUrl is "http://prometheus:90900"; it must be an address that begins with http:// or https://, with a port from 1 to 65535 if it has one.',
  ],
  [
    `${FIRST}model.source`,
    {
      kind: 'claim',
      size: '10Gi',
      accessMode: 'ReadWriteMany',
      version: '../1.0',
      loaderImage: 'ofa:1',
      loaderFolder: '/package',
    },
    'workloads[0].model.source.version is "../1.0"; it must be a folder name such as 1.0.',
  ],
  [
    `${FIRST}networkPolicy.clientNetworks`,
    ['10.0.0.0'],
    'workloads[0].networkPolicy.clientNetworks[0] is "10.0.0.0"; it must be a network such as 10.0.0.0/16 or fd00::/8, in its shortest form and with no bits beyond the prefix.',
  ],
  [
    'kubernetesVersion',
    1.33,
    'kubernetesVersion is 1.33; it must be one of 1.27, 1.28, 1.29, 1.30, 1.31, 1.32, 1.33, 1.34, 1.35, 1.36, 1.37; write it in quotes: "1.33".',
  ],
  [
    'kubernetesVersion',
    1.3,
    'kubernetesVersion is 1.3; it must be one of 1.27, 1.28, 1.29, 1.30, 1.31, 1.32, 1.33, 1.34, 1.35, 1.36, 1.37; write it in quotes: "1.30".',
  ],
  [
    'kubernetesVersion',
    1.2,
    'kubernetesVersion is 1.2; it must be one of 1.27, 1.28, 1.29, 1.30, 1.31, 1.32, 1.33, 1.34, 1.35, 1.36, 1.37.',
  ],
  [
    `${FIRST}scheduling.nodeSelector`,
    { 'nvidia.com/gpu.present': true },
    'workloads[0].scheduling.nodeSelector["nvidia.com/gpu.present"] is true; it must be at most 63 letters, digits, dots, hyphens and underscores, neither beginning nor ending with one of the last three; write it in quotes: "true".',
  ],
  [
    `${FIRST}resources.limits.memory`,
    6,
    'workloads[0].resources.limits.memory is 6; it must be a whole number of bytes with a binary unit, such as 512Mi or 5.5Gi.',
  ],
  [
    `${FIRST}resources.limits.cpu`,
    '4',
    'workloads[0].resources.limits.cpu is "4"; it must be a number of cores above 0 such as 2 or 0.5, or millicores such as 500m, and no finer than that; write it without quotes: 4.',
  ],
  [
    `${FIRST}canary.enabled`,
    'true',
    'workloads[0].canary.enabled is "true"; it must be true or false; write it without quotes: true.',
  ],
  [`${FIRST}replicas`, '0', 'workloads[0].replicas is "0"; it must be a whole number from 1 to 1000.'],
  [
    `${FIRST}replicas`,
    '3',
    'workloads[0].replicas is "3"; it must be a whole number from 1 to 1000; write it without quotes: 3.',
  ],
  [
    `${FIRST}server.settings.MAX_BATCH`,
    '8',
    'workloads[0].server.settings.MAX_BATCH is "8"; it must be a whole number from 1 to 256; write it without quotes: 8.',
  ],
  [
    `${FIRST}scheduling.nodeSelector`,
    { 'my pool': 'a' },
    'workloads[0].scheduling.nodeSelector has the name "my pool"; it must be a name of at most 63 letters, digits, dots, hyphens and underscores, which may follow a DNS name and a slash.',
  ],
  [
    `${FIRST}canary.model`,
    { ...ofaLarge.model, need: {} },
    'workloads[0].canary.model.need is not a field of the configuration; did you mean needs?',
  ],
  [`${FIRST}gpu.cuont`, 1, 'workloads[0].gpu.cuont is not a field of the configuration; did you mean count?'],
  [
    `${FIRST}exposure.service.prot`,
    1,
    'workloads[0].exposure.service.prot is not a field of the configuration; did you mean port?',
  ],
  [
    `${FIRST}exposure.gateway.xyzzy`,
    1,
    'workloads[0].exposure.gateway.xyzzy is not a field of the configuration; check its spelling.',
  ],
];

describe('a wrong field', () => {
  it.each(SINGLE_FIELDS)('%s = %j', (path, value, sentence) => {
    expect(mistakesOf(deepChange(config, path, value))).toEqual([sentence]);
  });
});
