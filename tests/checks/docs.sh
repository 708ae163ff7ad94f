#!/bin/sh
# Pages: the README stays short, the manual has no mark-up errors, and functions that pages name exist.
. "$(dirname "$0")/tap.sh"

lines=$(wc -l <"$src/README.md")
result "README.md has fewer than 120 lines" "$([ "$lines" -lt 120 ] || echo "$lines lines")"

result "functions named in docs/ are defined" "$(grep -ohE '`[a-z_0-9]+\(\)`' "$src"/docs/*.md | tr -d '`()' | sort -u | while read -r name; do
    (cd "$src" && grep -rqE "^[a-z].*\b$name\(" --include='*.c' base wire discovery session softbusd libsoftbus) || echo "$name"
done)"

for page in softbusctl.1 libsoftbus.3 softbusd.conf.5 softbusd.policy.5 softbusd.8; do
    if [ ! -e "$src/man/$page" ]; then
        result "$page" "missing"
    elif command -v mandoc >/dev/null; then
        # The pages bear no date: it would be one more thing that every change has to touch.
        result "$page" "$(mandoc -Tlint -W warning "$src/man/$page" 2>&1 | grep -v 'missing date')"
    elif man --version >/dev/null 2>&1; then
        result "$page" "$(LC_ALL=C MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$src/man/$page" 2>&1 >/dev/null)"
    else
        skip "$page" "neither mandoc nor man"
    fi
done
finish
