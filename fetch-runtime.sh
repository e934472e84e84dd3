#!/usr/bin/env bash
# Gets the runtime image: CPython as WebAssembly, started, warmed up and frozen in that state. Safe to run twice.
#
# Builds it from source by default. Everything downloaded is pinned by its SHA-256 (python-wasm/build/pins.txt), and
# every step is kept in a cache outside the checkout under the hash of what went into it, so a second run does nothing
# and a changed file repeats only what depends on it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
here=$root/python-wasm/build
source "$here/common.sh"

usage() {
	cat <<-'EOF'
		Usage: ./fetch-runtime.sh [--jobs N]
		       ./fetch-runtime.sh --from FILE [--sha256 HEX]

		Puts the runtime image into the cache:
		    runtime/python.wasm, python.wasm.sha256, about.json
		    native/bin/python3.13     the same CPython for this machine, for benchmarks

		  --from FILE    take this ready-made image instead of building one; its SHA-256 must be
		                 given, or stand in FILE.sha256 beside it
		  --sha256 HEX   what the SHA-256 of FILE must be
		  --jobs N       compile N files at a time (default: the number of processors)

		Environment:
		  CLOUD_PYTHON_CACHE          the cache (default: ${XDG_CACHE_HOME:-~/.cache}/cloud-python)
		  CLOUD_PYTHON_BIN            the cloud-python program to use (default: build it with cargo)
		  CLOUD_PYTHON_DEBIAN_MIRROR  where to get Debian's sources (default: what apt uses here)
	EOF
}

read_arguments() {
	from='' expected='' CLOUD_PYTHON_JOBS=$(nproc)
	while (($# > 0)); do
		case $1 in
		--from) from=${2:?--from needs a file} && shift 2 ;;
		--sha256) expected=${2:?--sha256 needs 64 hexadecimal digits} && shift 2 ;;
		--jobs) CLOUD_PYTHON_JOBS=${2:?--jobs needs a number} && shift 2 ;;
		-h | --help) usage && exit ;;
		*) fail "unknown argument $1 (see --help)" ;;
		esac
	done
	[[ -z $expected || -n $from ]] || fail "--sha256 goes with --from"
	[[ $CLOUD_PYTHON_JOBS =~ ^[1-9][0-9]*$ ]] || fail "--jobs needs a number"
}

open_cache() {
	CLOUD_PYTHON_CACHE=${CLOUD_PYTHON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cloud-python}
	mkdir -p -m 0700 -- "$CLOUD_PYTHON_CACHE"
	chmod 0700 -- "$CLOUD_PYTHON_CACHE"
	CLOUD_PYTHON_CACHE=$(cd "$CLOUD_PYTHON_CACHE" && pwd)
	CLOUD_PYTHON_WORK=$CLOUD_PYTHON_CACHE/unfinished
	export CLOUD_PYTHON_CACHE CLOUD_PYTHON_WORK CLOUD_PYTHON_JOBS
	work=$CLOUD_PYTHON_WORK steps=$CLOUD_PYTHON_CACHE/steps logs=$CLOUD_PYTHON_CACHE/logs
	mkdir -p -- "$steps" "$logs" "$CLOUD_PYTHON_CACHE/runtime"
	exec 9>"$CLOUD_PYTHON_CACHE/lock"
	flock -n 9 || fail "another fetch-runtime.sh is at work in $CLOUD_PYTHON_CACHE"
	rm -rf -- "$work"
	mkdir -p -- "$work"
	trap stop EXIT
}

stop() {
	stop_running
	rm -rf -- "$work"
}

# What the build needs from the system. Libraries for the native python only, so that it has the same modules.
packages=(gcc make patch xz-utils python3 python3-pip debian-archive-keyring
	zlib1g-dev libbz2-dev liblzma-dev libsqlite3-dev libffi-dev libssl-dev)

