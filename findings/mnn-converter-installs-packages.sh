#!/usr/bin/env bash
# MNN 3.6.1: its converter, mnnconvert, runs "pip install -U aliyun-log-python-sdk" when it starts.
#
# The command loads a reporter of its uses, which needs the SDK of Alibaba Cloud's log service and installs it where it
# is not there: with it a dozen packages, and a protobuf below 6 instead of the one that onnx came with. So a conversion
# changes the environment that it runs in, and how the next program there behaves. The SDK is not among the package's
# requirements, and neither the documentation of the converter nor its help speaks of it. Once the SDK is there, each
# start asks a server of Alibaba Cloud for credentials to send arguments, sizes and the id of the machine with (which
# then fails in this release, without a message). mnnquant loads the same file.
#
# Expected: a conversion that leaves the environment as it is.
# What helps: _tools.mnnconvert(["mnnconvert", ...]), the function behind the command; or an environment that is for
# conversions alone, without pip or network.
# Needs Python 3 with pip, instead of Node.js. pip is replaced by one that prints what it would install, so nothing is.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv environment
export PATH=$folder/environment/bin:$PATH
python -m pip install --quiet --disable-pip-version-check MNN==3.6.1 onnx==1.23.2 numpy==2.4.6 protobuf==7.36.2

python - <<'PROGRAM'
import onnx

graph = '<ir_version: 8, opset_import: ["": 18]> graph (float[2] x) => (float[2] y) { y = Abs (x) }'
onnx.save(onnx.parser.parse_model(graph), "model.onnx")
PROGRAM
for name in pip pip3; do
  cat >"environment/bin/$name" <<'PIP'
#!/usr/bin/env bash
echo "pip $*" >>commands
python -m pip --disable-pip-version-check "$@" --dry-run >>dry-run 2>&1
PIP
  chmod +x "environment/bin/$name"
done
touch commands dry-run
mnnconvert -f ONNX --modelFile model.onnx --MNNModel model.mnn --bizCode model >log 2>&1 || true

expected='converted: yes
pip install -U aliyun-log-python-sdk
would install: aliyun-log-python-sdk, protobuf-5'
seen=$(
  echo "converted: $([ -s model.mnn ] && echo yes || echo no)"
  sort -u commands
  packages=$(grep '^Would install' dry-run | tr ' ' '\n' |
    grep -oE '^(aliyun-log-python-sdk|protobuf-[0-9]+)' | sort -u)
  echo "would install: ${packages//$'\n'/, }"
)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; tail log dry-run; exit 1; }
