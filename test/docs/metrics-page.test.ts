import { expect, it, onTestFinished } from 'vitest';
import { metricsPage } from '../../docs/generate/metrics-page.ts';
import { METRICS } from '../../service/contract.ts';

it('says where to register a metric that has only its name', async () => {
  Object.assign(METRICS, { retries: 'ofa_ve_retries_total' });
  onTestFinished(() => {
    Reflect.deleteProperty(METRICS, 'retries');
  });
  await expect(metricsPage()).rejects.toThrow(
    /^ofa_ve_retries_total of service\/contract\.ts is not registered: give it its help text in service\/observability\/metrics\.ts\./,
  );
});
