import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../../../model/compile/checkpoint/config.ts';
import { tempFolder } from '../../../../testing/temp-folder.ts';

const FIXTURES = join(import.meta.dirname, '../../../fixtures/ofa');
type Json = Record<string, unknown>;

/** A checkpoint folder with the three files; without the file of answers if `answers` is null. */
function folderWith(
  config: unknown,
  model: Json,
  answers: unknown = { no: 0, yes: 1, maybe: 2 },
  task: Json = {},
): string {
  const folder = tempFolder();
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(
    join(folder, 'configuration.json'),
    JSON.stringify({ ...task, model: { answer2label: 'answers.json', ...model } }),
  );
  if (answers !== null) writeFileSync(join(folder, 'answers.json'), JSON.stringify(answers));
  return folder;
}

const refusal = (code: string, message: RegExp): unknown =>
  expect.objectContaining({ name: 'UserError', code, message: expect.stringMatching(message) as string });

describe('the configuration of a checkpoint', () => {
  test('reads every field', async () => {
    const { model, task } = await readConfig(join(FIXTURES, 'mini-prev-output'));
    expect(model).toMatchObject({
      dModel: 48,
      encoderLayers: 3,
      decoderLayers: 1,
      encoderAttentionHeads: 3,
      decoderFfnDim: 128,
      vocabSize: 400,
      tokenBucketSize: 32,
      imageBucketSize: 8,
      maxPositionEmbeddings: 256,
      shareAttnBias: true,
      scaleEmbedding: true,
      normformer: true,
    });
    expect(task).toMatchObject({
      patchImageSize: 96,
      maxSrcLength: 80,
      imagenetMeanStd: true,
      promptType: 'prev_output',
      answers: ['no', 'yes', 'maybe'],
      answersFile: 'ans2label.json',
    });
  });

  test('may have the largest picture that the buckets allow', async () => {
    const { task } = await readConfig(folderWith({}, { patch_image_size: 672 }));
    expect(task.patchImageSize).toBe(672);
  });

  test('has the defaults of the reference where fields are missing', async () => {
    expect(await readConfig(folderWith({}, {}))).toEqual({
      model: {
        dModel: 512,
        encoderLayers: 4,
        encoderAttentionHeads: 8,
        encoderFfnDim: 2048,
        decoderLayers: 4,
        decoderAttentionHeads: 8,
        decoderFfnDim: 2048,
        vocabSize: 59_457,
        tokenBucketSize: 256,
        imageBucketSize: 42,
        maxPositionEmbeddings: 1024,
        attnScaleFactor: 2,
        normformer: true,
        layernormEmbedding: true,
        patchLayernormEmbedding: true,
        addTypeEmbedding: true,
        shareDecoderInputOutputEmbed: true,
        encoderNormalizeBefore: true,
        decoderNormalizeBefore: true,
        scaleEmbedding: false,
        entanglePositionEmbedding: false,
        disableEntangle: false,
        shareAttnBias: false,
        useGammaFeature: false,
      },
      task: {
        patchImageSize: 480,
        maxSrcLength: 256,
        imagenetMeanStd: false,
        promptType: 'none',
        prompts: {
          hypothesis: ' does the image describe " {} "?',
          premise: ' can image and text1 " {} " imply text2 " {} "?',
        },
        answers: ['no', 'yes', 'maybe'],
        answersFile: 'answers.json',
      },
    });
  });

  test.each(['resnet18', 'resnet34', 'resnet50', 'resnet101', 'resnet152'])('accepts %s', async (type) => {
    await expect(readConfig(folderWith({ resnet_type: type }, {}))).resolves.toBeDefined();
  });

  test('uses its own prompt with and without a premise', async () => {
    const { task } = await readConfig(folderWith({}, { prompt: ' is " {} " true?' }));
    expect(task.prompts).toEqual({ hypothesis: ' is " {} " true?', premise: ' is " {} " true?' });
  });

  test('sorts the answers by their labels', async () => {
    const { task } = await readConfig(folderWith({}, {}, { maybe: 2, '7': 1, no: 0, 'not at all': 9 }));
    expect(task.answers).toEqual(['no', '7', 'maybe', 'not at all']);
  });

  test('is accepted for a generating model that has a list of answers', async () => {
    const { task } = await readConfig(folderWith({}, { gen_type: 'generation', prompt_type: 'none' }));
    expect(task.answers).toHaveLength(3);
  });
});

