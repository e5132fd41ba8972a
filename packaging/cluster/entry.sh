#!/bin/sh
# What the container runs: a program by its name (dask, python, sh), else a verb of astrotl.
set -eu
case "${1:-}" in
    dask | python | python3 | sh | bash) exec "$@" ;;
    *) exec astrotl "$@" ;;
esac
