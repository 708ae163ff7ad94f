#!/bin/sh
# What the library shows to the world, what it needs from it, and whose prefix a function carries.
. "$(dirname "$0")/tap.sh"

lib=$build/libsoftbus/.libs/libsoftbus.so
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

sed -n 's/^[ \t]*\([a-z][a-z0-9_]*\);.*/\1/p' "$src/libsoftbus/libsoftbus.map" | grep -v '^local' >"$work/map"
result "libsoftbus.map is sorted, each name once" "$(LC_ALL=C sort -cu "$work/map" 2>&1)"
LC_ALL=C sort -u -o "$work/map" "$work/map"

${READELF:-readelf} --dyn-syms --wide "$lib" |
    awk '$7 != "UND" && ($4 == "FUNC" || $4 == "OBJECT") && $5 != "LOCAL" { sub(/@.*/, "", $8); print $8 }' |
    grep -v '^SOFTBUS_' | LC_ALL=C sort -u >"$work/exported"
result "the library exports something" "$([ -s "$work/exported" ] || echo "nothing in $lib")"
result "exported names begin with softbus_" "$(grep -v '^softbus_' "$work/exported")"
result "exports are those of libsoftbus.map" "$(diff "$work/map" "$work/exported" | grep '^[<>]' |
    sed -e 's/^</only in the map:/' -e 's/^>/only in the library:/')"

(cd "$src/include" && for header in softbus/*.h; do echo "#include <$header>"; done) |
    ${CC:-cc} -E -P -I"$src/include" - | grep -v 'static inline' |
    grep -oE '\bsoftbus_[a-z0-9_]+ *\(' | tr -d ' (' | LC_ALL=C sort -u >"$work/declared"
result "exports are those that include/softbus declares" "$(diff "$work/declared" "$work/exported" | grep '^[<>]' |
    sed -e 's/^</only declared:/' -e 's/^>/only exported:/')"

# Sanitizers bring libraries of their own.
brought=$(sed -n 's/^SB_CFLAGS.*-fsanitize.*/^lib[a-z]*san[.]/p' "$build/Makefile")
result "the library needs only libc" "$(${READELF:-readelf} -d "$lib" |
    sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v -e '^libc\.' -e '^ld-' ${brought:+-e "$brought"})"

# prefixed ARCHIVE PREFIX: every function of the folder's library says where it lives.
prefixed() {
    if [ ! -e "$build/${1%/*}/.libs/${1##*/}" ]; then
        result "$1: functions begin with $2" "not built"
        return
    fi
    result "$1: functions begin with $2" "$(${NM:-nm} -g --defined-only "$build/${1%/*}/.libs/${1##*/}" 2>/dev/null |
        awk 'NF == 3 { print $3 }' | grep -v -e "^$2" -e '^_')"
}
prefixed base/libbase.a sb_
prefixed wire/libwire.a wire_
prefixed discovery/libdiscovery.a disc_
prefixed discovery/libmdns.a disc_
prefixed session/libsession.a sess_
prefixed softbusd/libhub.a hub_
prefixed libsoftbus/libclient.a softbus_
finish
