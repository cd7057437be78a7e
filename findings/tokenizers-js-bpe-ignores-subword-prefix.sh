#!/usr/bin/env bash
# @huggingface/tokenizers 0.2.0: a BPE tokenizer that Python's library trained with a continuing_subword_prefix cuts
# every word into letters, without a message.
#
# With the prefix, "##e" goes on with a word and "e" begins one, and the merges are of such pieces. The JavaScript port
# reads tokenizer.json's model but not its continuing_subword_prefix, which it honours for WordPiece (BPE.ts looks for a
# continuing_subword_suffix instead, which the format does not have). So the merges do not match, and a letter gets the
# id of the same letter at a word's beginning. These ids exist, hence no unknown tokens and no error, and a model is
# given other inputs than it was trained on. The port's README lists BPE and no such exception.
#
# Expected: the ids of Python's tokenizers 0.23.3 from the same file, or an error on an option that is not supported.
# What helps: training without the prefix (ByteLevel or Metaspace mark a word's beginning instead).
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

cat >train.py <<'EOF'
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer.decoder = decoders.WordPiece("##")
tokenizer.train_from_iterator(
    ["low lower lowest new newer newest"],
    trainers.BpeTrainer(special_tokens=["<unk>"], continuing_subword_prefix="##", show_progress=False, min_frequency=1),
)
tokenizer.save("tokenizer.json")
encoding = Tokenizer.from_file("tokenizer.json").encode("lowest newer")
print("Python:", *encoding.tokens, "->", tokenizer.decode(encoding.ids))
EOF
cat >program.js <<'EOF'
import { readFileSync } from 'node:fs';
import { Tokenizer } from '@huggingface/tokenizers';

const tokenizer = new Tokenizer(JSON.parse(readFileSync('tokenizer.json', 'utf8')), {});
const { ids, tokens } = tokenizer.encode('lowest newer');
console.log('JavaScript:', ...tokens, '->', tokenizer.decode(ids));
EOF

expected='Python: lowest newer -> lowest newer
JavaScript: l o w e s t n e w e r -> l o w e s t n e w e r'
seen=$(PYTHONPATH=packages python3 train.py && node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
