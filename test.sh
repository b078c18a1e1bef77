#!/usr/bin/env bash
# Installs what is missing, builds with assertions and warnings as errors, runs every test and gates the
# embedded suite by its exact counters. --sanitizers adds the asan+ubsan and tsan builds.
set -euo pipefail
cd "$(dirname "$0")"
. cmake/setup.sh

no_install=no
presets=(ci)
while [ $# -gt 0 ]; do
  case $1 in
    --no-install) no_install=yes ;;
    --sanitizers) presets+=(asan tsan) ;;
    --preset) shift; presets=("${1:?--preset needs a name}") ;;
    -h | --help) echo "usage: ./test.sh [--no-install] [--sanitizers | --preset ci|dev|asan|tsan|release]"; exit 0 ;;
    *) echo "unknown argument: $1 (see ./test.sh --help)" >&2; exit 2 ;;
  esac
  shift
done

[ "$no_install" = yes ] || require_debian_12
install_packages "$no_install" "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"

status=0
for preset in "${presets[@]}"; do
  echo "== preset $preset: building"
  log=$(mktemp)
  { cmake --preset "$preset" && cmake --build --preset "$preset"; } >"$log" 2>&1 || { tail -n 60 "$log" >&2; rm -f "$log"; exit 1; }
  rm -f "$log"
  "build/$preset/instbench" fetch wasmtime >/dev/null 2>&1 || echo "Wasmtime cannot be fetched (\`instbench fetch wasmtime\` says why): tests that need it are skipped"
  "build/$preset/instbench" fetch ittapi >/dev/null 2>&1 || echo "ittapi cannot be fetched (\`instbench fetch ittapi\` says why): itt_test is skipped"
  echo "== preset $preset: testing"
  log=$(mktemp)
  ctest --preset "$preset" -j "$(nproc)" 2>&1 | tee "$log" || status=$?
  echo "WebAssembly's test scripts, commands over all presets (a line each for TinyCC and cc; ours, then the official ones if they are here):"
  grep -hE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "build/$preset/Testing/Temporary/LastTest.log" || echo "none were run"
  sed -n '/ tests passed, /,$p' "$log"  # ctest's closing lines end the output
  rm -f "$log"
done
exit "$status"
