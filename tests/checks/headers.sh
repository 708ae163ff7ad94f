#!/bin/sh
# Every public header compiles alone, in C and in C++.
. "$(dirname "$0")/tap.sh"

# compiles HEADER COMPILER OPTION…
compiles() {
    header=$1
    shift
    echo "#include <softbus/$header>" | "$@" -Wall -Wextra -Wpedantic -Werror -I"$src/include" -fsyntax-only - 2>&1
}

for path in "$src"/include/softbus/*.h; do
    header=${path##*/}
    # shellcheck disable=SC2086
    result "softbus/$header as C11" "$(compiles "$header" ${CC:-cc} -std=c11 -x c)"
    if [ -n "$CXX" ]; then
        # shellcheck disable=SC2086
        result "softbus/$header as C++11" "$(compiles "$header" $CXX -std=c++11 -x c++)"
    else
        skip "softbus/$header as C++11" "no C++ compiler"
    fi
done
finish
