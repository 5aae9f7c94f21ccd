#!/usr/bin/env bash
# What the tests need beyond Python: a browser, Redis, PostgreSQL and one real data set, from Debian's packages.
set -euo pipefail

missing=()
need() { # need PACKAGE PATH...: one of the paths must exist
  local package=$1
  shift
  for path in "$@"; do
    compgen -G "$path" > /dev/null && return
  done
  missing+=("$package")
}
need chromium /usr/bin/chromium
need redis-server /usr/bin/redis-server
need postgresql '/usr/lib/postgresql/*/bin/postgres'
need dataset-fashion-mnist /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz
[ ${#missing[@]} -eq 0 ] && exit 0

install="apt-get install -y --no-install-recommends ${missing[*]}"
if [ "$(id -u)" -ne 0 ]; then
  echo "The tests need ${missing[*]}: run 'sudo $install' first."
  exit 1
fi
echo "Installing ${missing[*]} …"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
$install -qq > /dev/null
