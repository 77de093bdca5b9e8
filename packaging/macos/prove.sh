#!/bin/sh
# Proves a disk image: copies the application out of it, has it test itself, and removes it.
#
#     packaging/macos/prove.sh IMAGE.dmg REPORT
set -eu

image=$1
report=$2
work=$(mktemp -d)
volume=$work/volume

trap 'hdiutil detach -quiet "$volume" || true; rm -rf "$work"' EXIT

hdiutil attach -quiet -nobrowse -readonly -mountpoint "$volume" "$image"
set -- "$volume"/*.app
if [ "$#" -ne 1 ] || [ ! -d "$1" ]; then
	echo "There is not one application in $image." >&2
	exit 1
fi
application=$work/$(basename "$1")
ditto "$1" "$application"
program=$(plutil -extract CFBundleExecutable raw "$application/Contents/Info.plist")
for key in CFBundleURLTypes CFBundleDocumentTypes UTExportedTypeDeclarations; do
	plutil -extract "$key" xml1 -o - "$application/Contents/Info.plist" >/dev/null
done
code=0
"$application/Contents/MacOS/$program" --self-test --report "$report" || code=$?
cat "$report"
exit "$code"
