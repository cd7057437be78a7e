import { describe, expect, it } from 'vitest';
import { UserError } from '../../../model/errors.ts';
import { describeSettings, ignoredSettings, readSettings, settingWarnings } from '../../../service/settings/read.ts';
import { DEFAULT_SETTINGS, SETTINGS } from '../../../service/contract.ts';
import { misspeltSettings } from '../../../service/settings/suggest.ts';

function problemsOf(environment: Record<string, string>): string {
  try {
    readSettings(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message;
  }
  return '';
}

describe('settings', () => {
  it('have their defaults if unset or blank', () => {
    expect(readSettings({ PORT: ' ' })).toEqual(
      Object.fromEntries(Object.entries(SETTINGS).map(([name, setting]) => [name, setting.default])),
    );
  });

  it('are read with their types', () => {
    const settings = readSettings({ PORT: '8123', DEVICE: 'cuda', MODEL_DIR: '/models/a', HOME: '/root' });
    expect([settings.PORT, settings.DEVICE, settings.MODEL_DIR]).toEqual([8123, 'cuda', '/models/a']);
  });

  it.each([
    [{ PORT: 'http' }, 'PORT is "http" but must be a whole number from 0 to 65535'],
    [{ PORT: '70000' }, 'PORT is 70000 but must be a whole number from 0 to 65535'],
    [{ MAX_BATCH: '0' }, 'MAX_BATCH is 0 but must be a whole number from 1 to 256'],
    [{ MAX_QUEUE: '1e3' }, 'MAX_QUEUE is "1e3"'],
    [{ DEVICE: 'gpu' }, 'DEVICE is "gpu" but must be one of auto, cpu, cuda'],
    [{ OFA_VE_COLOR: '1' }, 'OFA_VE_COLOR is not a setting of this program.'],
    [{ OFA_VE_PORT: '1' }, 'OFA_VE_PORT is not a setting of this program, the setting is called PORT.'],
    [{ OFA_VE_PROT: '1' }, 'OFA_VE_PROT is not a setting of this program, the setting is called PORT.'],
    [{ OFA_VE_MAX_QUEU: '1' }, 'the setting is called MAX_QUEUE.'],
    [{ PORT: '9090' }, 'ADMIN_PORT is 9090 but must be another port than PORT, which is 9090'],
    [{ DRAIN_DELAY_MS: '69001' }, 'DRAIN_DELAY_MS is 69001 but must be at most 69000 with SHUTDOWN_TIMEOUT_MS'],
    [{ MAX_BODY_MB: '300' }, 'MAX_BODIES_MB is 256 but must be at least MAX_BODY_MB, which is 300'],
  ])('that are wrong are refused with a sentence: %o', (environment, sentence) => {
    expect(problemsOf(environment)).toContain(sentence);
  });

  it.each(['http://0.0.0.0', '[::1]', '127.0.0.1:8000', 'localhost:8000', '*', 'a b', '::/0'])(
    'are refused where HOST is %s',
    (HOST) => {
      expect(problemsOf({ HOST })).toBe(
        `Wrong settings: HOST is "${HOST}" but must be an address such as 0.0.0.0 or ::1, or a name, without http://, port or brackets.`,
      );
    },
  );

  it.each(['::', '::1', 'fe80::1%eth0', '::ffff:127.0.0.1', '0', 'localhost', 'a_b.example.', 'pod-1'])(
    'have %s for HOST',
    (HOST) => {
      expect(readSettings({ HOST }).HOST).toBe(HOST);
    },
  );

  it('are refused with all mistakes at once', () => {
    const problems = problemsOf({ PORT: 'x', DEVICE: 'y', OFA_VE_Z: 'z' });
    for (const name of ['PORT', 'DEVICE', 'OFA_VE_Z']) expect(problems).toContain(name);
  });

  it('with a choice are read in any case, as the OpenTelemetry specification asks for its own', () => {
    const settings = readSettings({ OTEL_SDK_DISABLED: 'True', DOCS: 'OFF' });
    expect([settings.OTEL_SDK_DISABLED, settings.DOCS]).toEqual(['true', 'off']);
  });

  const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4317' };
  const OVER_HTTP =
    "but must be http/protobuf or http/json, since traces are sent over HTTP: set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL to http/protobuf and OTEL_EXPORTER_OTLP_TRACES_ENDPOINT to the collector's address for HTTP, usually http://HOST:4318/v1/traces; it is ignored";
  it.each<[Record<string, string>, string[]]>([
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
      ['OTEL_EXPORTER_OTLP_ENDPOINT is "collector:4318" but must be an http:// or https:// address; it is ignored'],
    ],
    [
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'ftp://me:secret@collector' },
      [
        'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is "ftp://***@collector" but must be an http:// or https:// address; it is ignored',
      ],
    ],
    [{ OTEL_SDK_DISABLED: 'yes' }, ['OTEL_SDK_DISABLED is "yes" but must be one of false, true; it is ignored']],
    [
      { OTEL_TRACES_EXPORTER: 'zipkin' },
      ['OTEL_TRACES_EXPORTER is "zipkin" but must be one of otlp, none; it is ignored'],
    ],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, []],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', ...ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' }, []],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'HTTP/JSON', ...ENDPOINT }, []],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf' }, []],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', ...ENDPOINT }, [`OTEL_EXPORTER_OTLP_PROTOCOL is "grpc" ${OVER_HTTP}`]],
    [
      { OTEL_EXPORTER_OTLP_PROTOCOL: 'http', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc', ...ENDPOINT, DEVICE: '' },
      [
        `OTEL_EXPORTER_OTLP_TRACES_PROTOCOL is "grpc" ${OVER_HTTP}`,
        `OTEL_EXPORTER_OTLP_PROTOCOL is "http" ${OVER_HTTP}`,
      ],
    ],
  ])('of OpenTelemetry that are wrong are ignored with a warning: %o', (environment, sentences) => {
    expect(problemsOf(environment)).toBe('');
    expect(ignoredSettings(environment)).toEqual(sentences);
  });

  it('of OpenTelemetry that are ignored have their defaults, whatever else is wrong', () => {
    expect(readSettings({ OTEL_SDK_DISABLED: 'x', OTEL_EXPORTER_OTLP_ENDPOINT: 'y' })).toEqual(DEFAULT_SETTINGS);
    expect(problemsOf({ OTEL_SDK_DISABLED: 'x', DEVICE: 'y' })).toBe(
      'Wrong settings: DEVICE is "y" but must be one of auto, cpu, cuda.',
    );
  });

  it('ignore the variables that Kubernetes sets for a Service of this name', () => {
    const links = {
      OFA_VE_SERVICE_HOST: '10.0.0.1',
      OFA_VE_SERVICE_PORT: '80',
      OFA_VE_SERVICE_PORT_HTTP: '80',
      OFA_VE_PORT: 'tcp://10.0.0.1:80',
      OFA_VE_PORT_80_TCP: 'tcp://10.0.0.1:80',
      OFA_VE_PORT_80_TCP_ADDR: '10.0.0.1',
      OFA_VE_CANARY_SERVICE_HOST: '10.0.0.2',
    };
    expect(problemsOf(links)).toBe('');
  });

  it('get a warning if they are probably not intended', () => {
    expect(settingWarnings(DEFAULT_SETTINGS)).toEqual([]);
    expect(settingWarnings({ ...DEFAULT_SETTINGS, ENGINE_TIMEOUT_MS: 29_999 })).toEqual([]);
    const [warning] = settingWarnings({ ...DEFAULT_SETTINGS, ENGINE_TIMEOUT_MS: 30_000 });
    expect(warning).toContain('ENGINE_TIMEOUT_MS is 30000, not below REQUEST_TIMEOUT_MS, which is 30000');
  });

  it('ignore the variable that selects an environment of the deployment', () => {
    expect(problemsOf({ OFA_VE_ENV: 'demo' })).toBe('');
  });

  it('are described with default, valid values and purpose', () => {
    const help = describeSettings();
    for (const [name, setting] of Object.entries(SETTINGS)) {
      expect(help).toContain(`${name} (default: `);
      expect(help).toContain(setting.description);
    }
    expect(help).toContain('  MAX_BATCH (default: 8; 1 to 256)\n');
    expect(help).toContain('  DEVICE (default: auto; one of auto, cpu, cuda)\n');
    expect(help).toContain('  MODEL_DIR (default: not set)\n');
    expect(help).toContain('  OTEL_TRACES_EXPORTER (default: not set; one of otlp, none)\n');
  });
});

