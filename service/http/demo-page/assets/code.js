// A question as code that runs as it is pasted.

/** @import { Question } from './service.js' */

/** The address of something beside the page. @param {string} path */
const urlOf = (path) => new URL(path, document.baseURI).href;

/** Quotes for a POSIX shell. @param {string} text */
const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * Quotes a file's name for curl, which gives commas and semicolons a meaning and drops spaces around it.
 *
 * @param {string} name
 */
const quoteFile = (name) => (/^\s|[,;"]|\s$/.test(name) ? `"${name.replaceAll(/["\\]/g, '\\$&')}"` : name);

/** A string of Python or JavaScript: JSON is one of both, except for lone surrogates. @param {string} text */
const literal = (text) => JSON.stringify(text);

/** @param {Question} question */
const curl = ({ image, texts, premise, key, example }) => {
  const file = example === undefined ? `@${quoteFile(image.name)}` : '@-;filename=example';
  const lines = [`curl ${quote(urlOf('predict'))}`, `  --form ${quote(`image=${file}`)}`];
  if (key !== '') lines.push(`  --header "Authorization: Bearer $API_KEY"`);
  for (const text of texts) lines.push(`  --form-string ${quote(`text=${text}`)}`);
  if (premise !== '') lines.push(`  --form-string ${quote(`premise=${premise}`)}`);
  // The picture of an example comes from the service, wherever the command is pasted.
  const source = example === undefined ? '' : `curl --silent ${quote(urlOf(example.image))} | `;
  return source + lines.join(' \\\n');
};

/** @param {Question} question */
const python = ({ image, texts, premise, key, example }) => {
  const open =
    example === undefined
      ? `open(${literal(image.name)}, "rb")`
      : `urllib.request.urlopen(${literal(urlOf(example.image))})`;
  const headers = ['"Content-Type": "application/json"'];
  if (key !== '') headers.push('"Authorization": "Bearer " + os.environ["API_KEY"]');
  return [
    `import base64, json, ${key === '' ? '' : 'os, '}urllib.request`,
    `picture = ${open}.read()`,
    'question = {',
    '    "image": base64.b64encode(picture).decode(),',
    `    "texts": [${texts.map(literal).join(', ')}],`,
    ...(premise === '' ? [] : [`    "premise": ${literal(premise)},`]),
    '}',
    'request = urllib.request.Request(',
    `    ${literal(urlOf('predict/json'))}, json.dumps(question).encode(), {${headers.join(', ')}}`,
    ')',
    'print(urllib.request.urlopen(request).read().decode())',
  ].join('\n');
};

/** @param {Question} question */
const javascript = ({ image, texts, premise, key, example }) => {
  const name = literal(image.name);
  const picture =
    example === undefined
      ? [
          "const { readFile } = await import('node:fs/promises');",
          `const picture = new Blob([await readFile(${name})]);`,
        ]
      : [`const picture = await (await fetch(${literal(urlOf(example.image))})).blob();`];
  const headers = key === '' ? '' : ', headers: { authorization: `Bearer ${process.env.API_KEY}` }';
  return [
    ...picture,
    'const form = new FormData();',
    `form.append('image', picture, ${name});`,
    `for (const text of [${texts.map(literal).join(', ')}]) form.append('text', text);`,
    ...(premise === '' ? [] : [`form.append('premise', ${literal(premise)});`]),
    `const response = await fetch(${literal(urlOf('predict'))}, { method: 'POST', body: form${headers} });`,
    'console.log(await response.text());',
  ].join('\n');
};

const LANGUAGES = { curl, python, javascript };

/** The question as code. @param {string} language @param {Question} question */
export const codeFor = (language, question) => LANGUAGES[/** @type {keyof typeof LANGUAGES} */ (language)](question);
