#!/usr/bin/env bash
# tribuo 4.3.2 (machine learning in Java, by Oracle): a logistic regression of LIBLINEAR has other probabilities in the
# ONNX model that Tribuo exports: of two classes, log odds that are doubled.
#
# LIBLINEAR trains one classifier per class against the rest. Its probabilities are the sigmoids of the scores, divided
# by their sum. Tribuo predicts so, but writes a Softmax behind the scores. Two classes have the scores s and -s, so the
# Softmax is the sigmoid of 2 s: 0.87 becomes 0.98. The most likely class stays the same, so accuracy does not show it,
# but thresholds, calibration, and rankings of samples by one of several classes do. All of LIBLINEAR's logistic
# regressions are affected (L2R_LR, L2R_LR_DUAL, L1R_LR). Tribuo's own logistic regression, whose Softmax is right, and
# the scores of support vector machines are exported as they are. The documentation says nothing of a difference.
#
# Expected: the probabilities of Tribuo, on the left.
# What helps: LogisticRegressionTrainer of Tribuo instead of LibLinearClassificationTrainer. Of two classes, the right
# probability is p^0.5 / (p^0.5 + (1 - p)^0.5); of more, the Softmax has lost what the sigmoids need.
# Needs Java 17 or newer, Maven, and Python 3 with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  onnxruntime==1.32.0 numpy==2.4.6
cat >pom.xml <<'EOF'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId>
  <artifactId>finding</artifactId>
  <version>0</version>
  <dependencies>
    <dependency>
      <groupId>org.tribuo</groupId>
      <artifactId>tribuo-classification-liblinear</artifactId>
      <version>4.3.2</version>
    </dependency>
    <dependency>
      <groupId>org.tribuo</groupId>
      <artifactId>tribuo-classification-sgd</artifactId>
      <version>4.3.2</version>
    </dependency>
  </dependencies>
</project>
EOF
mvn --quiet --batch-mode "-Dmaven.repo.local=$folder/repository" \
  org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies >log 2>&1 || { cat log; exit 1; }

cat >Program.java <<'EOF'
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.logging.LogManager;
import org.tribuo.Model;
import org.tribuo.MutableDataset;
import org.tribuo.ONNXExportable;
import org.tribuo.Trainer;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.classification.liblinear.LibLinearClassificationTrainer;
import org.tribuo.classification.liblinear.LinearClassificationType;
import org.tribuo.classification.liblinear.LinearClassificationType.LinearType;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;
import org.tribuo.impl.ArrayExample;
import org.tribuo.provenance.SimpleDataSourceProvenance;

// Trains each kind of model, exports it, and prints what it predicts: title | the sample | the scores of the classes.
public class Program {
  static final double[][] SAMPLES = {{0, 1}, {1, 3}, {2, 2}, {3, 0}, {4, 2}, {5, 1}, {6, 3}, {7, 0}, {8, 2}};

  static String score(Label label) {
    return String.format(Locale.ROOT, " %.2f", label.getScore());
  }

  static void show(String title, int classes, Trainer<Label> trainer) throws Exception {
    var factory = new LabelFactory();
    var data = new MutableDataset<Label>(new SimpleDataSourceProvenance("samples", factory), factory);
    for (int i = 0; i < SAMPLES.length; i++)
      data.add(new ArrayExample<>(new Label("c" + i * classes / 9), new String[] {"x", "y"}, SAMPLES[i]));
    Model<Label> model = trainer.train(data);
    String name = title + "-" + classes;
    ((ONNXExportable) model).saveONNXModel("finding", 1, Path.of(name + ".onnx"));
    for (int i : List.of(1, 4, 6)) {
      var scores = model.predict(data.getExample(i)).getOutputScores();
      var line = new StringBuilder(name + "|" + SAMPLES[i][0] + "," + SAMPLES[i][1] + "|");
      for (int id = 0; id < classes; id++)
        line.append(score(scores.get(model.getOutputIDInfo().getOutput(id).getLabel())));
      System.out.println(line);
    }
  }

