#!/usr/bin/env bash
# @huggingface/jinja 0.5.11: a variable that one iteration of a loop sets is still there in the next ones, so a chat
# template writes something of one message into those after it, without a message.
#
# In Jinja each iteration begins with the variables from outside the loop. The port to JavaScript, which renders the
# chat templates of transformers.js, has one scope for all iterations. Where a template sets a variable on a condition
# and counts on its being undefined otherwise, the value of an earlier message remains: below, later messages get an
# image token for which there is no image. An outer variable that an iteration changes stays changed for the next ones,
# too, and has its old value again after the loop. Loops that set a variable in every iteration hide it. The README does
# not mention it; minijinja, for Rust, had the same fault (its issue 910, with GLM-5.2's template as an example).
#
# Expected: the text of Python's Jinja2 3.1.6, the reference for chat templates.
# What helps: setting the variable at the start of the loop's body, as in the last template.
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
  "messages": [
    { "role": "user", "image": "chair.png", "text": "What is this?" },
    { "role": "assistant", "text": "A chair." },
    { "role": "user", "text": "Thanks." }
  ],
  "templates": {
    "condition": "{% for m in messages %}{% if m.image %}{% set token = '<image>' %}{% endif %}[{{ token }}{{ m.text }}]{% endfor %}",
    "counter": "{% set n = 0 %}{% for m in messages %}{% set n = n + 1 %}[{{ n }}]{% endfor %}[{{ n }}]",
    "set first": "{% for m in messages %}{% set token = '' %}{% if m.image %}{% set token = '<image>' %}{% endif %}[{{ token }}{{ m.text }}]{% endfor %}"
  }
}
EOF
cat >program.py <<'EOF'
import json
from jinja2.sandbox import ImmutableSandboxedEnvironment

with open("input.json") as file:
    given = json.load(file)
for name, template in given["templates"].items():
    text = ImmutableSandboxedEnvironment().from_string(template).render(messages=given["messages"])
    print(f"Python, {name}: {text}")
EOF
cat >program.js <<'EOF'
import { readFileSync } from 'node:fs';
import { Template } from '@huggingface/jinja';

const { messages, templates } = JSON.parse(readFileSync('input.json', 'utf8'));
for (const [name, template] of Object.entries(templates))
  console.log(`JavaScript, ${name}: ${new Template(template).render({ messages })}`);
EOF

expected='Python, condition: [<image>What is this?][A chair.][Thanks.]
Python, counter: [1][1][1][0]
Python, set first: [<image>What is this?][A chair.][Thanks.]
JavaScript, condition: [<image>What is this?][<image>A chair.][<image>Thanks.]
JavaScript, counter: [1][2][3][0]
JavaScript, set first: [<image>What is this?][A chair.][Thanks.]'
seen=$(PYTHONPATH=packages python3 program.py && node program.js)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
