# shellcheck shell=sh disable=SC2034,SC2154
# Sourced by the commands at the top, which set $self (their name) and stand in the source tree:
# missing Debian packages, and builds outside the source tree. Needs sh and coreutils only.

build_top=${SOFTBUS_BUILD_DIR:-build}

packages_build="gcc libc6-dev make autoconf automake libtool pkg-config
    libevent-dev libmbedtls-dev libavahi-core-dev libseccomp-dev libinih-dev libsmartcols-dev"
packages_test="g++ libcmocka-dev libglib2.0-dev libsystemd-dev iproute2 mandoc nftables util-linux"

say() {
    printf '%s: %s\n' "$self" "$*"
}

die() {
    printf '%s: %s\n' "$self" "$*" >&2
    exit 1
}

# need_packages PACKAGE…: installs those that are missing, and says so; silent when none is.
need_packages() {
    command -v dpkg-query >/dev/null || {
        say "not a Debian system: it is taken for granted that these are there: $(echo "$@" | tr -s ' \n' ' ')"
        return
    }
    missing=
    for package in "$@"; do
        case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) in
        installed*) ;;
        *) missing="$missing $package" ;;
        esac
    done
    [ -n "$missing" ] || return 0
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            die "missing packages, and neither root nor sudo to install them; as root: apt-get install$missing"
        as_root=sudo
    fi
    say "installing with ${as_root:+sudo }apt-get:$missing"
    apt="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300"
    # The list of packages may be absent or too old to download from: then it is fetched.
    # shellcheck disable=SC2086
    $apt install --no-install-recommends $missing >/dev/null 2>&1 </dev/null ||
        { $apt update >/dev/null && $apt install --no-install-recommends $missing >/dev/null </dev/null; } ||
        die "packages could not be installed; see what this says: ${as_root:+sudo }apt-get install$missing"
}

# is_set FILE VALUE: whether a kernel's switch is there and set so.
is_set() {
    [ -r "/proc/sys/$1" ] && [ "$(cat "/proc/sys/$1")" = "$2" ]
}

# advise_namespaces: what may help where namespaces cannot be made.
advise_namespaces() {
    if [ -e /.dockerenv ] || [ -e /run/.containerenv ] || { systemd-detect-virt --container --quiet; } 2>/dev/null; then
        say "this is a container: start it with --privileged, or use a virtual machine"
    elif [ "$(id -u)" -ne 0 ]; then
        say "run it as root, or allow users to make namespaces"
    fi
    ! is_set kernel/unprivileged_userns_clone 0 || say "here that is: sysctl kernel.unprivileged_userns_clone=1"
    ! is_set kernel/apparmor_restrict_unprivileged_userns 1 ||
        say "here that is: sysctl kernel.apparmor_restrict_unprivileged_userns=0"
    ! is_set user/max_user_namespaces 0 || say "here that is: sysctl user.max_user_namespaces=10000"
}

# needs_autogen: what autogen.sh makes is missing, or older than what it is made from, as after a pull.
needs_autogen() {
    [ -x configure ] && [ -e Makefile.in ] || return 0
    [ -n "$(find . -maxdepth 3 \( -path ./configure.ac -o -path ./Makefile.am -o -name local.mk -o -path ./m4/softbus.m4 \) \
        -newer Makefile.in -print)" ] || [ configure.ac -nt configure ] || [ m4/softbus.m4 -nt configure ]
}

# check_ours DIRECTORY: ends with an explanation when somebody else (root, most often) has built there.
check_ours() {
    theirs=$(find "$1" \( -type d -o -type f \) ! -user "$(id -u)" ! -writable -print -quit 2>/dev/null)
    [ -w "$1" ] && [ -z "$theirs" ] ||
        die "we may not write to ${theirs:-$1}, which belongs to $(stat -c %U "${theirs:-$1}"): remove $build_top as that user," \
            "or build elsewhere with SOFTBUS_BUILD_DIR=DIRECTORY"
}

# prepare_build NAME [CONFIGURE ARGUMENT…]: a configured $build_top/NAME; sets $dir to it (absolute).
# Configures again only when the arguments differ from the last time.
prepare_build() {
    [ ! -e "$build_top" ] || [ -e "$build_top/$1" ] || [ -w "$build_top" ] || check_ours "$build_top"
    mkdir -p "$build_top/$1" || die "build elsewhere with SOFTBUS_BUILD_DIR=DIRECTORY"
    check_ours "$build_top/$1"
    dir=$(cd "$build_top/$1" && pwd) || return
    shift
    if needs_autogen; then
        [ -w . ] || die "we may not write to $(pwd), where autogen.sh makes configure: run ./autogen.sh as its owner first"
        say "autogen.sh"
        ./autogen.sh >"$dir/autogen.log" 2>&1 || { tail -n 30 "$dir/autogen.log"; return 1; }
    fi
    if [ ! -e "$dir/Makefile" ] || [ "$*" != "$(cat "$dir/arguments" 2>/dev/null)" ]; then
        say "configure $*"
        configure=$(pwd)/configure
        (cd "$dir" && "$configure" -q "$@") >"$dir/configure.out" 2>&1 || { tail -n 30 "$dir/configure.out"; return 1; }
        echo "$*" >"$dir/arguments"
    fi
}

# show_make_errors LOG: what went wrong in a make, or its end when nothing looks like an error.
show_make_errors() {
    { grep -E '(error|warning|undefined reference)[: ]|\*\*\*' "$1" || tail -n 30 "$1"; } | head -n 40
}

# run_make TARGET… in $dir; what it prints goes to $dir/make.log, of which errors are shown.
run_make() {
    make -C "$dir" -k -j "$(nproc)" "$@" >"$dir/make.log" 2>&1 && return
    say "make $* failed; from $dir/make.log:"
    show_make_errors "$dir/make.log"
    return 1
}