before_work() {
	[[ -z ${packages_checked:-} ]] || return 0
	packages_checked=yes
	local missing=()
	command -v apt-get >/dev/null || fail "the sources come through apt; on other systems use --from"
	mapfile -t missing < <(comm -23 <(printf '%s\n' "${packages[@]}" | sort) \
		<(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u))
	python3 -m pip --version >/dev/null 2>&1 && missing=("${missing[@]/#python3-pip/}")
	read -ra missing <<<"${missing[*]}"
	((${#missing[@]} == 0)) && return 0
	local install=(apt-get install -y --no-install-recommends "${missing[@]}")
	if ((EUID == 0)); then
		with_progress "Installing ${missing[*]}" "$logs/packages.log" env DEBIAN_FRONTEND=noninteractive "${install[@]}"
	elif sudo -n true 2>/dev/null; then
		with_progress "Installing ${missing[*]}" "$logs/packages.log" sudo -n "${install[@]}"
	else
		fail "packages are missing; install them with: sudo ${install[*]}"
	fi
}

# One download per name in pins.txt; its folder lands in the variable of the same name.
download() {
	step "source-$2" "Downloading $2" "$here/sources.sh" "$2" -- "$(grep -E "^$2[[:space:]]" "$here/pins.txt")"
	printf -v "$1" %s "$done"
}

build_module() {
	local tarball zlib bzip2 xz sqlite libffi compiler tzdata toolchain native libraries cpython stdlib
	number=0 total=15
	download tarball python3.13
	download zlib zlib
	download bzip2 bzip2
	download xz xz-utils
	download sqlite sqlite3
	download libffi libffi
	download compiler ziglang
	download tzdata tzdata
	step toolchain "Unpacking the compiler" "$here/toolchain.sh" "$compiler" -- "$here/toolchain.sh"
	toolchain=$done
	python_version=$(<"$tarball/version") compiler_version=$(<"$compiler/version")
	step native "Building CPython $python_version for this machine" "$here/native.sh" "$tarball" -- "$here/native.sh"
	native=$done
	step libraries "Compiling zlib, bzip2, liblzma and sqlite" "$here/libraries.sh" \
		"$toolchain" "$zlib" "$bzip2" "$xz" "$sqlite" -- "$here/libraries.sh"
	libraries=$done
	step cpython "Compiling CPython $python_version for WebAssembly" "$here/cpython.sh" \
		"$toolchain" "$native" "$libraries" "$tarball" -- \
		"$here/cpython.sh" "$here/config.site" "$root/python-wasm/patches"
	cpython=$done
	step stdlib "Freezing the standard library" "$here/stdlib.sh" "$toolchain" "$native" "$cpython" "$tzdata" -- \
		"$here/stdlib.sh" "$root/python-wasm/stdlib" "$root/python-wasm/guest/memfs.h"
	stdlib=$done
	step module "Linking" "$here/link.sh" "$toolchain" "$libraries" "$cpython" "$stdlib" "$libffi" -- \
		"$here/link.sh" "$root"/python-wasm/guest/*.[ch]
	module=$done/python.wasm
	ln -sfnT -- "$native" "$CLOUD_PYTHON_CACHE/native"
}

# The project's own program makes the snapshot and compiles it: it knows which wasmtime will run it.
program=${CLOUD_PYTHON_BIN:-${CARGO_TARGET_DIR:-$root/target}/release/cloud-python}

build_program() {
	[[ -n ${CLOUD_PYTHON_BIN:-} ]] ||
		with_progress "Building cloud-python" "$logs/program.log" \
			cargo build --release --locked --manifest-path "$root/Cargo.toml"
}

# A step: make_snapshot MODULE FOLDER FINAL
make_snapshot() {
	build_program
	"$program" image snapshot "$1" "$2/python.wasm"
}

build_image() {
	local wasmtime
	build_module
	wasmtime=$(grep -A 1 '^name = "wasmtime"$' "$root/Cargo.lock" | tail -n 1)
	step image "Making the snapshot" make_snapshot "$module" -- "$wasmtime"
	publish "$done/python.wasm" "$python_version" "built from source" "$compiler_version"
}

prepare_image() {
	[[ -x $program ]] || build_program
	"$program" image prepare
}

take_image() {
	local hash
	[[ -f $from ]] || fail "$from: no such file"
	if [[ -z $expected ]]; then
		[[ -f $from.sha256 ]] || fail "--from needs --sha256 HEX, or the file $from.sha256"
		read -r expected _ <"$from.sha256"
	fi
	[[ $expected =~ ^[0-9a-fA-F]{64}$ ]] || fail "not a SHA-256: $expected"
	hash=$(sha256 "$from")
	[[ $hash == "${expected,,}" ]] || fail "$from has the SHA-256 $hash, not $expected"
	publish "$from" unknown "$(basename "$from")" unknown
}

# Puts the image where the server looks for it. The image comes last: who finds a new image finds its hash.
publish() {
	local runtime=$CLOUD_PYTHON_CACHE/runtime hash
	hash=$(sha256 "$1")
	# The image itself, not the hash beside it: an earlier run may have ended between the two.
	if [[ -f $runtime/python.wasm && -f $runtime/about.json && $(sha256 "$runtime/python.wasm") == "$hash" ]] &&
		grep -qs "^$hash " "$runtime/python.wasm.sha256"; then
		printf 'The runtime image is up to date: %s\n' "$runtime/python.wasm" >&2
		return
	fi
	cp -- "$1" "$work/python.wasm"
	printf '%s  python.wasm\n' "$hash" >"$work/python.wasm.sha256"
	printf '{"python": "%s", "source": "%s", "ziglang": "%s", "sha256": "%s"}\n' "$2" "$3" "$4" "$hash" >"$work/about.json"
	mv -- "$work/about.json" "$work/python.wasm.sha256" "$work/python.wasm" "$runtime"
	printf 'Runtime image ready: CPython %s, %s\n' "$2" "$runtime/python.wasm" >&2
}

read_arguments "$@"
open_cache
if [[ -n $from ]]; then
	take_image
else
	build_image
fi
prepare_image
