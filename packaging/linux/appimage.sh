#!/bin/sh
# Makes an AppImage of the program: one file that is started as it is.
#
#     packaging/linux/appimage.sh RUNTIME
#
# RUNTIME is the program that such a file begins with, `runtime-x86_64` of the project type2-runtime
# of AppImage. It is in no package; the release workflow fetches it. Where it cannot be had, all but
# the last step can be run. Needs mksquashfs (Debian: squashfs-tools).
set -eu

runtime=$1
cd "$(dirname -- "$0")/../.."
build=build/package

.venv-package/bin/python packaging/build.py appdir
version=$(cat "$build/appimage.version")
made=dist/Chatelaine-$version-$(uname -m).AppImage
mkdir -p dist
mksquashfs "$build/appimage" "$build/appimage.squashfs" -noappend -quiet -no-progress \
	-comp zstd -root-owned
cat "$runtime" "$build/appimage.squashfs" >"$made"
chmod +x "$made"
echo "$made"
