import { expect, it, onTestFinished } from 'vitest';
import { metricsPage } from '../../docs/generate/metrics-page.ts';
import { METRICS, REQUEST_OUTCOMES } from '../../service/contract.ts';

it('says where to register a metric that has only its name', async () => {
  Object.assign(METRICS, { retries: 'ofa_ve_retries_total' });
  onTestFinished(() => {
    Reflect.deleteProperty(METRICS, 'retries');
  });
  await expect(metricsPage()).rejects.toThrow(
    /^ofa_ve_retries_total of service\/contract\.ts is not registered: give it its help text in service\/observability\/metrics\.ts\./,
  );
});

it('tells apart all outcomes of requests, by which alerts count', async () => {
  const { text } = await metricsPage();
  const section = /## ofa_ve_requests_total\n([^]*?)\n## /.exec(text)?.[1]?.replaceAll('\\', '') ?? '';
  const [help = '', facts = ''] = section.split('- Type:');
  expect(facts).toContain(`Values of \`outcome\`: ${REQUEST_OUTCOMES.map((each) => `\`${each}\``).join(', ')}`);
  expect(REQUEST_OUTCOMES.filter((each) => !help.includes(each))).toEqual([]);
});
