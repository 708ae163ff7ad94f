#!/bin/sh
# Who includes whom. The table of allowed includes is read from docs/architecture.md, so that text and code agree.
. "$(dirname "$0")/tap.sh"

page=$src/docs/architecture.md

# "folder allowed allowed …", one line per folder of the table. Cells come in pairs, empty ones separate pairs.
table=$(sed -n '/<!-- layering -->/,/<!-- \/layering -->/p' "$page" | tr -d '`*' | awk -F'|' '
    /^[ \t]*\|/ {
        name = ""
        for (i = 2; i < NF; i++) {
            cell = $i
            gsub(/[ \t,]+/, " ", cell); gsub(/^ | $/, "", cell)
            if (cell == "" || cell ~ /^:?-+:?$/ || cell == "folder" || cell == "may include")
                continue
            if (name == "") { name = cell; continue }
            gsub(/\/( |$)/, " ", cell)
            n = split(name, names, " ")
            for (j = 1; j <= n; j++) { sub(/\/$/, "", names[j]); print names[j], cell }
            name = ""
        }
    }')
result "docs/architecture.md has the table" "$([ -n "$table" ] || echo "nothing between <!-- layering --> and <!-- /layering -->")"

# includes FILE: "line<TAB>header" of each quoted include and each of our own public headers.
includes() {
    awk '
        /^[ \t]*#[ \t]*include[ \t]*"/ { split($0, part, "\""); print FNR "\t" part[2] }
        /^[ \t]*#[ \t]*include[ \t]*<softbus\// { split($0, part, /[<>]/); print FNR "\t" part[2] }' "$src/$1"
}

# foreign FOLDER ALLOWED: includes of FOLDER's files that are neither its own nor ALLOWED.
foreign() {
    sources "$1" | while read -r file; do
        includes "$file" | while read -r line header; do
            case $header in
            softbus/*) from=include/softbus ;;
            */*) from=${header%/*} ;;
            *) from="no folder" ;;
            esac
            case " $1 $2 " in
            *" $from "*) ;;
            *) echo "$file:$line includes $header ($from)" ;;
            esac
        done
    done
}

for folder in $folders; do
    if row=$(printf '%s\n' "$table" | grep "^$folder "); then
        result "$folder includes what the table allows" "$(foreign "$folder" "${row#* }")"
    else
        result "$folder stands in the table" "no row"
    fi
done
result "include/softbus includes only itself" "$(foreign include/softbus "")"

# shellcheck disable=SC2086
result "libevent, Avahi and Mbed TLS are included only by *_io.c, softbusd/loop.c and the loops' examples" "$(
    sources $folders include/softbus | grep -v -e '_io\.c$' -e '^softbusd/loop\.c$' -e '^examples/loop_[a-z]*\.c$' | while read -r file; do
        grep -nE '^[ \t]*#[ \t]*include[ \t]*[<"](event2/|event\.h|ev[a-z]*\.h|avahi-|mbedtls/|psa/)' "$src/$file" |
            sed "s|^|$file:|"
    done)"

standard="assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg
    stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype sys/types"
result "public headers include nothing but standard headers" "$(
    sources include/softbus | while read -r file; do
        grep -nE '^[ \t]*#[ \t]*include' "$src/$file" | while IFS= read -r line; do
            header=$(printf '%s\n' "$line" | sed -n 's/.*include[ \t]*<\(.*\)\.h>.*/\1/p')
            case $header in softbus/*) continue ;; esac
            # shellcheck disable=SC2086
            printf '%s\n' $standard | grep -qxF "$header" || echo "$file:$line"
        done
    done)"
finish
