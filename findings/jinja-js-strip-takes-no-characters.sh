#!/usr/bin/env bash
# @huggingface/jinja 0.5.11: strip, lstrip and rstrip ignore their argument and always strip white space, so a chat
# template takes the indentation from code in a message, or leaves the characters that it wants to take off.
#
# lstrip('\n') in a template, as Qwen3's has it for an answer after its </think>, takes off line breaks alone. The
# port to JavaScript, which renders the chat templates of transformers.js, takes off the first line's spaces, too; and
# strip('*') takes off no asterisk. The text becomes other tokens than the model was trained on; nothing tells. The
# README does not mention it, and an argument that a filter does not know is an error there. swift-jinja, a port to
# Swift, had the same fault (its issue 64).
#
# Expected: the text of Python's Jinja2 3.1.6, the reference for chat templates.
# What helps: cutting the characters off in JavaScript, before rendering.
# Needs Python 3 with pip, too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @huggingface/jinja@0.5.11 >/dev/null &
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  jinja2==3.1.6 markupsafe==3.0.4
wait $!

cat >input.json <<'EOF'
{
  "answer": "<think>\nA loop.\n</think>\n\n    for i in x:\n        print(i)\n",
  "title": "**Note**",
  "templates": {
    "after thinking": "{{ answer.split('</think>')[-1].lstrip('\\n') | tojson }}",
    "end": "{{ answer.split('</think>')[-1].rstrip('\\n)') | tojson }}",
    "characters": "{{ title.strip('*') | tojson }}",
    "white space": "{{ answer.split('</think>')[-1].strip() | tojson }}"
  }
}
EOF
cat >program.py <<'EOF'
import json
from jinja2.sandbox import ImmutableSandboxedEnvironment

with open("input.json") as file:
    given = json.load(file)
environment = ImmutableSandboxedEnvironment()
environment.filters["tojson"] = json.dumps
for name, template in given["templates"].items():
    print(f"Python, {name}: {environment.from_string(template).render(given)}")
EOF
cat >program.js <<'EOF'
import { readFileSync } from 'node:fs';
import { Template } from '@huggingface/jinja';

const { templates, ...given } = JSON.parse(readFileSync('input.json', 'utf8'));
for (const [name, template] of Object.entries(templates))
  console.log(`JavaScript, ${name}: ${new Template(template).render(given)}`);
EOF

expected='Python, after thinking: "    for i in x:\n        print(i)\n"
Python, end: "\n\n    for i in x:\n        print(i"
Python, characters: "Note"
Python, white space: "for i in x:\n        print(i)"
JavaScript, after thinking: "for i in x:\n        print(i)\n"
JavaScript, end: "\n\n    for i in x:\n        print(i)"
JavaScript, characters: "**Note**"
JavaScript, white space: "for i in x:\n        print(i)"'
seen=$(PYTHONPATH=packages python3 program.py && node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
