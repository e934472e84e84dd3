#!/usr/bin/env bash
# Compiles the guest's C and links everything into one module:
# link.sh TOOLCHAIN LIBRARIES CPYTHON STDLIB LIBFFI_SOURCE FOLDER [FINAL]
#
# FOLDER/python.wasm imports what imports.txt lists, and nothing else.
set -euo pipefail
toolchain=$1 libraries=$2 cpython=$3 stdlib=$4 libffi=$5 folder=$6
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
guest=$here/../guest
cd "$folder"

# guest/heap.c includes this one file of libffi.
tar -xf "$libffi"/libffi_*.orig.tar.gz --strip-components=2 --wildcards '*/src/dlmalloc.c'

flags=(-std=c23 -O3 -flto=full -fwrapv -DNDEBUG -D_WASI_EMULATED_SIGNAL -Wall -Wextra -Werror -Wno-unused-parameter
	-I"$cpython/include" -I"$cpython/include/internal" -I"$guest" -I.)
own_flags() {
	case $1 in
	bytes) echo -msimd128 -fno-builtin -fno-lto -D_GNU_SOURCE ;;
	esac
}
for unit in "$guest"/*.c; do
	name=$(basename "$unit" .c)
	# shellcheck disable=SC2046 # several words are meant
	"$toolchain/bin/cc" "${flags[@]}" $(own_flags "$name") -c "$unit" -o "$name.o"
done

# The compiler's driver would add a start file that exports _initialize, and has no way to say which definition of a
# function of libc counts (guest/wasi_libc.c replaces some). So it only tells which archives make up the C library
# (it makes them when they are asked for), and the linker is called here.
echo 'int nothing;' >nothing.c
mapfile -t libc < <("$toolchain/bin/cc" -mexec-model=reactor -O3 -flto=full -s nothing.c -o nothing.wasm --verbose \
	-lwasi-emulated-signal -lwasi-emulated-getpid -lwasi-emulated-process-clocks 2>&1 |
	sed -n 's/^wasm-ld //p' | tr ' ' '\n' | grep '\.a$')

# --stack-first: the stack lies below everything else, so that running out of it is a trap. The first definition of a
# function counts. CPython calls Py_Exit when a script ends in an unusual place (guest/driver.c).
"$toolchain/bin/wasm-ld" -O3 --lto-O3 --strip-all --build-id=none --no-entry --export-memory --stack-first \
	-z stack-size=8388608 --allow-multiple-definition --wrap=Py_Exit -o python.wasm \
	./*.o "$stdlib"/*.o "$cpython"/lib/*.a "$libraries"/lib/*.a "${libc[@]}"
rm -f ./*.o nothing.* dlmalloc.c
