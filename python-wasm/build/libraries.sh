#!/usr/bin/env bash
# Compiles zlib, bzip2, liblzma and sqlite for the guest:
# libraries.sh TOOLCHAIN ZLIB_FOLDER BZIP2_FOLDER XZ_FOLDER SQLITE_FOLDER FOLDER [FINAL]
#
# FOLDER gets include/ and lib/.
set -euo pipefail
toolchain=$1 zlib=$2 bzip2=$3 xz=$4 sqlite=$5 folder=$6
cc=$toolchain/bin/cc
flags=(-O3 -fwrapv -DNDEBUG)
mkdir "$folder/include" "$folder/lib" "$folder/source"

unpack() {
	mkdir "$folder/source/$2"
	tar -xf "$1"/*.orig.tar.* -C "$folder/source/$2" --strip-components=1
	cd "$folder/source/$2"
}

# archive NAME FLAG... -- FILE...: compiles the files of the current folder into lib/libNAME.a
archive() {
	local name=$1 own=()
	shift
	while [[ $1 != -- ]]; do
		own+=("$1")
		shift
	done
	shift
	printf '%s\n' "$@" | xargs -P "$CLOUD_PYTHON_JOBS" -I{} "$cc" "${flags[@]}" "${own[@]}" -c {}.c -o {}.o
	"$toolchain/bin/ar" rcs "$folder/lib/lib$name.a" "${@/%/.o}"
}

unpack "$zlib" zlib
archive z -DHAVE_UNISTD_H -- adler32 crc32 deflate infback inffast inflate inftrees trees zutil compress uncompr
cp zlib.h zconf.h "$folder/include"

unpack "$bzip2" bzip2
archive bz2 -D_FILE_OFFSET_BITS=64 -- blocksort huffman crctable randtable compress decompress bzlib
cp bzlib.h "$folder/include"

unpack "$xz" xz
./configure -q --host=wasm32-wasi CC="$cc" AR="$toolchain/bin/ar" RANLIB="$toolchain/bin/ranlib" CFLAGS="${flags[*]}" \
	--disable-threads --disable-shared --disable-xz --disable-xzdec --disable-lzmadec --disable-lzmainfo \
	--disable-scripts --disable-doc --disable-nls
make -s -j"$CLOUD_PYTHON_JOBS" -C src/liblzma
cp src/liblzma/.libs/liblzma.a "$folder/lib"
cp -r src/liblzma/api/lzma.h src/liblzma/api/lzma "$folder/include"

# Debian ships sqlite's source tree; the one big file is made from it, with a tool compiled for this machine. For WASI it
# would lock with files of its own; guest/wasi_libc.c has the locks of POSIX.
unpack "$sqlite" sqlite
./configure
make -s sqlite3.c sqlite3.h
archive sqlite3 -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_WAL -DSQLITE_MAX_MMAP_SIZE=0 \
	-DSQLITE_TEMP_STORE=3 -DSQLITE_DEFAULT_MEMSTATUS=0 -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_ENABLE_FTS5 \
	-DSQLITE_DEFAULT_UNIX_VFS='"unix"' -DSQLITE_ENABLE_RTREE -DSQLITE_ENABLE_COLUMN_METADATA -DSQLITE_ENABLE_DBSTAT_VTAB -- sqlite3
cp sqlite3.h "$folder/include"

rm -rf "$folder/source"
