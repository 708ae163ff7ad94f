#!/bin/sh
# Pages: the README stays short, and functions that docs/ names exist. The manual is looked at by manpages.sh.
. "$(dirname "$0")/tap.sh"

lines=$(wc -l <"$src/README.md")
result "README.md has fewer than 120 lines" "$([ "$lines" -lt 120 ] || echo "$lines lines")"

result "functions named in docs/ are defined" "$(grep -ohE '`[a-z_0-9]+\(\)`' "$src"/docs/*.md | tr -d '`()' | sort -u | while read -r name; do
    (cd "$src" && grep -rqE "^[a-z].*\b$name\(" --include='*.c' base wire discovery session softbusd libsoftbus) || echo "$name"
done)"
finish
