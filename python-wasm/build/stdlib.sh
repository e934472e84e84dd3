#!/usr/bin/env bash
# Turns the standard library, the time zones and the guest's own Python into object files:
# stdlib.sh TOOLCHAIN NATIVE CPYTHON TZDATA_FOLDER FOLDER [FINAL]
set -euo pipefail
toolchain=$1 native=$2 cpython=$3 tzdata=$4 folder=$5
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
stdlib=$here/../stdlib

python3 -m zipfile -e "$tzdata"/tzdata-*.whl "$folder/tzdata"
PYTHONHASHSEED=0 "$native/bin/python3.13" "$stdlib/freeze.py" --lib "$cpython/Lib" \
	--zoneinfo "$folder/tzdata/tzdata/zoneinfo" --out "$folder" --hidden "$stdlib"/_cloud_*.py

for unit in frozen static; do
	"$toolchain/bin/cc" -std=c23 -O3 -I"$cpython/include" -I"$here/../guest" -c "$folder/$unit.c" -o "$folder/$unit.o"
	rm "$folder/$unit.bin" "$folder/$unit.c"
done
rm -rf "$folder/tzdata"
