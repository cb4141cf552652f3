# Sourced by the other scripts: makes .venv in the checkout and keeps it up to date.
# Usage: prepare_environment [EXTRA]   (no extra: what a user gets; dev: with the tools)

# Development machines set these; they slow Python down or break emulated old CPUs.
unset PYTHONDONTWRITEBYTECODE OPENBLAS_CORETYPE OPENBLAS_L2_SIZE

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv="$root/.venv"

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python3.14; do
        if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
}

need() { # need PROGRAM-OR-CHECK PACKAGE...: install Debian packages, or say how
    local packages=("$@")
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "installing ${packages[*]}" >&2
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${packages[@]}" >/dev/null
    else
        echo "error: please install first: ${packages[*]} (Debian: sudo apt install ${packages[*]})" >&2
        exit 1
    fi
}

want() { # want PROGRAM PACKAGE: install a Debian package, or say what will be skipped
    if command -v "$1" >/dev/null 2>&1; then
        return
    elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "installing $2" >&2
        apt-get install -y -qq "$2" >/dev/null 2>&1 ||
            { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$2" >/dev/null; } ||
            echo "note: $2 could not be installed; the tests that need $1 are skipped" >&2
    else
        echo "note: tests that need $1 are skipped (Debian: sudo apt install $2)" >&2
    fi
}

prepare_environment() {
    local extra=${1:-} python wanted stamp target=.
    python=$(find_python)
    if [ -z "$python" ]; then
        need python3 python3-venv
        python=$(find_python)
        if [ -z "$python" ]; then
            echo "error: Python 3.11 to 3.14 is needed; this system has $(python3 --version 2>&1)" >&2
            exit 1
        fi
    fi
    "$python" -c 'import ensurepip, venv' 2>/dev/null || need python3-venv
    [ -z "$extra" ] || target=".[$extra]"
    stamp="$venv/.ready-${extra:-run}"
    wanted=$(cat "$root/pyproject.toml" "$root/edge_runtime/__init__.py" | sha256sum)
    # What has the tools has all that a user gets, too.
    if [ -x "$venv/bin/python" ] && { [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] ||
        [ "$(cat "$venv/.ready-dev" 2>/dev/null)" = "$wanted" ]; }; then
        return
    fi
    echo "preparing the environment in .venv (once, a minute or two)" >&2
    if ! "$venv/bin/python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then
        "$python" -m venv --clear "$venv"
    fi
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable "$root${target#.}" || {
        echo "error: the packages could not be installed; the lines above say why" >&2
        exit 1
    }
    echo "$wanted" >"$stamp"
}
