#!/usr/bin/env bash
# fabric8's Kubernetes client 8.0.0 (Java): sums of quantities are not exact, so that two memory requests exceed a limit
# that they just fill, and a sum of whole bytes has fractions.
#
# Quantity.add and subtract write the result in the suffix of the first operand, with 16 digits: 1Gi and 1 are
# 1.000000000931323Gi, which is 0.0000005 bytes more than 1073741825. What is equal in Kubernetes is then not equal, and
# compareTo finds it larger or smaller. The API server warns that fractional bytes in a pod are invalid. With the
# operands the other way round, 100M and 1Gi, it is right. And Ei is 1152921504606847000 instead of 2^60, so that 1Ei is
# more than 1024Pi.
#
# Expected: the exact results in parentheses, as of add, sub and cmp in Kubernetes' own Quantity.
# What helps: adding the BigDecimals of getNumericalAmount(), which are exact below Ei, and comparing those.
# Needs Java 17 and Maven, instead of Node.js.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >pom.xml <<'EOF'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId>
  <artifactId>finding</artifactId>
  <version>0</version>
  <dependencies>
    <dependency>
      <groupId>io.fabric8</groupId>
      <artifactId>kubernetes-model-core</artifactId>
      <version>8.0.0</version>
    </dependency>
  </dependencies>
</project>
EOF
mvn --quiet --batch-mode "-Dmaven.repo.local=$folder/repository" \
  org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies >log 2>&1 || { cat log; exit 1; }

cat >Program.java <<'EOF'
import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;

public class Program {
  static BigDecimal number(String quantity) {
    return new Quantity(quantity).getNumericalAmount();
  }

  static String plain(BigDecimal number) {
    return number.stripTrailingZeros().toPlainString();
  }

  public static void main(String[] arguments) {
    for (String[] pair : new String[][] {
        {"1Gi", "1"}, {"1Gi", "100M"}, {"100M", "1Gi"}, {"3Gi", "1k"}, {"2Ti", "1M"}, {"1Gi", "512Mi"}, {"1", "250m"}}) {
      Quantity sum = new Quantity(pair[0]).add(new Quantity(pair[1]));
      BigDecimal exact = number(pair[0]).add(number(pair[1]));
      System.out.printf("%s + %s: %s, %s (%s), against a limit of that %d%n", pair[0], pair[1], sum,
          plain(sum.getNumericalAmount()), plain(exact), sum.compareTo(new Quantity(plain(exact))));
    }
    Quantity rest = new Quantity("1Gi").add(new Quantity("1")).subtract(new Quantity("1Gi"));
    System.out.printf("1Gi + 1 - 1Gi: %s, %s (1)%n", rest, plain(rest.getNumericalAmount()));
    System.out.printf("1Ei: %s (%s), against 1024Pi %d (0)%n", plain(number("1Ei")),
        plain(new BigDecimal(2).pow(60)), new Quantity("1Ei").compareTo(new Quantity("1024Pi")));
  }
}
EOF

expected='1Gi + 1: 1.000000000931323Gi, 1073741825.000000456753152 (1073741825), against a limit of that 1
1Gi + 100M: 1.093132257461548Gi, 1173741824.000000159383552 (1173741824), against a limit of that 1
100M + 1Gi: 1173.741824M, 1173741824 (1173741824), against a limit of that 0
3Gi + 1k: 3.000000931322575Gi, 3221226472.0000004128768 (3221226472), against a limit of that 1
2Ti + 1M: 2.000000909494702Ti, 2199024255552.000249668042752 (2199024255552), against a limit of that 1
1Gi + 512Mi: 1.5Gi, 1610612736 (1610612736), against a limit of that 0
1 + 250m: 1.25, 1.25 (1.25), against a limit of that 0
1Gi + 1 - 1Gi: 0.000000000931323Gi, 1.000000456753152 (1)
1Ei: 1152921504606847000 (1152921504606846976), against 1024Pi 1 (0)'
seen=$(java -cp 'target/dependency/*' Program.java 2>/dev/null)
echo "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed. It was:\n%s\n' "$expected"; exit 1; }
