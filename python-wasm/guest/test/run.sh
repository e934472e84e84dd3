#!/bin/sh
# Builds and runs the tests of the in-guest filesystem natively, with sanitizers: about half a minute, gcc only.
# SECONDS_EACH=600 test/run.sh searches longer. With a zig at hand (ZIG="python3 -m ziglang") and node, a libc program is
# also linked for wasm32-wasi, to see that no WASI import remains and that libc gets along.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
guest=$(dirname "$here")
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
seconds=${SECONDS_EACH:-6}
guest_sources="$guest/memfs.c $guest/memfs_node.c $guest/memfs_dir.c $guest/memfs_file.c $guest/memfs_path.c
	$guest/memfs_name.c $guest/wasi.c $guest/wasi_io.c $guest/wasi_path.c $guest/wasi_poll.c $guest/wasi_misc.c"
sources="$guest_sources $here/fake_host.c"
flags="-std=c11 -g -O1 -Wall -Wextra -Wconversion -Wshadow -Wno-sign-conversion -Wno-attributes -Werror
	-fsanitize=address,undefined -fno-sanitize-recover=undefined"
wrap="-Wl,--wrap=malloc,--wrap=realloc,--wrap=free"
failed=0
not_run=

run() { # program and arguments; exit code 2 means that it cannot be run here
	echo "== $*"
	code=0
	"$@" || code=$?
	case $code in
	0) ;;
	2) not_run="$not_run ${1##*/}" ;;
	*) echo "== FAILED ($code): $*"; failed=1 ;;
	esac
}

echo "== building"
gcc $flags -o "$build/unit" "$here/unit.c" $sources
gcc $flags -o "$build/fuzz" "$here/fuzz.c" "$here/op.c" $sources
gcc $flags $wrap -o "$build/nomem" "$here/nomem.c" "$here/op.c" "$here/blocks.c" $sources
gcc $flags $wrap -o "$build/property" "$here/property.c" "$here/op.c" "$here/op_real.c" "$here/blocks.c" $sources

run "$build/unit"
run "$build/nomem" "$seconds"
run "$build/fuzz" "$seconds"
# Its root is a directory without /proc, which the leak checker wants; it counts blocks itself.
ASAN_OPTIONS=detect_leaks=0 run "$build/property" "$seconds"

if [ -n "${ZIG:-}" ] && command -v node >/dev/null; then
	# The compiler's driver has no way to say that our functions go before those of libc: it only tells where libc is.
	cd "$build"
	echo 'int nothing;' >nothing.c
	libc=$($ZIG cc -target wasm32-wasi -mexec-model=reactor -O1 --verbose nothing.c -o nothing.wasm 2>&1 |
		sed -n 's/^wasm-ld //p' | tr ' ' '\n' | grep '\.a$')
	for unit in $guest_sources "$guest/wasi_libc.c" "$here/libc.c"; do
		$ZIG cc -target wasm32-wasi -O1 -Wall -Wextra -Werror -I"$guest" -c "$unit" -o "$(basename "$unit").o"
	done
	$ZIG wasm-ld --no-entry --export-memory --allow-multiple-definition --stack-first -z stack-size=1048576 \
		--max-memory=67108864 -o libc.wasm ./*.c.o $libc
	run node "$here/libc.mjs" "$build/libc.wasm"
else
	not_run="$not_run libc"
fi
[ -z "$not_run" ] || echo "== NOT RUN:$not_run"
exit $failed
