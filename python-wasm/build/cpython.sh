#!/usr/bin/env bash
# Compiles CPython for the guest, as libraries that are linked later:
# cpython.sh TOOLCHAIN NATIVE LIBRARIES SOURCE_FOLDER FOLDER [FINAL]
#
# FOLDER gets lib/*.a (LLVM bitcode: the optimiser sees the whole program when it is linked), include/, and Lib/, the
# patched standard library with the module that describes this build.
set -euo pipefail
toolchain=$1 native=$2 libraries=$3 sources=$4 folder=$5
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

mkdir "$folder/source" "$folder/build" "$folder/lib"
tar -xf "$sources"/python3.13_*.orig.tar.xz -C "$folder/source" --strip-components=1
for patch in "$here"/../patches/*.patch; do
	patch -d "$folder/source" -p1 --no-backup-if-mismatch <"$patch"
done

# sys.version tells a date: that of the source, so that building again gives the same bytes.
SOURCE_DATE_EPOCH=$(stat -c %Y "$folder/source/README.rst")
export SOURCE_DATE_EPOCH

cd "$folder/build"
export CONFIG_SITE="$folder/source/Tools/wasm/config.site-wasm32-wasi $here/config.site"
export CC=$toolchain/bin/cc CXX=$toolchain/bin/c++ AR=$toolchain/bin/ar RANLIB=$toolchain/bin/ranlib
export CPP="$CC -E" PKG_CONFIG=/bin/false HOSTRUNNER=/bin/false

own_library() { # own_library PREFIX NAME
	export "$1_CFLAGS=-I$libraries/include" "$1_LIBS=-L$libraries/lib -l$2"
}
own_library ZLIB z
own_library BZIP2 bz2
own_library LIBLZMA lzma
own_library LIBSQLITE3 sqlite3

# SOCK_RAW: a name that socketmodule.c needs and this libc lacks.
export CPPFLAGS="-DSOCK_RAW=3 -Wno-date-time -Dchmod=guest_chmod -Dfchmod=guest_fchmod -Dfchmodat=guest_fchmodat"
../source/configure -q --host=wasm32-unknown-wasi --build="$(../source/config.guess)" \
	--with-build-python="$native/bin/python3.13" --with-pymalloc --without-ensurepip --disable-test-modules \
	--disable-ipv6 --with-builtin-hashlib-hashes=md5,sha1,sha2,sha3,blake2 \
	OPT="-DNDEBUG -fwrapv -O3" CFLAGS=-flto=full

archives=(libpython3.13.a Modules/_decimal/libmpdec/libmpdec.a Modules/expat/libexpat.a)
grep -q libHacl_Hash_SHA2.a Makefile && archives+=(Modules/_hacl/libHacl_Hash_SHA2.a)
make -s -j"$CLOUD_PYTHON_JOBS" "${archives[@]}" pybuilddir.txt
cp "${archives[@]}" "$folder/lib"

cd "$folder"
cp -r source/Include include
cp build/pyconfig.h include
mv source/Lib Lib
sed "s#$folder#/build#g; s#$toolchain#/toolchain#g; s#$native#/native#g; s#$libraries#/libraries#g" \
	build/"$(cat build/pybuilddir.txt)"/_sysconfigdata__wasi_wasm32-wasi.py >Lib/_sysconfigdata__wasi_wasm32-wasi.py
rm -rf source build
