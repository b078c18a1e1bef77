#!/usr/bin/env bash
# From a fresh Debian 12 machine to a table and charts: installs what is missing, builds, runs the default
# suite and draws it. Everything it writes is under build/ and results/local/.
set -euo pipefail
cd "$(dirname "$0")"
. cmake/setup.sh

no_install=no
suite=()
while [ $# -gt 0 ]; do
  case $1 in
    --no-install) no_install=yes ;;
    -h | --help)
      echo "usage: ./bench.sh [--no-install] [instbench run arguments]"
      echo "Without arguments: runs the suite 'embedded' on the six presets and draws the charts."
      exit 0
      ;;
    *) suite+=("$1") ;;
  esac
  shift
done

[ "$no_install" = yes ] || require_debian_12
install_packages "$no_install" "${BUILD_PACKAGES[@]}"

echo "building (build/release): four to eight minutes on two CPUs"
log=$(mktemp)
{ cmake --preset release -DINSTBENCH_TESTS=OFF && cmake --build --preset release; } >"$log" 2>&1 || { tail -n 60 "$log" >&2; rm -f "$log"; exit 1; }
rm -f "$log"

[ ${#suite[@]} -gt 0 ] || suite=(embedded)
mkdir -p results/local
out="results/local/bench-$(date -u +%Y%m%d-%H%M%S).json"
status=0
echo "running ${suite[*]}: the default suite takes about two minutes"
build/release/instbench run "${suite[@]}" --out "$out" || status=$?
if [ -s "$out" ]; then
  if [ "${suite[*]}" = embedded ]; then
    build/release/instbench plot "$out" --chart overview
    build/release/instbench plot "$out" --chart before-after --modules spidermonkey
  else
    build/release/instbench plot "$out"
  fi
fi
exit "$status"
