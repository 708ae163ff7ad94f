# shellcheck shell=sh disable=SC2034
# Sourced by the checks: TAP with the plan at the end. $src is the source tree, $build the build tree.
src=${SOFTBUS_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${SOFTBUS_BUILDDIR:-$src}
folders="base wire libsoftbus discovery session softbusd softbusctl examples bench"
n=0

# result NAME [PROBLEMS]: passes when PROBLEMS is empty, else shows them, one a line.
result() {
    n=$((n + 1))
    if [ -z "$2" ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        printf '%s\n' "$2" | sed 's/^/# /'
    fi
}

skip() {
    n=$((n + 1))
    echo "ok $n - $1 # SKIP $2"
}

finish() {
    echo "1..$n"
}

# sources FOLDER…: their C files and headers, relative to $src.
sources() {
    for folder in "$@"; do
        [ -d "$src/$folder" ] && (cd "$src" && find "$folder" -name '*.[ch]')
    done | sort
}
