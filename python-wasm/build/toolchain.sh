#!/usr/bin/env bash
# Unpacks the compiler: toolchain.sh WHEEL_FOLDER FOLDER [FINAL]
#
# FOLDER/bin gets cc, c++, ar and ranlib for the guest, as configure scripts expect them. The compiler keeps its own
# cache (it compiles the C library at first use) below CLOUD_PYTHON_CACHE.
set -euo pipefail
wheels=$1 folder=$2

python3 -m zipfile -e "$wheels"/ziglang-*.whl "$folder"
chmod +x "$folder/ziglang/zig"
mkdir "$folder/bin"

tool() {
	cat >"$folder/bin/$1" <<-EOF
		#!/bin/sh
		export ZIG_GLOBAL_CACHE_DIR="\$CLOUD_PYTHON_CACHE/zig" ZIG_LOCAL_CACHE_DIR="\$CLOUD_PYTHON_CACHE/zig"
		exec "\${0%/*}/../ziglang/zig" $2 "\$@"
	EOF
	chmod +x "$folder/bin/$1"
}

tool cc "cc -target wasm32-wasi -fno-sanitize=undefined"
tool c++ "c++ -target wasm32-wasi -fno-sanitize=undefined"
tool ar ar
tool ranlib ranlib
tool wasm-ld wasm-ld