describe('an unsupported value is rejected by name, with what is supported', () => {
  test.each<[string, Json, RegExp]>([
    ['use_ofasys', { use_ofasys: true }, /config\.json: use_ofasys is true, but supported is false\.$/],
    ['use_image_feature', { use_image_feature: false }, /use_image_feature is false, but supported is true\.$/],
    ['interpolate_position', { interpolate_position: true }, /interpolate_position is true, but supported is false\.$/],
    [
      'activation_function',
      { activation_function: 'relu' },
      /activation_function is "relu", but supported is "gelu"\.$/,
    ],
    ['a long value', { resnet_type: `${'v'.repeat(148)}🙂${'i'.repeat(200)}t` }, /is "v{148}…i{48}t", but supported/],
    ['resnet_type', { resnet_type: 'vit' }, /resnet_type is "vit", but supported is one of resnet18, .*resnet152\.$/],
    ['resnet_type that is a property of every object', { resnet_type: 'toString' }, /resnet_type is "toString"/],
    ['d_model', { d_model: -4 }, /d_model is -4, but supported is a whole number from 1 to \d+\.$/],
    ['encoder_layers', { encoder_layers: 1.5 }, /encoder_layers is 1\.5, but supported is a whole number/],
    ['vocab_size', { vocab_size: 1e12 }, /vocab_size is 1000000000000, but/],
    ['attn_scale_factor', { attn_scale_factor: 0 }, /attn_scale_factor is 0, but supported is a number above 0\.$/],
    ['normformer', { normformer: 'yes' }, /normformer is "yes", but supported is true or false\.$/],
    [
      'heads',
      { encoder_attention_heads: 7 },
      /encoder_attention_heads is 7, but supported is a divisor of d_model \(512\)\.$/,
    ],
  ])('config.json: %s', async (_, config, message) => {
    await expect(readConfig(folderWith(config, {}))).rejects.toEqual(refusal('checkpoint-unsupported', message));
  });

  test.each<[string, Json, RegExp]>([
    [
      'prompt_type',
      { prompt_type: 'src' },
      /configuration\.json: model\.prompt_type is "src", but supported is "none" or "prev_output"\.$/,
    ],
    ['gen_type', { gen_type: 'beam' }, /model\.gen_type is "beam", but/],
    [
      'patch_image_size',
      { patch_image_size: 100 },
      /model\.patch_image_size is 100, but supported is a multiple of 16/,
    ],
    [
      'patch_image_size and buckets',
      { patch_image_size: 688 },
      /patch_image_size is 688, but supported is at most 672, 16 times image_bucket_size\.$/,
    ],
    ['language', { language: 'zh' }, /model\.language is "zh", but supported is "en"\.$/],
    ['max_src_length', { max_src_length: 0 }, /model\.max_src_length is 0, but/],
    [
      'a prompt without {}',
      { prompt: 'hello?' },
      /model\.prompt is "hello\?", but supported is a text with one or two {}/,
    ],
    ['a prompt with named fields', { prompt: '{text} {}' }, /model\.prompt is/],
    [
      'answers',
      { answer2label: undefined },
      /model\.answer2label is missing, so that model\.gen_type "generation" would answer in free text/,
    ],
    ['answers that are not a file name', { answer2label: 3 }, /model\.answer2label is 3, but/],
  ])('configuration.json: %s', async (_, model, message) => {
    await expect(readConfig(folderWith({}, model))).rejects.toEqual(refusal('checkpoint-unsupported', message));
  });

  test('configuration.json: what the model knows', async () => {
    const knows = 'Pictures of cats, and of "dogs".';
    const { task } = await readConfig(folderWith({}, {}, undefined, { knows }));
    expect(task.knows).toBe(knows);
    expect((await readConfig(folderWith({}, {}))).task.knows).toBeUndefined();
    for (const wrong of ['', ' cats', 'cats\nand dogs', 'cat'.repeat(101), ['cats']]) {
      await expect(readConfig(folderWith({}, {}, undefined, { knows: wrong }))).rejects.toEqual(
        refusal('checkpoint-unsupported', /knows is .*, but supported is one sentence of at most 300 characters/),
      );
    }
  });

  test('configuration.json: task', async () => {
    await expect(readConfig(folderWith({}, {}, {}, { task: 'image-captioning' }))).rejects.toEqual(
      refusal('checkpoint-unsupported', /task is "image-captioning", but supported is "visual-entailment"\.$/),
    );
  });

  test.each([
    ['a single answer', { yes: 0 }],
    ['equal labels', { yes: 0, no: 0 }],
    ['labels that are not numbers', { yes: 'a', no: 'b' }],
    ['an empty answer', { '': 0, no: 1 }],
    ['a list', ['no', 'yes']],
  ])('the answers: %s', async (_, answers) => {
    await expect(readConfig(folderWith({}, {}, answers))).rejects.toEqual(
      refusal('checkpoint-unsupported', /answers\.json is not a list of answers: .* such as {"no": 0/),
    );
  });

  test.each(['../answers.json', '/etc/hostname', 'a/../../answers.json'])(
    'answers outside the folder: %s',
    async (name) => {
      await expect(readConfig(folderWith({}, { answer2label: name }))).rejects.toEqual(
        refusal('checkpoint-unsafe', /outside the checkpoint folder/),
      );
    },
  );
});

describe("a general checkpoint of Hugging Face's layout", () => {
  test.each([{ model_type: 'ofa' }, { architectures: ['OFAModel'] }])('is recognized by %j', async (config) => {
    const folder = folderWith(config, {});
    rmSync(join(folder, 'configuration.json'));
    await expect(readConfig(folder)).rejects.toEqual(
      refusal(
        'checkpoint-unsupported',
        /is a general OFA checkpoint in Hugging Face's layout: .* no configuration\.json .* such as iic\/ofa_visual-/,
      ),
    );
  });

  test('is not confused with a checkpoint for visual entailment', async () => {
    await expect(readConfig(folderWith({ model_type: 'ofa', architectures: ['OFAModel'] }, {}))).resolves.toBeDefined();
  });

  test('is not confused with a folder that lacks a file', async () => {
    const folder = folderWith({}, {});
    rmSync(join(folder, 'configuration.json'));
    await expect(readConfig(folder)).rejects.toEqual(
      refusal('checkpoint-unreadable', /configuration\.json cannot be read: no such file or folder\.$/),
    );
  });
});

describe('files that cannot be read', () => {
  test('a missing file', async () => {
    await expect(readConfig(tempFolder())).rejects.toEqual(
      refusal('checkpoint-unreadable', /config\.json cannot be read: no such file or folder\.$/),
    );
    await expect(readConfig(folderWith({}, {}, null))).rejects.toEqual(
      refusal('checkpoint-unreadable', /answers\.json cannot be read: no such file or folder\.$/),
    );
  });

  test('a file in another encoding than UTF-8, whose answers would have replacement characters', async () => {
    const folder = folderWith({}, {});
    const answers = '{"s\u00ed": 0, "no": 1}';
    writeFileSync(join(folder, 'answers.json'), answers, 'latin1');
    const message = /answers\.json cannot be read: it is not UTF-8; save it in that encoding\.$/;
    await expect(readConfig(folder)).rejects.toEqual(refusal('checkpoint-unreadable', message));
    writeFileSync(join(folder, 'answers.json'), `\ufeff${answers}`);
    expect((await readConfig(folder)).task.answers).toEqual(['s\u00ed', 'no']);
  });

  test('a file that is not JSON or not an object', async () => {
    const folder = folderWith({}, {});
    writeFileSync(join(folder, 'config.json'), readFileSync(join(FIXTURES, 'mini-none/config.json')).subarray(0, 40));
    await expect(readConfig(folder)).rejects.toEqual(refusal('checkpoint-unreadable', /config\.json is not JSON\.$/));
    await expect(readConfig(folderWith([], {}))).rejects.toEqual(
      refusal('checkpoint-unreadable', /config\.json is not a JSON object\.$/),
    );
  });
});
