#!/usr/bin/env bash
# tribuo-util-infotheory 4.3.2 (information theory in Java, by Oracle): a G-test multiplies by 1.44 and takes the number
# of combinations for the degrees of freedom, so independent features seem dependent and dependent ones independent.
#
# G is twice the number of samples times the mutual information in nats, and has a chi-squared distribution of
# (rows - 1) * (columns - 1) degrees of freedom. gTest takes the mutual information in the unit of LOG_BASE, which is
# bits unless changed, and the number of the different pairs that occur. So two features of two values have 4 degrees of
# freedom instead of 1, and a dependency is not seen; of many values the two numbers are alike, so the factor of 1.44
# decides, and features seem dependent that are not. The documentation says neither. The mutual information is right.
#
# Expected: G, degrees of freedom and probability in parentheses, as SciPy 1.17.1 has them: the probability of a lower G
# if both are independent.
# What helps: InformationTheory.LOG_BASE = InformationTheory.LOG_E for G, and one's own degrees of freedom.
# Needs Java 17 or newer, Maven, and Python 3 with pip, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target packages \
  scipy==1.17.1 numpy==2.4.6
cat >pom.xml <<'EOF'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId>
  <artifactId>finding</artifactId>
  <version>0</version>
  <dependencies>
    <dependency>
      <groupId>org.tribuo</groupId>
      <artifactId>tribuo-util-infotheory</artifactId>
      <version>4.3.2</version>
    </dependency>
  </dependencies>
</project>
EOF
mvn --quiet --batch-mode "-Dmaven.repo.local=$folder/repository" \
  org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies >log 2>&1 || { cat log; exit 1; }

cat >Program.java <<'EOF'
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.logging.LogManager;
import org.tribuo.util.infotheory.InformationTheory;

// Tests tables of counts, whose rows are separated by semicolons.
public class Program {
  public static void main(String[] tables) {
    LogManager.getLogManager().reset();
    for (String table : tables) {
      List<Integer> x = new ArrayList<>(), y = new ArrayList<>();
      String[] rows = table.split(";");
      for (int row = 0; row < rows.length; row++) {
        String[] counts = rows[row].split(",");
        for (int column = 0; column < counts.length; column++)
          for (int i = 0; i < Integer.parseInt(counts[column]); i++) {
            x.add(row);
            y.add(column);
          }
      }
      var test = InformationTheory.gTest(x, y, null);
      System.out.printf(Locale.ROOT, "%.3f, %d, %.3f%n", test.gStatistic, test.numStates, test.probability);
    }
  }
}
EOF

cat >program.py <<'PROGRAM'
import subprocess

from scipy.stats import chi2_contingency

def pattern(size):
    span = range(size)
    return [[5 + (row * row + 3 * column * column + row * column) % 13 for column in span] for row in span]


tables = {
    "2 x 2": [[30, 20], [20, 30]],
    "2 x 2, stronger": [[33, 17], [17, 33]],
    "2 x 2, independent": [[25, 25], [25, 25]],
    "2 x 3": [[18, 8, 10], [8, 12, 14]],
    "10 x 10": pattern(10),
    "20 x 20": pattern(20),
}
operands = [";".join(",".join(map(str, row)) for row in counts) for counts in tables.values()]
command = ["java", "-cp", "target/dependency/*", "Program.java", *operands]
lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
for (title, counts), line in zip(tables.items(), lines, strict=True):
    test = chi2_contingency(counts, correction=False, lambda_="log-likelihood")
    print(f"{title}: {line} ({test.statistic:.3f}, {test.dof}, {1 - test.pvalue:.3f})")
PROGRAM

expected='2 x 2: 5.810, 4, 0.786 (4.027, 1, 0.955)
2 x 2, stronger: 15.036, 4, 0.995 (10.422, 1, 0.999)
2 x 2, independent: 0.000, 4, 0.000 (0.000, 1, 0.000)
2 x 3: 7.740, 6, 0.742 (5.365, 2, 0.932)
10 x 10: 125.102, 100, 0.955 (86.714, 81, 0.688)
20 x 20: 544.342, 400, 1.000 (377.309, 361, 0.733)'
seen=$(PYTHONPATH=packages python3 program.py)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
