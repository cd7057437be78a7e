// The load of bench/tutorial-load.ts for those who use k6, against a service that runs anywhere.
// usage: k6 run -e URL=http://127.0.0.1:8000 -e IMAGE=picture.jpg [-e TEXT=...] [-e API_KEY=...] bench/k6/predict.js
/* eslint @typescript-eslint/no-unsafe-class-instance-assignment: off -- k6's types declare options as classes */
import { check } from 'k6';
import http from 'k6/http';

const URL = __ENV['URL'] ?? 'http://127.0.0.1:8000';
/** Relative to this file. */
const IMAGE = __ENV['IMAGE'] ?? '../../test/fixtures/photos/coffee.jpg';
const TEXT = __ENV['TEXT'] ?? 'there is a cup of coffee on the table';
const API_KEY = __ENV['API_KEY'];

/** @type {import('k6/options').Options} */
export const options = {
  scenarios: {
    // Each client sends its next request when the last is answered.
    closed: { executor: 'constant-vus', vus: 100, duration: '5m' },
    // Requests do not wait for answers; set the rate to what the service has to serve.
    open: {
      executor: 'constant-arrival-rate',
      startTime: '5m30s',
      rate: Number(__ENV['RATE'] ?? 50),
      timeUnit: '1s',
      duration: '5m',
      preAllocatedVUs: 100,
      maxVUs: 1000,
    },
  },
  thresholds: {
    'http_req_failed{scenario:closed}': ['rate==0'],
    'http_req_failed{scenario:open}': ['rate==0'],
    // A threshold makes k6 print the figures of a scenario by itself.
    'http_req_duration{scenario:closed}': ['p(99)<60000'],
    'http_req_duration{scenario:open}': ['p(99)<60000'],
  },
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
};

const picture = open(IMAGE, 'b');
let sent = 0;

/** A JPEG with a comment that no other request has, as the service answers equal questions from memory. */
function nextPicture() {
  const comment = `${__VU}-${sent++}`.padStart(16, ' ');
  const source = new Uint8Array(picture);
  const changed = new Uint8Array(source.length + 20);
  changed.set(source.subarray(0, 2));
  changed.set([0xff, 0xfe, 0, 18], 2);
  for (let at = 0; at < 16; at++) changed[6 + at] = comment.charCodeAt(at);
  changed.set(source.subarray(2), 22);
  return changed.buffer;
}

export default function () {
  const body = { text: TEXT, image: http.file(nextPicture(), 'picture.jpg', 'image/jpeg') };
  const headers = API_KEY === undefined ? {} : { Authorization: `Bearer ${API_KEY}` };
  const response = http.post(`${URL}/predict`, body, { headers, timeout: '60s' });
  check(response, {
    'status is 200': ({ status }) => status === 200,
    'has a label': (answer) => typeof answer.json('label') === 'string',
  });
}
