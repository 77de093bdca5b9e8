#!/bin/sh
# Signs the application that PyInstaller has made, and packs it into a disk image.
#
#     packaging/macos/package.sh APPLICATION IMAGE.dmg
#
# SIGNING_IDENTITY   a "Developer ID Application" in the keychain; without one the application keeps
#                    the signature of nobody, and macOS asks before it opens it
# NOTARY_PROFILE     what `xcrun notarytool store-credentials` has kept; without one nothing is sent
#                    to Apple
set -eu

application=$1
image=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sign() {
	codesign --force --timestamp --options runtime --sign "$SIGNING_IDENTITY" "$@"
}

# From the inside out: a signature covers those within it.
sign_all() {
	find "$application/Contents" -type f >"$work/files"
	while IFS= read -r path; do
		case $(file --brief "$path") in
		Mach-O*) sign "$path" ;;
		esac
	done <"$work/files"
	find "$application/Contents" -type d -name '*.framework' >"$work/frameworks"
	while IFS= read -r path; do
		sign "$path"
	done <"$work/frameworks"
	sign --entitlements "$here/entitlements.plist" "$application"
}

if [ -n "${SIGNING_IDENTITY:-}" ]; then
	sign_all
else
	echo "No identity to sign with: only who opens the application by hand can start it."
fi
codesign --verify --deep --strict --verbose=2 "$application"
plutil -lint "$application/Contents/Info.plist"

mkdir "$work/image"
ditto "$application" "$work/image/$(basename "$application")"
ln -s /Applications "$work/image/Applications"
name=$(basename "$application" .app)
hdiutil create -volname "$name" -srcfolder "$work/image" -fs HFS+ -format UDZO -ov "$image"

if [ -n "${SIGNING_IDENTITY:-}" ]; then
	sign "$image"
fi
if [ -n "${SIGNING_IDENTITY:-}" ] && [ -n "${NOTARY_PROFILE:-}" ]; then
	xcrun notarytool submit "$image" --keychain-profile "$NOTARY_PROFILE" --wait
	xcrun stapler staple "$image"
	spctl --assess --type open --context context:primary-signature --verbose "$image"
else
	echo "Nothing was sent to Apple for notarisation."
fi
hdiutil verify "$image"