  public static void main(String[] arguments) throws Exception {
    LogManager.getLogManager().reset();
    for (int classes : new int[] {2, 3}) {
      for (LinearType type : List.of(LinearType.L2R_LR, LinearType.L1R_LR, LinearType.L2R_L2LOSS_SVC)) {
        var kind = new LinearClassificationType(type);
        show(type.name(), classes, new LibLinearClassificationTrainer(kind, 1, 1000, 0.001));
      }
      show("Tribuo's", classes, new LogisticRegressionTrainer());
    }
  }
}
EOF

cat >program.py <<'PROGRAM'
import subprocess

import numpy as np
import onnxruntime

onnxruntime.set_default_logger_severity(4)
command = ["java", "-cp", "target/dependency/*", "Program.java"]
for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
    title, sample, scores = line.split("|")
    session = onnxruntime.InferenceSession(f"{title}.onnx")
    x = np.float32([[float(number) for number in sample.split(",")]])
    result = session.run(None, {session.get_inputs()[0].name: x})[0][0]
    print(f"{title}, {sample}:{scores} | {' '.join(f'{number:.2f}' for number in result)}")
PROGRAM

expected='L2R_LR-2, 1.0,3.0: 0.87 0.13 | 0.98 0.02
L2R_LR-2, 4.0,2.0: 0.49 0.51 | 0.49 0.51
L2R_LR-2, 6.0,3.0: 0.38 0.62 | 0.27 0.73
L1R_LR-2, 1.0,3.0: 0.78 0.22 | 0.93 0.07
L1R_LR-2, 4.0,2.0: 0.46 0.54 | 0.43 0.57
L1R_LR-2, 6.0,3.0: 0.35 0.65 | 0.23 0.77
L2R_L2LOSS_SVC-2, 1.0,3.0: 1.23 -1.23 | 1.23 -1.23
L2R_L2LOSS_SVC-2, 4.0,2.0: 0.10 -0.10 | 0.10 -0.10
L2R_L2LOSS_SVC-2, 6.0,3.0: -0.50 0.50 | -0.50 0.50
Tribuo'\''s-2, 1.0,3.0: 1.00 0.00 | 1.00 0.00
Tribuo'\''s-2, 4.0,2.0: 0.89 0.11 | 0.89 0.11
Tribuo'\''s-2, 6.0,3.0: 0.81 0.19 | 0.81 0.19
L2R_LR-3, 1.0,3.0: 0.73 0.15 0.12 | 0.94 0.03 0.02
L2R_LR-3, 4.0,2.0: 0.22 0.32 0.46 | 0.18 0.29 0.52
L2R_LR-3, 6.0,3.0: 0.11 0.25 0.64 | 0.08 0.18 0.74
L1R_LR-3, 1.0,3.0: 0.64 0.18 0.18 | 0.89 0.05 0.06
L1R_LR-3, 4.0,2.0: 0.21 0.33 0.46 | 0.17 0.30 0.53
L1R_LR-3, 6.0,3.0: 0.12 0.25 0.63 | 0.07 0.17 0.76
L2R_L2LOSS_SVC-3, 1.0,3.0: 1.79 -0.76 -1.18 | 1.79 -0.76 -1.18
L2R_L2LOSS_SVC-3, 4.0,2.0: -0.68 -0.48 -0.32 | -0.68 -0.48 -0.32
L2R_L2LOSS_SVC-3, 6.0,3.0: -1.19 -0.79 0.27 | -1.19 -0.79 0.27
Tribuo'\''s-3, 1.0,3.0: 0.98 0.01 0.00 | 0.98 0.01 0.00
Tribuo'\''s-3, 4.0,2.0: 0.26 0.50 0.24 | 0.26 0.50 0.24
Tribuo'\''s-3, 6.0,3.0: 0.13 0.40 0.48 | 0.13 0.40 0.48'
seen=$(ORT_DISABLE_TELEMETRY=1 PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