describe('variables that may be misspelt settings', () => {
  it.each(['MAX_QUEU', 'MAX_QUEUEE', 'MAX_QUEUR', 'MAX_QUUEE', 'AX_QUEUE', 'XMAX_QUEUE', 'MAXQUEUE'])(
    'are reported: %s',
    (name) => {
      expect(misspeltSettings({ [name]: '5' })).toEqual([`${name} is not a setting of this program; MAX_QUEUE is.`]);
    },
  );

  it('do not include settings, short names, or names whose setting is set too', () => {
    const settings = Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, '1']));
    expect(misspeltSettings(settings)).toEqual([]);
    expect(misspeltSettings({ MAX_QUEU: '', HOSTS: 'a', PORTS: '1', POST: 'b', ENGINE: 'c' })).toEqual([]);
    expect(misspeltSettings({ LOGLEVEL: 'debug', LOG_LEVEL: 'info' })).toEqual([]);
  });

  it('do not include variables of shells, Node, npm, CUDA and Kubernetes', () => {
    const common =
      'HOME HOSTNAME HOSTTYPE PATH PWD SHELL TERM USER LANG LC_ALL TMPDIR EDITOR PAGER DISPLAY LOGNAME MAIL SHLVL ' +
      'NODE_ENV NODE_OPTIONS NODE_PATH NODE_VERSION NODE_EXTRA_CA_CERTS UV_THREADPOOL_SIZE DEBUG INIT_CWD CI ' +
      'HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy OMP_NUM_THREADS LD_LIBRARY_PATH ' +
      'CUDA_VISIBLE_DEVICES CUDA_CACHE_PATH CUDA_VERSION CUDA_HOME NVIDIA_VISIBLE_DEVICES NVARCH ' +
      'NVIDIA_DRIVER_CAPABILITIES NVIDIA_REQUIRE_CUDA KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT KUBERNETES_PORT ' +
      'POD_NAME POD_NAMESPACE POD_IP NODE_NAME HOST_IP OTEL_SERVICE_NAME OTEL_RESOURCE_ATTRIBUTES ' +
      'OTEL_TRACES_SAMPLER OTEL_TRACES_EXPORTER OTEL_EXPORTER_OTLP_HEADERS OTEL_EXPORTER_OTLP_METRICS_ENDPOINT ' +
      'OTEL_EXPORTER_OTLP_LOGS_ENDPOINT OTEL_EXPORTER_OTLP_TIMEOUT OTEL_LOG_LEVEL MODEL_PATH MODEL_NAME DEVICES';
    expect(misspeltSettings(Object.fromEntries(common.split(' ').map((name) => [name, 'x'])))).toEqual([]);
  });
});

