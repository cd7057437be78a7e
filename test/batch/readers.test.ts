import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { readDelimited } from '../../batch/input/delimited.ts';
import { readJsonl } from '../../batch/input/jsonl.ts';
import { DEFAULT_NAMES } from '../../batch/input/columns.ts';
import { questionOf, toRow } from '../../batch/input/row.ts';
import { chunks, rowsOf } from './input.ts';

describe('JSON Lines', () => {
  test('rows are read whatever the chunks are', async () => {
    const rows = fc.array(fc.record({ id: fc.string(), text: fc.string({ unit: 'grapheme' }) }));
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 40 }), async (objects, size) => {
        const text = objects.map((object) => JSON.stringify(object)).join('\r\n');
        expect(await rowsOf(readJsonl(chunks(text, size)))).toEqual(objects);
      }),
    );
  });

  test('a damaged line costs that row alone', async () => {
    const text = '\ufeff{"id":1}\n\n{"id":2\n[3]\n{"id":4}';
    expect(await rowsOf(readJsonl(chunks(text)))).toEqual([
      { id: 1 },
      expect.stringMatching(/^The line cannot be read as JSON: .*\.$/),
      'The line is JSON, but not an object.',
      { id: 4 },
    ]);
    const bytes = Buffer.concat([Buffer.from('"'), Buffer.from([0xff]), Buffer.from('"\n{"id":5}\n')]);
    expect(await rowsOf(readJsonl(chunks(bytes)))).toEqual(['The line is not UTF-8.', { id: 5 }]);
  });

  test('integers of 64 bits keep their digits, as texts', async () => {
    const text =
      '{"id":1234567890123456789,"n":[-9007199254740993],"x":1.5e300,"y":0.12345678901234567,"id2":1}\n{"id":9007199254740991}';
    expect(await rowsOf(readJsonl(chunks(text)))).toEqual([
      { id: '1234567890123456789', n: ['-9007199254740993'], x: 1.5e300, y: 0.12345678901234567, id2: 1 },
      { id: 9007199254740991 },
    ]);
    const twice = '{"id":1,"a":1234567890123456789,"a":2}';
    expect(await rowsOf(readJsonl(chunks(twice)))).toEqual([{ id: 1, a: 2 }]);
  });

  test('a line with more levels than can be written again costs that row alone', async () => {
    const nested = (levels: number): string => `{"a":${'['.repeat(levels)}1234567890123456789${']'.repeat(levels)}}`;
    const rows = await rowsOf(readJsonl(chunks(`${nested(900)}\n${nested(100_000)}\n{"id":3}`, 1 << 16)));
    expect(rows).toEqual([
      JSON.parse(nested(900).replace(/\d+/, '"$&"')),
      'The line cannot be read as JSON: it has more than 1000 lists and objects within each other.',
      { id: 3 },
    ]);
  });

  test('a line without an end is not kept in memory', async () => {
    const long = `{"id":"${'x'.repeat(5 << 20)}"}\n{"id":2}\n`;
    expect(await rowsOf(readJsonl(chunks(long, 1 << 16)))).toEqual(['The line is longer than 4 MiB.', { id: 2 }]);
  });
});

