#!/usr/bin/env bash
# Known holes in the locked libraries, of Python and of the browser. Exit 0: none; 1: there are some; 3: nobody could be asked.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=.venv/audit
report=$(mktemp)
trap 'rm -f "$report"' EXIT

if ! { [ -x "$venv/bin/pip-audit" ] || { python3 -m venv "$venv" && "$venv/bin/pip" install -q --require-hashes -r requirements/audit.txt; }; }; then
    echo "audit: pip-audit cannot be installed here" >&2
    exit 3
fi

# The lock names every library with its version, so nothing is resolved or installed.
# --strict: a library that the service does not know is no library without holes.
"$venv/bin/pip-audit" --strict --disable-pip --require-hashes -r requirements/run.txt --format columns --timeout 15 >"$report" 2>&1 && found=0 || found=$?
cat "$report"
if [ "$found" -ne 0 ] && ! grep -q "^Found .* vulnerabilit" "$report"; then
    echo "audit: no advisory service answered; run it where there is a way out, with the same requirements/run.txt" >&2
    exit 3
fi
exit "$found"
