#!/bin/sh
# Rules of CONTRIBUTING.md that a script can see.
. "$(dirname "$0")/tap.sh"

# shellcheck disable=SC2086
all=$(sources $folders include/softbus tests)
cd "$src" || exit 1

# shellcheck disable=SC2086
result "no file is longer than 600 lines" "$(wc -l $all | awk '$2 != "total" && $1 > 600 { print $2 ": " $1 " lines" }')"

# Tests wait for the event, never for a time to pass.
# shellcheck disable=SC2046
result "no test sleeps" "$(grep -nE '\b(u|nano|clock_nano)?sleep *\(|^[^#]*\bsleep +[0-9.$]' \
    $(find tests -name '*.[ch]' -o -name '*.sh' ! -path 'tests/checks/style.sh') /dev/null)"

# A file that no list names is neither built nor shipped.
# shellcheck disable=SC2086
result "every source is in a local.mk" "$(for file in $all; do
    case $file in
    tests/unit/* | tests/integration/* | tests/fuzz/*) name=${file%.c} ;;
    *) name=$file ;;
    esac
    cat ./*/local.mk tests/*/local.mk | grep -qE "(^|[ 	])$name(\.c)?([ 	]|\$)" || echo "$file"
done)"

result "every corpus has its harness, every harness its corpus" "$(
    for corpus in tests/fuzz/corpus/*/; do
        corpus=${corpus%/}
        [ -e "tests/fuzz/fuzz_${corpus##*/}.c" ] || echo "$corpus has no harness"
    done
    for harness in tests/fuzz/fuzz_*.c; do
        name=${harness##*/fuzz_}
        [ -n "$(ls "tests/fuzz/corpus/${name%.c}" 2>/dev/null)" ] || echo "$harness has no corpus"
    done)"
finish
