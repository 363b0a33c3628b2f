#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes asgo4j, its benchmarks and a Java runtime for them into one folder, which runs on a machine with nothing but
# Linux: after `mvn -DskipTests package`, bench/image.sh [FOLDER]. With a JDK 25 in JAVA_HOME, or on the PATH.
#
#   FOLDER/bin/asgo4j doctor                 what can be used there
#   FOLDER/bin/asgo4j-bench StepBench -f 1   JMH, with its options
#   FOLDER/bin/asgo4j-gpu-bench block        steps on a GPU and their floor; beside it published_step.py for PyTorch's
set -eu
limit=60000000 # bytes that are carried to a GPU machine; a larger image is an error

cd "$(dirname "$0")/.."
image=${1:-target/image}
jlink=${JAVA_HOME:+$JAVA_HOME/bin/}jlink
jar=${JAVA_HOME:+$JAVA_HOME/bin/}jar

fail() {
    echo "image.sh: $1" >&2
    exit 1
}

case $("$jlink" --version 2>&1) in
    2[5-9]* | [3-9][0-9]*) ;;
    *) fail "needs the jlink of a JDK 25 or newer, got $("$jlink" --version 2>&1 | head -n 1): set JAVA_HOME" ;;
esac
[ -d target/asgo4j/lib ] || fail "no target/asgo4j: run mvn -DskipTests package first"
[ -f target/test-classes/META-INF/BenchmarkList ] || fail "no benchmarks in target/test-classes: run mvn package first"

# XChart stays behind: with java.desktop it is 20 MB, and without it a run says in its log that it draws no plot.
# What follows jdk.incubator.vector is JMH's.
rm -rf "$image"
mkdir -p "$image/lib"
"$jlink" --add-modules java.base,jdk.jfr,jdk.incubator.vector,java.logging,java.management,jdk.unsupported \
    --vm server --strip-debug --no-header-files --no-man-pages --compress zip-9 --output "$image/runtime"
if command -v strip > /dev/null; then strip --strip-unneeded "$image/runtime/lib/server/libjvm.so"; fi
cp -R target/asgo4j/bin target/asgo4j/corpus target/asgo4j/LICENSE "$image"
cp target/asgo4j/lib/asgo4j-*.jar target/asgo4j/lib/picocli-*.jar "$image/lib"

# Of OpenBLAS's jar the libraries that are loaded: two thirds of it are JNI's, for JavaCPP.
unpacked=$(mktemp -d)
trap 'rm -rf "$unpacked"' EXIT
for openblas in "$PWD"/target/asgo4j/lib/openblas-*.jar; do
    (cd "$unpacked" && "$jar" --extract --file "$openblas")
    find "$unpacked" -name '*jni*' -prune -exec rm -rf {} +
    find "$unpacked" -name include -prune -exec rm -rf {} +
    "$jar" --create --file "$image/lib/$(basename "$openblas")" -C "$unpacked" org
done

class_path=$unpacked/class-path
mvn -q -B dependency:build-classpath -DincludeScope=test -Dmdep.outputFile="$class_path"
tr ':' '\n' < "$class_path" | grep -E '/(jmh-core|jopt-simple|commons-math3)-[^/]*\.jar$' | while read -r file; do
    cp "$file" "$image/lib"
done
cp -R target/test-classes "$unpacked/benchmarks"
rm -rf "$unpacked/benchmarks/golden"
find "$unpacked/benchmarks" -name '*Test*.class' ! -path '*/jmh_generated/*' -exec rm -f {} +
"$jar" --create --file "$image/lib/benchmarks.jar" -C "$unpacked/benchmarks" .
cat > "$image/bin/asgo4j-bench" <<'END'
#!/bin/sh
# Runs JMH on the benchmarks of this image: asgo4j-bench REGEX -f 1 ...
home=$(cd "$(dirname "$0")/.." && pwd)
exec "$home/runtime/bin/java" --class-path "$home/lib/*" --add-modules jdk.incubator.vector \
    --enable-native-access=ALL-UNNAMED -Djava.awt.headless=true org.openjdk.jmh.Main "$@"
END
sed -e '2s/.*/# Steps on a GPU, and their floor: asgo4j-gpu-bench SET [ROUNDS]/' \
    -e "s/ -Djava.awt.headless=true org.openjdk.jmh.Main/ \$ASGO4J_OPTS org.asgo4j.bench.GpuComparison/" \
    "$image/bin/asgo4j-bench" > "$image/bin/asgo4j-gpu-bench"
chmod +x "$image/bin/asgo4j-bench" "$image/bin/asgo4j-gpu-bench"
cp bench/gpu/published_step.py "$image/bin"

size=$(find "$image" -type f -exec wc -c {} + | awk '$2 != "total" { sum += $1 } END { print sum }')
echo "$image: $size bytes"
[ "$size" -le "$limit" ] || fail "the image must not be larger than $limit bytes"
