#!/bin/sh
# The manual beside the headers: every public function stands in the SYNOPSIS of one page, as it is declared, and no page speaks of
# what is not there.
. "$(dirname "$0")/tap.sh"

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$src" || exit 1

# declarations HEADER: its functions and types of functions, one a line, spaced as prototypes.awk spaces them.
declarations() {
    awk '
        { text = text $0 "\n" }
        END {
            while ((begin = index(text, "/*")) > 0)
                text = substr(text, 1, begin - 1) " " substr(text, begin + index(substr(text, begin), "*/") + 1)
            n = split(text, lines, "\n")
            text = ""
            for (i = 1; i <= n; i++)
                if (lines[i] !~ /^[ \t]*#/)
                    text = text " " lines[i]
            sub(/extern "C" [{]/, "", text)
            while (gsub(/[{][^{}]*[}]/, "", text)) {}
            n = split(text, parts, ";")
            for (i = 1; i <= n; i++) {
                gsub(/__attribute__.*/, "", parts[i])
                gsub(/[ \t]+/, " ", parts[i])
                gsub(/^ | $/, "", parts[i])
                if (parts[i] ~ /softbus_[a-z0-9_]+[)]?[(]/ && parts[i] !~ /^static /)
                    print parts[i] ";"
            }
        }' "$1"
}

for header in include/softbus/*.h; do
    declarations "$header"
done | LC_ALL=C sort >"$work/declared"
awk -f man/prototypes.awk man/*.3 | cut -f2 | LC_ALL=C sort >"$work/described"
result "functions are declared, and described" "$([ -s "$work/declared" ] && [ -s "$work/described" ] || echo none)"
result "every declaration stands in a page" "$(uniq "$work/described" | comm -23 "$work/declared" -)"
result "every SYNOPSIS is as declared" "$(uniq "$work/described" | comm -13 "$work/declared" -)"
result "each in one page only" "$(uniq -d "$work/described")"
result "every function of libsoftbus.map is described" "$(
    sed -n 's/^[ \t]*\(softbus_[a-z0-9_]*\);.*/\1/p' libsoftbus/libsoftbus.map | while read -r name; do
        grep -q "[ *]$name(" "$work/described" || echo "$name"
    done)"

result "words of ours in the pages are those of the headers" "$(
    for page in man/*.3; do
        sed -e '/^\.TH/d' -e 's/\\f[BIR]/ /g' "$page" | grep -oE '\b(softbus|SOFTBUS)_[A-Za-z0-9_]+\b' | grep -v '_$' | sort -u |
            while read -r word; do
                [ "$word" = SOFTBUS_SOCKET ] || cat include/softbus/*.h | grep -qw "$word" || echo "$page: $word"
            done
    done)"
result "every error is explained" "$(grep -oE '\bSOFTBUS_ERR_[A-Z_]+ =' include/softbus/error.h | while read -r name _; do
    grep -q "^\.B $name\$" man/softbus_strerror.3 || echo "$name"
done)"

for path in man/softbus_*.3; do
    page=${path##*/}
    name=${page%.3}
    result "$page: named in NAME, in libsoftbus(3), and in man/local.mk" "$(
        sed -n '/^\.SH NAME/,/^\.SH SYNOPSIS/p' "$path" | grep -qw "$name" || echo "NAME begins with something else"
        grep -q "^\.BR $name (3)" man/libsoftbus.3 || echo "not in libsoftbus.3"
        grep -q "man/$page" man/local.mk || echo "not in man/local.mk")"
done

for path in man/*.3; do
    sed -n '/^\.SH EXAMPLE/,/^\.SH SEE/p' "$path" | sed -e '/^\./d' -e 's/\\e/\\/g' -e 's/\\-/-/g' | sed -n '/^#include/,$p' >"$work/example.c"
    # shellcheck disable=SC2086
    result "${path##*/}: its example compiles" "$(
        grep -q include "$work/example.c" || echo "there is none"
        ${CC:-cc} -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Werror -Iinclude -fsyntax-only "$work/example.c" 2>&1)"
done

for path in man/*.[1-8]; do
    page=${path##*/}
    if command -v mandoc >/dev/null; then
        # The pages bear no date: it would be one more thing that every change has to touch.
        result "$page: mark-up" "$(mandoc -Tlint -W warning "$path" 2>&1 | grep -v 'missing date')"
    elif man --version >/dev/null 2>&1; then
        result "$page: mark-up" "$(LC_ALL=C MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$path" 2>&1 >/dev/null)"
    else
        skip "$page: mark-up" "neither mandoc nor man"
    fi
done
finish
