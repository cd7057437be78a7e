#!/usr/bin/env bash
# @huggingface/tokenizers 0.2.0: the ids that a template gives to its special tokens are not used, so a prompt in the
# template becomes one unknown token, without a message.
#
# In tokenizer.json a TemplateProcessing names its special tokens, and its table special_tokens gives each name one or
# more ids: an embedding model that wants "search query" before its text can have it there, once for all. The port to
# JavaScript never reads the table. It takes the name for a token of the vocabulary, and where there is none of that
# name the result is the id of the unknown token, or undefined if the model has none (byte-level BPE). Names that are
# tokens, such as [CLS], work, so the usual files hide it. The port's README lists TemplateProcessing.
#
# Expected: the ids of Python's tokenizers 0.23.3 from the same file.
# What helps: one special token in the template for each token of the prompt, named as in the vocabulary.
# Needs Python 3 with pip, too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @huggingface/tokenizers@0.2.0 >/dev/null &
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --target packages \
  tokenizers==0.23.3
wait $!

cat >save.py <<'EOF'
from tokenizers import Tokenizer, models, pre_tokenizers, processors

words = ["[UNK]", "[CLS]", "[SEP]", "search", "query", "red", "chair"]
prompt = {"id": "prompt", "ids": [3, 4], "tokens": ["search", "query"]}
tokenizer = Tokenizer(models.WordPiece({word: index for index, word in enumerate(words)}, unk_token="[UNK]"))
tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
for name, single, special_tokens in [
    ("one name", "[CLS] prompt $A [SEP]", [("[CLS]", 1), ("[SEP]", 2), prompt]),
    ("two names", "[CLS] search query $A [SEP]", [("[CLS]", 1), ("[SEP]", 2), ("search", 3), ("query", 4)]),
]:
    tokenizer.post_processor = processors.TemplateProcessing(single=single, special_tokens=special_tokens)
    tokenizer.save(f"{name}.json")
    print(f"Python, {name}:", *Tokenizer.from_file(f"{name}.json").encode("red chair").ids)
EOF
cat >program.js <<'EOF'
import { readFileSync } from 'node:fs';
import { Tokenizer } from '@huggingface/tokenizers';

for (const name of ['one name', 'two names']) {
  const tokenizer = new Tokenizer(JSON.parse(readFileSync(`${name}.json`, 'utf8')), {});
  console.log(`JavaScript, ${name}:`, tokenizer.encode('red chair').ids.join(' '));
}
EOF

expected='Python, one name: 1 3 4 5 6 2
Python, two names: 1 3 4 5 6 2
JavaScript, one name: 1 0 5 6 2
JavaScript, two names: 1 3 4 5 6 2'
seen=$(PYTHONPATH=packages python3 save.py && node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
