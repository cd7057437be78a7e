// Sends pictures of all kinds, the largest accepted ones among them, from six clients to the demo model as it is deployed,
// and compares the memory that the service takes with the deployment's limit. Ends with 1 if it takes more, if a process
// was replaced, or if a request failed (500, 503). Needs Linux. The status 0 is a connection that the service closed while it
// received a picture too slowly, which happens on a busy machine.
// usage: node bin/run.js bench/memory-stress.ts [seconds] [width of the ordinary pictures]
import { openPackage } from '../model/package/open-package.ts';
import { demoPackage } from '../demo/demo-package.ts';
import { stressMemory } from '../testing/memory-stress.ts';
import { demoDeployment } from '../testing/demo-deployment.ts';
import { LARGE_KINDS, stressPictures } from '../testing/stress-pictures.ts';
import { pixelMemory } from '../service/inference/pixel-memory.ts';
import { mebibytes, printReport, table } from './support/format.ts';
import { programArguments, runProgram, wholeNumber } from './support/run-program.ts';

const CLIENTS = 6;

async function main(): Promise<void> {
  const [duration = '60', ordinary = '4000'] = programArguments(2);
  const seconds = wholeNumber('seconds', duration);
  const width = wholeNumber('width', ordinary);
  const packageDir = await demoPackage();
  const { manifest } = await openPackage(packageDir);
  const { limitBytes, requestBytes, settings, environment } = demoDeployment();
  const { bytes: pixelBytes } = pixelMemory({ device: 'cpu', engines: [{}] }, manifest.memory, settings, limitBytes);
  console.error('making pictures');
  const pictures = await stressPictures({ pixelBytes, width, large: LARGE_KINDS });
  console.error('sending them');
  const result = await stressMemory({
    packageDir,
    settings: environment,
    limitBytes,
    pictures,
    clients: CLIENTS,
    seconds,
  });

  const rows = [...result.statuses].map(([name, counts]) => [
    name,
    [...counts].map(([status, count]) => `${count} x ${status}`).join(', '),
  ]);
  printReport(
    table(['picture', 'answers'], rows),
    table(
      ['memory', ''],
      [
        ['limit of the pod', mebibytes(limitBytes)],
        ['request of the pod', mebibytes(requestBytes)],
        ['of which for decoding', mebibytes(pixelBytes)],
        ['all processes, idle', mebibytes(result.idleBytes)],
        ['all processes, most', mebibytes(result.peakBytes)],
        ['the service without its engine, most', mebibytes(result.servicePeakBytes)],
      ],
    ),
    `${CLIENTS} clients for ${seconds} s; the processes ${result.survived ? 'are those that were started' : 'were replaced'}.`,
  );
  const failed = [...result.statuses.values()].some((counts) => counts.has(500) || counts.has(503));
  if (result.peakBytes > limitBytes || !result.survived || failed) process.exitCode = 1;
}

await runProgram(main);
