#!/usr/bin/env bash
# Builds CPython for this machine, unpatched: native.sh SOURCE_FOLDER FOLDER FINAL
#
# It compiles the standard library for the guest, runs the cross build's helpers, and is what the benchmarks compare
# the guest with. Optimised like the guest, without profile feedback and link-time optimisation, which few people's
# python has.
set -euo pipefail
sources=$1 folder=$2 final=$3

mkdir "$folder/source" "$folder/build"
tar -xf "$sources"/python3.13_*.orig.tar.xz -C "$folder/source" --strip-components=1
cd "$folder/build"
../source/configure -q --prefix="$final" --without-ensurepip --disable-test-modules OPT="-DNDEBUG -fwrapv -O3"
make -s -j"$CLOUD_PYTHON_JOBS"
make -s install DESTDIR="$folder/stage"
cd "$folder"
mv "stage$final"/* .
rm -rf source build stage
