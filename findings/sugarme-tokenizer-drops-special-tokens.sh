#!/usr/bin/env bash
# github.com/sugarme/tokenizer 0.3.0 (Hugging Face's tokenizers in Go): special tokens in a text disappear with
# byte-level BPE, and it ignores four settings of a tokenizer.json.
#
# - With the pre-tokenizer ByteLevel, that of GPT-2, RoBERTa, Llama 3 and Qwen, the encoding of "Hi<|end|>Hi" lacks the
#   token <|end|>, so a rendered chat template loses its turns, and a prompt for RoBERTa its <mask>.
# - truncation with direction "left" keeps the beginning, not the end.
# - padding with pad_to_multiple_of pads to no multiple.
# - The normalizer Replace with a Regex replaces nothing; with a String it does.
# - fuse_unk of BPE leaves several unknown tokens in a row.
#
# Loading and encoding return no errors. The README says that it loads pretrained models from Hugging Face, whichever
# have a tokenizer.json. Some other things that it does not know, such as the decoder BPEDecoder, it refuses.
#
# Expected: the tokens that Hugging Face's tokenizers 0.23.3 gives for the same file and text, on the right.
# What helps: daulet/tokenizers, which binds Hugging Face's own.
# Needs Go 1.24 or newer, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export GOPATH="$folder/path" GOFLAGS="-modcacherw -mod=mod"
mkdir "$folder/program"
cd "$folder/program"
go mod init program 2>/dev/null
go get github.com/sugarme/tokenizer@v0.3.0 2>/dev/null

cat >program.go <<'PROGRAM'
package main

import (
	"fmt"
	"strings"

	"github.com/sugarme/tokenizer/pretrained"
)

const special = `{"id": %d, "content": "%s", "single_word": false, "lstrip": false, "rstrip": false, ` +
	`"normalized": false, "special": true}`

// A tokenizer.json; the parts are added_tokens and model, and what differs from null.
func file(added, model string, parts map[string]string) string {
	text := `{"version": "1.0", "added_tokens": [` + added + `], "model": ` + model
	for _, name := range []string{"truncation", "padding", "normalizer", "pre_tokenizer", "post_processor", "decoder"} {
		part := parts[name]
		if part == "" {
			part = "null"
		}
		text += fmt.Sprintf(`, "%s": %s`, name, part)
	}
	return text + "}"
}

func show(title, json, text, expected string) {
	tokenizer, err := pretrained.FromReader(strings.NewReader(json))
	if err != nil {
		panic(err)
	}
	encoding, err := tokenizer.EncodeSingle(text, true)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s, %q: %q, expected: %s\n", title, text, encoding.Tokens, expected)
}

func main() {
	bpe := func(unknown, fuse, vocabulary string) string {
		return `{"type": "BPE", "dropout": null, "unk_token": ` + unknown + `, "continuing_subword_prefix": null, ` +
			`"end_of_word_suffix": null, "fuse_unk": ` + fuse + `, "byte_fallback": false, "ignore_merges": false, ` +
			`"vocab": {` + vocabulary + `}, "merges": []}`
	}
	words := `{"type": "WordLevel", "unk_token": "[UNK]", ` +
		`"vocab": {"[UNK]": 0, "[PAD]": 1, "a": 2, "b": 3, "c": 4, "d": 5}}`
	spaces := `{"type": "WhitespaceSplit"}`
	end := fmt.Sprintf(special, 0, "<|end|>")
	letters := bpe("null", "false", `"<|end|>": 0, "H": 1, "i": 2, "Ġ": 3`)
	byteLevel := `{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}`

	show("ByteLevel", file(end, letters, map[string]string{"pre_tokenizer": byteLevel}), "Hi<|end|>Hi",
		`["H" "i" "<|end|>" "H" "i"]`)
	show("WhitespaceSplit", file(end, letters, map[string]string{"pre_tokenizer": spaces}), "Hi<|end|>Hi",
		`["H" "i" "<|end|>" "H" "i"]`)
	for _, direction := range []string{"Left", "Right"} {
		truncation := `{"direction": "` + direction + `", "max_length": 2, "strategy": "LongestFirst", "stride": 0}`
		expected := map[string]string{"Left": `["c" "d"]`, "Right": `["a" "b"]`}[direction]
		parts := map[string]string{"pre_tokenizer": spaces, "truncation": truncation}
		show("truncation "+direction, file("", words, parts), "a b c d", expected)
	}
	for _, strategy := range []string{
		`"BatchLongest", "pad_to_multiple_of": 4`, `{"Fixed": 4}, "pad_to_multiple_of": null`,
	} {
		padding := `{"strategy": ` + strategy + `, "direction": "Right", "pad_id": 1, "pad_type_id": 0, ` +
			`"pad_token": "[PAD]"}`
		parts := map[string]string{"pre_tokenizer": spaces, "padding": padding}
		show("padding "+strategy, file("", words, parts), "a b c", `["a" "b" "c" "[PAD]"]`)
	}
	for _, pattern := range []string{`{"Regex": "x+"}`, `{"String": "xx"}`} {
		normalizer := `{"type": "Replace", "pattern": ` + pattern + `, "content": "d"}`
		parts := map[string]string{"pre_tokenizer": spaces, "normalizer": normalizer}
		show("Replace "+pattern, file("", words, parts), "a xx", `["a" "d"]`)
	}
	for _, fuse := range []string{"true", "false"} {
		model := bpe(`"<unk>"`, fuse, `"<unk>": 0, "a": 1, "b": 2`)
		expected := map[string]string{"true": `["a" "<unk>" "b"]`, "false": `["a" "<unk>" "<unk>" "b"]`}[fuse]
		show("fuse_unk "+fuse, file("", model, map[string]string{"pre_tokenizer": spaces}), "axyb", expected)
	}
}
PROGRAM

expected='ByteLevel, "Hi<|end|>Hi": ["H" "i" "H" "i"], expected: ["H" "i" "<|end|>" "H" "i"]
WhitespaceSplit, "Hi<|end|>Hi": ["H" "i" "<|end|>" "H" "i"], expected: ["H" "i" "<|end|>" "H" "i"]
truncation Left, "a b c d": ["a" "b"], expected: ["c" "d"]
truncation Right, "a b c d": ["a" "b"], expected: ["a" "b"]
padding "BatchLongest", "pad_to_multiple_of": 4, "a b c": ["a" "b" "c"], expected: ["a" "b" "c" "[PAD]"]
padding {"Fixed": 4}, "pad_to_multiple_of": null, "a b c": ["a" "b" "c" "[PAD]"], expected: ["a" "b" "c" "[PAD]"]
Replace {"Regex": "x+"}, "a xx": ["a" "xx"], expected: ["a" "d"]
Replace {"String": "xx"}, "a xx": ["a" "d"], expected: ["a" "d"]
fuse_unk true, "axyb": ["a" "<unk>" "<unk>" "b"], expected: ["a" "<unk>" "b"]
fuse_unk false, "axyb": ["a" "<unk>" "<unk>" "b"], expected: ["a" "<unk>" "<unk>" "b"]'
seen=$(go run . 2>/dev/null)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
