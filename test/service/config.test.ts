import { describe, expect, it } from 'vitest';
import { UserError } from '../../model/errors.ts';
import { defaultSettings, describeSettings, doubtsAbout, readSettings } from '../../service/config.ts';
import { SETTINGS } from '../../service/contract.ts';

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
  it('take their defaults where nothing is set, or nothing but spaces', () => {
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
    [{ PORT: '70000' }, 'PORT is "70000" but must be a whole number from 0 to 65535'],
    [{ MAX_BATCH: '0' }, 'MAX_BATCH is "0" but must be a whole number from 1 to 256'],
    [{ MAX_QUEUE: '1e3' }, 'MAX_QUEUE is "1e3"'],
    [{ DEVICE: 'gpu' }, 'DEVICE is "gpu" but must be one of "auto", "cpu", "cuda"'],
    [{ OFA_VE_PROT: '1' }, 'OFA_VE_PROT is not a setting of this program'],
    [{ OFA_VE_PORT: '8000' }, 'OFA_VE_PORT is not a setting of this program'],
    [{ PORT: '9090' }, 'PORT and ADMIN_PORT are both 9090 but must differ'],
    [
      { DRAIN_DELAY_MS: '39001' },
      'DRAIN_DELAY_MS is 39001 but must be at most 39000 with SHUTDOWN_TIMEOUT_MS',
    ],
    [{ ENGINE_MAX_FAILURES: '5' }, 'ENGINE_MAX_FAILURES is 5 but must be at least 6 with MAX_BATCH 8'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT must be'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'collector' }, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be'],
    [
      { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      'OTEL_EXPORTER_OTLP_PROTOCOL is "grpc" but must be one of "http/json", "http/protobuf"',
    ],
  ])('that are wrong stop the start with a sentence: %o', (environment, sentence) => {
    expect(problemsOf(environment)).toContain(sentence);
  });

  it('name every mistake at once', () => {
    const problems = problemsOf({ PORT: 'x', DEVICE: 'y', OFA_VE_Z: 'z' });
    for (const name of ['PORT', 'DEVICE', 'OFA_VE_Z']) expect(problems).toContain(name);
  });

  it('leave alone what Kubernetes sets for a Service of this name', () => {
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

  it('that are hardly meant are told of', () => {
    expect(doubtsAbout(defaultSettings())).toEqual([]);
    expect(doubtsAbout({ ...defaultSettings(), ENGINE_TIMEOUT_MS: 29_999 })).toEqual([]);
    const [doubt] = doubtsAbout({ ...defaultSettings(), ENGINE_TIMEOUT_MS: 30_000 });
    expect(doubt).toContain('ENGINE_TIMEOUT_MS is 30000, not below REQUEST_TIMEOUT_MS, which is 30000');
  });

  it('are listed for the help with default and reason', () => {
    const help = describeSettings();
    for (const [name, setting] of Object.entries(SETTINGS)) {
      expect(help).toContain(`${name} (default: `);
      expect(help).toContain(setting.description);
    }
  });
});
