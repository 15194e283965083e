#!/bin/sh
# The browser tests need Debian's Chromium and a Chinese font. Root gets what is missing; anybody else is told.
# PORTAL_TEST_CHROMIUM=/path/to/chromium uses another Chromium.
set -eu

missing=""
[ -x "${PORTAL_TEST_CHROMIUM:-/usr/bin/chromium}" ] || missing="$missing chromium"
# Any Chinese font will do: a desktop may have its own. Without fontconfig's fc-list, Debian's package is looked for.
if ! { fc-list :lang=zh-cn family 2>/dev/null | grep -q .; } && ! dpkg -s fonts-noto-cjk >/dev/null 2>&1; then
    missing="$missing fonts-noto-cjk"
fi
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "The browser tests need:$missing" >&2
    echo "As root:  apt-get update && apt-get install --no-install-recommends$missing" >&2
    exit 1
fi

echo "Installing for the browser tests:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >/dev/null
# shellcheck disable=SC2086  # one word for each package
apt-get install -qy --no-install-recommends $missing >/dev/null
