#!/bin/sh
# The default configuration, softbusd and softbusd.conf(5) know the same keys.
. "$(dirname "$0")/tap.sh"

conf=$src/data/softbusd.conf
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# Settings are commented out as "#key = value"; a comment has a space behind its "#".
# A key that has no default stands there without a value, and stays commented.
sed 's/^#\([a-z_0-9]* *= *[^ ]\)/\1/' "$conf" >"$work/softbusd.conf"
sed -n 's/^#\([a-z_0-9]*\) *=.*/\1/p' "$conf" | sort -u >"$work/keys"

result "data/softbusd.conf sets nothing" "$(grep -nvE '^(#.*|\[[a-z]+\]|)$' "$conf")"
result "data/softbusd.conf shows the keys" "$([ -s "$work/keys" ] || echo "none found")"
for file in "$conf" "$work/softbusd.conf"; do
    what="as it is"
    [ "$file" = "$conf" ] || what="with every default written out"
    result "softbusd takes data/softbusd.conf $what" "$(
        "$build/softbusd/softbusd" --config "$file" --check-config 2>&1 >/dev/null || echo "exit status $?")"
done
result "softbusd.conf(5) tells of every key" "$(while read -r key; do
    sed 's/\\-/-/g' "$src/man/softbusd.conf.5" | grep -qw "$key" || echo "$key"
done <"$work/keys")"
finish
