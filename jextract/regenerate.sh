#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes generated/ anew from the umbrella headers and the symbol lists in this folder.
#   jextract/regenerate.sh [FOLDER]     FOLDER is where to write (default: jextract/generated)
# Needs a jextract (the variable JEXTRACT, else the one on the PATH) and Maven, which brings the headers: see README.md.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/generated}
jextract=${JEXTRACT:-jextract}
command -v "$jextract" >/dev/null || { echo "regenerate.sh: no jextract: set JEXTRACT or put it on the PATH" >&2; exit 2; }
version=$(sed -n 's:.*<openblas.version>\(.*\)</openblas.version>.*:\1:p' "$here/../pom.xml")
headers=$(mktemp -d)
trap 'rm -rf "$headers"' EXIT
mvn -q -f "$here/headers.xml" dependency:unpack -Dopenblas.version="$version" -Dheaders="$headers"
include=$headers/org/bytedeco/openblas/linux-x86_64/include

rm -rf "$out/org/asgo4j/bindings"
mkdir -p "$out"
cd "$here" # the @ files are read from the current folder
generate() { # package, class, header, symbols
    "$jextract" -I "$include" --output "$out" -t "org.asgo4j.bindings.$1" --header-class-name "$2" "@$4" "$3"
}
generate blas Blas blas.h blas.symbols
generate blas OpenBlas openblas.h openblas.symbols
generate blas Mkl mkl.h mkl.symbols
generate cuda Cuda cuda.h cuda.symbols
cd "$out"
find org -name '*.java' | LC_ALL=C sort | xargs sha256sum > SHA256SUMS
