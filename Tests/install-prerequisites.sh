#!/usr/bin/env bash
# Installs what the tests use beyond the .NET SDK and git: on Debian and its kin, as root. Elsewhere it says which tests will be skipped and what to install.
# Says nothing when all is there. Never fails: a missing program skips tests, it does not stop them. `dotnet test` runs it first;
# -p:InstallTestPrerequisites=false leaves it out.
set -u

# One line each: the program looked for | the Debian package | what the tests do with it.
prerequisites() {
  cat <<'LIST'
chromium|chromium|browser tests open the deployed programs' pages in it
node|nodejs|the checks of Node projects run in it
npm|npm|the checks of Node projects install their tools with it
postgres|postgresql|the Postgres store is tested on a server of its own
rabbitmq-server|rabbitmq-server|tests start it and let tasks and results travel through it
redis-server|redis-server|tests start it and keep live views in it
podman|podman|tests run containers with it
runc|runc|podman runs containers with it
netavark|netavark|podman makes networks with it
aardvark-dns|aardvark-dns|containers find one another by name with it
iptables|iptables|networks of containers need it
mmdebstrap|mmdebstrap|images of container tests are made with it
docker-registry|docker-registry|the test of image builds gets its base image from it
LIST
}

say() { printf 'test prerequisites: %s\n' "$*"; }

# Debian keeps the programs of PostgreSQL, and those that podman calls, beside the PATH.
found() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || [ -x "/usr/lib/podman/$1" ] || ls /usr/lib/postgresql/*/bin/"$1" >/dev/null 2>&1; }

missing() {
  prerequisites | while IFS='|' read -r program package purpose; do
    found "$program" || printf '%s|%s|%s\n' "$program" "$package" "$purpose"
  done
}

may_install() { [ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

# A package of a server would start it; the tests start their own, on their own ports.
without_starting_servers() {
  local policy=/usr/sbin/policy-rc.d
  if [ -e "$policy" ]; then
    "$@"
    return
  fi
  printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod 755 "$policy"
  "$@"
  local result=$?
  rm -f "$policy"
  return $result
}

install_packages() {
  local apt=(apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2 -o Acquire::http::Timeout=30)
  export DEBIAN_FRONTEND=noninteractive
  timeout 600 "${apt[@]}" install --no-install-recommends "$@" && return
  # The package lists may be old or absent, as in fresh containers.
  timeout 120 "${apt[@]}" update && timeout 600 "${apt[@]}" install --no-install-recommends "$@"
}

absent=$(missing)
[ -z "$absent" ] && exit 0

packages=$(printf '%s\n' "$absent" | cut -d'|' -f2 | sort -u | tr '\n' ' ')
if may_install; then
  printf '%s\n' "$absent" | while IFS='|' read -r program package purpose; do say "installing $package, because $purpose"; done
  log=$(mktemp)
  # shellcheck disable=SC2086 # the packages are words
  without_starting_servers install_packages $packages </dev/null >"$log" 2>&1 || { say "apt-get did not succeed; its last lines:"; tail -n 5 "$log"; }
  rm -f "$log"
  absent=$(missing)
  [ -z "$absent" ] && say "installed $packages" && exit 0
fi

printf '%s\n' "$absent" | while IFS='|' read -r program package purpose; do say "$program is missing, and the tests that need it are skipped ($purpose)"; done
say "to run them: as root, apt-get install $packages(or put these programs on the PATH by other means)"
exit 0