describe('CSV and TSV', () => {
  test('quotes, line breaks, a byte order mark and lists of texts', async () => {
    const text =
      '\ufeffid,image,text,texts,price\n7,a.jpg,"He said ""no"", twice\nor so",,3\n,b.jpg,,"[""x"",""y""]",\n';
    expect(await rowsOf(readDelimited(chunks(text), 'csv', DEFAULT_NAMES))).toEqual([
      { id: '7', image: 'a.jpg', text: 'He said "no", twice\nor so', price: '3' },
      { image: 'b.jpg', texts: ['x', 'y'], price: '' },
    ]);
  });

  test('a list of texts with more levels than can be written again stays text, which no row may have', async () => {
    const list = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(await rowsOf(readDelimited(chunks(`image,texts\na,${list}\n`, 1 << 16), 'csv', DEFAULT_NAMES))).toEqual([
      { image: 'a', texts: list },
    ]);
  });

  test('empty lines are skipped, and an empty file has no rows', async () => {
    expect(await rowsOf(readDelimited(chunks('\nimage,text\n\na,b\n\n'), 'csv', DEFAULT_NAMES))).toEqual([
      { image: 'a', text: 'b' },
    ]);
    for (const text of ['', 'image,text\n']) {
      expect(await rowsOf(readDelimited(chunks(text), 'csv', DEFAULT_NAMES))).toEqual([]);
    }
  });

  test('an empty cell of a premise counts as absent, and that of a text where the row has texts', async () => {
    const text = 'image,text,texts,premise\na,b,,\nc,,"[""d""]",e\nf,g,"[""h""]",\ni,, ,j\n';
    expect(await rowsOf(readDelimited(chunks(text), 'csv', DEFAULT_NAMES))).toEqual([
      { image: 'a', text: 'b' },
      { image: 'c', texts: ['d'], premise: 'e' },
      { image: 'f', text: 'g', texts: ['h'] },
      { image: 'i', text: '', texts: ' ', premise: 'j' },
    ]);
  });

  test('TSV may have quotes within a cell', async () => {
    const text = 'image\ttext\r\na.jpg\ta sign that says "stop"\r\nb.jpg\t"one\ttwo"\r\n';
    expect(await rowsOf(readDelimited(chunks(text), 'tsv', DEFAULT_NAMES))).toEqual([
      { image: 'a.jpg', text: 'a sign that says "stop"' },
      { image: 'b.jpg', text: 'one\ttwo' },
    ]);
  });

  test('a row with too many or too few cells is damaged', async () => {
    expect(await rowsOf(readDelimited(chunks('image,text\na,b,c\nd\ne,f\n'), 'csv', DEFAULT_NAMES))).toEqual([
      'The first line names 2 columns, but the number of cells here is 3.',
      'The first line names 2 columns, but the number of cells here is 1.',
      { image: 'e', text: 'f' },
    ]);
  });

  test.each([
    ['image;text', 'semicolons; save it with commas.'],
    ['image\ttext', 'tabs; read it with --format tsv.'],
  ])('a first line without commas says what separates its cells: %j', async (header, advice) => {
    const rows = rowsOf(readDelimited(chunks(`${header}\na,b\n`), 'csv', DEFAULT_NAMES));
    await expect(rows).rejects.toThrow(`The cells of the input are not separated by commas but by ${advice}`);
  });

  test('empty columns that a spreadsheet writes behind the others are left out', async () => {
    const read = (text: string): Promise<unknown[]> => rowsOf(readDelimited(chunks(text), 'csv', DEFAULT_NAMES));
    // Excel leaves them out where sixteen rows have none.
    expect(await read('image,text,,\r\na,b,,\r\nc,,,\r\nd,e\r\n')).toEqual([
      { image: 'a', text: 'b' },
      { image: 'c', text: '' },
      { image: 'd', text: 'e' },
    ]);
    const unnamed = 'The first line does not name the column of cell 4, which is not empty here.';
    expect(await read('image,text,,\na,b,,c\na,b,,,\na\n')).toEqual([
      unnamed,
      'The first line names 2 columns, but the number of cells here is 5.',
      'The first line names 2 columns, but the number of cells here is 1.',
    ]);
    expect(await read(',image,text,\n0,a,b,\n1,a,b,c\n')).toEqual([{ '': '0', image: 'a', text: 'b' }, unnamed]);
    await expect(read('image,,text,,x\n')).rejects.toThrow('names the column "" twice.');
  });

  test('one column without a name is passed through', async () => {
    expect(await rowsOf(readDelimited(chunks('image,\na,b\nc,\n'), 'csv', DEFAULT_NAMES))).toEqual([
      { image: 'a', '': 'b' },
      { image: 'c' },
    ]);
  });

  test.each([1, 2, 7, 1000])('text that is not UTF-8 is refused, in chunks of %i bytes', async (size) => {
    const read = (text: string, encoding: BufferEncoding): Promise<unknown[]> =>
      rowsOf(readDelimited(chunks(Buffer.from(text, encoding), size), 'csv', DEFAULT_NAMES));
    const text = 'image,text\na,groß 🐕 \ufffd\nb,"Bär\nein"\n';
    expect(await read(text, 'utf8')).toEqual([
      { image: 'a', text: 'groß 🐕 \ufffd' },
      { image: 'b', text: 'Bär\nein' },
    ]);
    await expect(read('image,text\na,b\nc,Bär\n', 'latin1')).rejects.toMatchObject({
      code: 'input-unreadable',
      message: 'Line 3 of the input is not UTF-8: convert it to UTF-8.',
    });
    await expect(read('imäge,text\na,b\n', 'latin1')).rejects.toThrow('Line 1 of the input is not UTF-8');
    await expect(read('image,text\na,b\xc3', 'latin1')).rejects.toThrow('Line 2 of the input is not UTF-8');
  });

  test('UTF-16 with a byte order mark is read, as programs for tables write it', async () => {
    const text = Buffer.from('\ufeffimage\ttext\r\na\tgroß\r\n', 'utf16le');
    // In UTF-16 these letters have the bytes of CR, LF and a quote.
    const letters = Buffer.from('\ufeffčísloਊĢ\timage\r\n1\ta\r\n2\tb\r\n', 'utf16le');
    expect(await rowsOf(readDelimited(chunks(letters), 'tsv', DEFAULT_NAMES))).toEqual([
      { čísloਊĢ: '1', image: 'a' },
      { čísloਊĢ: '2', image: 'b' },
    ]);
    expect(await rowsOf(readDelimited(chunks(text, 1000), 'tsv', DEFAULT_NAMES))).toEqual([
      { image: 'a', text: 'groß' },
    ]);
  });

  test.each([
    ['CRLF, and LF after the first line', 'image,text\r\na,b\nc,"d\ne"\r\n'],
    ['LF, and CRLF after the first line', 'image,text\na,b\r\nc,"d\ne"\n'],
    ['CR alone', 'image,text\ra,b\rc,"d\ne"\r'],
  ])('lines may end with %s', async (_, text) => {
    for (const size of [1, 11, 1000]) {
      const rows = [
        { image: 'a', text: 'b' },
        { image: 'c', text: 'd\ne' },
      ];
      expect(await rowsOf(readDelimited(chunks(text, size), 'csv', DEFAULT_NAMES))).toEqual(rows);
    }
  });

  test('a CR within a line stays what it is', async () => {
    const text = chunks('image,text\na,b\rc\n', 1000);
    expect(await rowsOf(readDelimited(text, 'csv', DEFAULT_NAMES))).toEqual([{ image: 'a', text: 'b\rc' }]);
  });

  test('a wrong quote ends the reading with a sentence that names the last good row', async () => {
    const open = rowsOf(readDelimited(chunks('image,text\na,b\nc,"d\ne,f\n'), 'csv', DEFAULT_NAMES));
    await expect(open).rejects.toMatchObject({
      code: 'input-unreadable',
      message: expect.stringMatching(/^The input is not valid CSV after row 1: .*at line \d.*\.$/) as string,
    });
    const escaped = rowsOf(readDelimited(chunks('image,text\na,"the \\"b\\""\n'), 'csv', DEFAULT_NAMES));
    await expect(escaped).rejects.toThrow(
      /Invalid Closing Quote.*\. A quote within a quoted cell is written twice, by Spark with \.option\('escape', '"'\)\.$/,
    );
    const twice = rowsOf(readDelimited(chunks('image,image\na,b\n'), 'csv', DEFAULT_NAMES));
    await expect(twice).rejects.toThrow('The first line of the input names the column "image" twice.');
  });
});

