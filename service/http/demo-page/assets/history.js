// Earlier questions, kept in this browser's database. Without one (a private window may refuse), nothing is kept.

/** @import { Answer, Question } from './service.js' */
/** @typedef {{ question: Question, answer: Answer }} Entry */

const STORE = 'questions';
/** Questions to keep. */
const MOST = 12;
/** Bytes of their pictures to keep. */
const MOST_BYTES = 64 * 2 ** 20;

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const done = (request) =>
  new Promise((resolve, reject) => {
    request.addEventListener('success', () => {
      resolve(request.result);
    });
    request.addEventListener('error', () => {
      reject(request.error ?? new Error('the database failed'));
    });
  });

const open = async () => {
  const request = indexedDB.open('ofa-ve', 1);
  request.addEventListener('upgradeneeded', () => {
    request.result.createObjectStore(STORE, { autoIncrement: true });
  });
  return done(request);
};

/** @template T @param {(store: IDBObjectStore) => Promise<T>} work @returns {Promise<T>} */
const withStore = async (work) => {
  const database = await open();
  try {
    return await work(database.transaction(STORE, 'readwrite').objectStore(STORE));
  } finally {
    database.close();
  }
};

/** The earlier questions, the latest first. @returns {Promise<Entry[]>} */
export const earlier = async () => {
  const entries = /** @type {Entry[]} */ (await withStore((store) => done(store.getAll())).catch(() => []));
  return entries.reverse();
};

/** Keeps a question without its API key, and drops the oldest beyond what is kept. @param {Entry} entry */
export const remember = ({ question, answer }) =>
  withStore(async (store) => {
    await done(store.add({ question: { ...question, key: '' }, answer }));
    const keys = await done(store.getAllKeys());
    const entries = /** @type {Entry[]} */ (await done(store.getAll()));
    let bytes = 0;
    for (const [back, entry] of entries.reverse().entries()) {
      bytes += entry.question.image.size;
      const key = keys[entries.length - 1 - back];
      if (key !== undefined && (back >= MOST || bytes > MOST_BYTES)) store.delete(key);
    }
  }).catch(() => undefined);

/** Forgets all questions. */
export const forget = () => withStore((store) => done(store.clear())).catch(() => undefined);
