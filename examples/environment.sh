# Sourced by quickstart.sh and tests/run.sh, in the repository's root: puts $PYTHON into the active virtual environment,
# or into .venv, which is made when it is not there.
if [ -n "${VIRTUAL_ENV:-}" ]; then
  PYTHON="$VIRTUAL_ENV/bin/python"
else
  if [ ! -x .venv/bin/python ]; then
    base=""
    for candidate in python3 python3.13 python3.12 python3.11 python3.10; do
      if command -v "$candidate" >/dev/null &&
        "$candidate" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))'; then
        base="$candidate"
        break
      fi
    done
    if [ -z "$base" ]; then
      echo "error: Python 3.10 to 3.13 is needed and none was found; install one and try again" >&2
      exit 1
    fi
    rm -rf .venv
    if ! "$base" -m venv .venv; then
      rm -rf .venv
      echo "error: $base cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2
      exit 1
    fi
  fi
  PYTHON="$PWD/.venv/bin/python"
fi
BIN="$(dirname "$PYTHON")"
export PATH="$BIN:$PATH"