test('an open quote does not read the rest of the file into memory, which is closed', async () => {
  let [bytes, isClosed] = [0, false];
  async function* file(): AsyncGenerator<Uint8Array> {
    try {
      for (const chunk of [
        Buffer.from('image,text\na,"'),
        ...Array.from({ length: 99 }, () => Buffer.alloc(1 << 20, 'b')),
      ]) {
        bytes += chunk.length;
        yield await Promise.resolve(chunk);
      }
    } finally {
      isClosed = true;
    }
  }
  await expect(rowsOf(readDelimited(file(), 'csv', DEFAULT_NAMES))).rejects.toThrow(
    'The input is not valid CSV after row 0: Max',
  );
  expect(bytes).toBeLessThan(20 << 20);
  expect(isClosed).toBe(true);
});

test('a file is closed where not all of its rows are read', async () => {
  let isClosed = false;
  async function* file(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield await Promise.resolve(Buffer.from('image,text\na,b\n'));
    } finally {
      isClosed = true;
    }
  }
  for await (const row of readDelimited(file(), 'csv', DEFAULT_NAMES)) {
    expect(row).toEqual({ fields: { image: 'a', text: 'b' } });
    break;
  }
  await vi.waitFor(() => {
    expect(isClosed).toBe(true);
  });
});

describe('a row', () => {
  const question = (fields: Record<string, unknown>, texts: readonly string[] = []) =>
    questionOf(toRow({ fields }, 0, DEFAULT_NAMES, { texts }));

  test('has a text, several or those of the command line', () => {
    expect(question({ image: 'a', text: 'b', premise: null })).toEqual({
      image: 'a',
      hypotheses: ['b'],
      premise: undefined,
      isList: false,
    });
    expect(question({ image: 'a', texts: ['b'] })).toMatchObject({ hypotheses: ['b'], isList: true });
    expect(question({ image: 'a' }, ['x'])).toMatchObject({ hypotheses: ['x'], isList: false });
    expect(question({ image: 'a' }, ['x', 'y'])).toMatchObject({ hypotheses: ['x', 'y'], isList: true });
    expect(question({ image: 'a', text: 'b' }, ['x', 'y'])).toMatchObject({ hypotheses: ['b'] });
  });

  test('keeps the columns that are not read, and its id', () => {
    const names = { ...DEFAULT_NAMES, image: 'photo' };
    const fields = { id: 'x', photo: 'a', image: 'b', label: 'no' };
    expect(toRow({ fields }, 4, names)).toMatchObject({
      id: 'x',
      known: { image: 'a' },
      others: { image: 'b', label: 'no' },
    });
    expect(toRow({ fields: { image: 'a' } }, 4, DEFAULT_NAMES).id).toBe(5);
  });

  test.each([
    [{ text: 'b' }, 'The field "image" is missing.'],
    [{ image: '', text: 'b' }, 'The field "image" is empty.'],
    [{ image: 5, text: 'b' }, 'The field "image" must be the path of an image file.'],
    [{ image: 'a' }, 'The field "text" is missing.'],
    [{ image: 'a', text: 'b', texts: ['c'] }, 'Only one of the fields "text" and "texts" may be given.'],
    [{ image: 'a', texts: 'c' }, 'The field "texts" must be a list of texts.'],
    [{ image: 'a', text: 'b', premise: 1 }, 'The field "premise" must be a text.'],
    [{ id: {}, image: 'a', text: 'b' }, 'The field "id" must be a text or a number.'],
  ])('%o is refused', (fields, message) => {
    expect(() => question(fields)).toThrow(message);
  });
});
