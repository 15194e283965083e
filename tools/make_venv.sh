#!/bin/sh
# Make the virtual environment at the path given, with the first suitable Python: tools/make_venv.sh .venv
# PYTHON=/path/to/python3.12 chooses another one.
set -eu

target=$1

suitable() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null
}

for candidate in ${PYTHON:-python3 python3.11 python3.12 python3.13}; do
    if suitable "$candidate"; then
        chosen=$candidate
        break
    fi
done

if [ -z "${chosen:-}" ]; then
    echo "The portal needs Python 3.11, 3.12 or 3.13; none of '${PYTHON:-python3 python3.11 python3.12 python3.13}' is one." >&2
    echo "On Debian:  apt-get install python3 python3-venv" >&2
    exit 1
fi

# Debian ships venv without ensurepip until python3-venv is installed; venv's own message is easily misread.
if ! "$chosen" -c 'import venv, ensurepip' 2>/dev/null; then
    echo "$chosen cannot make virtual environments: its venv or ensurepip module is missing." >&2
    echo "On Debian:  apt-get install python3-venv" >&2
    exit 1
fi

"$chosen" -m venv "$target"