describe('a refused value', () => {
  it.each([
    ['CORS_ORIGINS', 'https://me:secret@example.org'],
    ['CORS_ORIGINS', 'https://me:sec,secret@example.org'],
    ['CORS_ORIGINS', 'https://example.org,https://me:sec/secret@example.org'],
    ['TRUSTED_PROXIES', 'http://me:secret@proxy'],
    ['TRUSTED_PROXIES', '127.0.0.1,me:secret,secret@proxy'],
    ['PORT', 'tcp://me:secret@10.0.0.1:80'],
  ])('of %s is shown without a password: %s', (name, value) => {
    const read = (): unknown => readSettings({ [name]: value });
    expect(read).toThrow(`Wrong settings: ${name} is "`);
    expect(read).toThrow('***@');
    expect(read).not.toThrow(/sec/);
  });

  it('is shown with escapes for control characters', () => {
    expect(() => readSettings({ DEVICE: 'c\u202epu\x1b' })).toThrow('DEVICE is "c\\u202epu\\u001b" but');
  });
});

describe('TRUSTED_PROXIES', () => {
  it.each(['10.0.0.0/8', '10.0.0.1', '10.0.0.1, 192.168.0.0/16,fd00::/8', '::1', '0.0.0.0/0'])('may be %s', (value) => {
    expect(readSettings({ TRUSTED_PROXIES: value }).TRUSTED_PROXIES).toBe(value);
  });

  it.each(['10.0.0.0/33', '10.0.0', 'proxy.example', '10.0.0.0/8 fd00::/8', 'fd00::/129', 'fe80::1%eth0', '1.1.1.1/'])(
    'must not be %s',
    (value) => {
      expect(() => readSettings({ TRUSTED_PROXIES: `127.0.0.1,${value}` })).toThrow(
        `TRUSTED_PROXIES is "127.0.0.1,${value}" but must be a comma-separated list of addresses and networks such as 10.0.0.0/8, which "${value}" is not`,
      );
    },
  );
});
