# Sourced by bench.sh and test.sh: installs what is missing from Debian 12's packages and says so.
# install_packages NO_INSTALL PACKAGE...
install_packages() {
  local no_install=$1 missing=() package
  shift
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$no_install" = yes ]; then
    echo "missing packages: ${missing[*]}" >&2
    echo "install them with: sudo apt-get install ${missing[*]}" >&2
    return 1
  fi
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "not root and no sudo; as root run: apt-get install ${missing[*]}" >&2; return 1; }
    sudo=(sudo)
  fi
  echo "installing: ${missing[*]}"
  "${sudo[@]}" apt-get update -q >/dev/null || { echo "apt-get update failed" >&2; return 1; }
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null ||
    { echo "apt-get install failed: ${missing[*]}" >&2; return 1; }
}

# Stops anywhere but on Debian 12, whose packages this project is built on.
require_debian_12() {
  local id="" version=""
  if [ -r /etc/os-release ]; then
    id=$(. /etc/os-release && echo "${ID:-}")
    version=$(. /etc/os-release && echo "${VERSION_ID:-}")
  fi
  [ "$id" = debian ] && [ "$version" = 12 ] && return 0
  echo "this is ${id:-an unknown system} ${version:-}, not Debian 12, whose packages instbench is built with." >&2
  echo "Install wabt 1.0.32, Google Benchmark, nlohmann-json 3.11, CLI11, OpenSSL, xxHash and matplotlib yourself, then use --no-install;" >&2
  echo "or run it in a debian:12 container." >&2
  return 1
}

BUILD_PACKAGES=(g++ cmake ninja-build git wabt tcc libbenchmark-dev nlohmann-json3-dev libcli11-dev libssl-dev libxxhash-dev python3-matplotlib systemtap-sdt-dev)
TEST_PACKAGES=(libgtest-dev python3-jsonschema python3-scipy libbenchmark-tools cmark-gfm python3-pip)
