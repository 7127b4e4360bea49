#!/usr/bin/env bash
# Makes, once per machine, what container tests need: podman with a storage of its own, and images of Debian packages in it. Needs root, podman and mmdebstrap
# (../install-prerequisites.sh installs them). Everything is in one folder outside the repository, $STACK_TEST_CONTAINERS or stack-test-containers in the temporary
# folder. Prints the environment with which podman uses it, one NAME=VALUE a line. To begin anew: `podman system reset --force` with that environment, then delete the folder.
#
# Images: localhost/stack-test/{debian,postgres,redis,rabbitmq,ollama,dotnet,workshop}. The servers carry the names that AppHost uses, too (docker.io/library/postgres:18.3 and so on), and
# understand the variables of the official images that AppHost sets.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
home=${STACK_TEST_CONTAINERS:-${TMPDIR:-/tmp}/stack-test-containers}
packages=ca-certificates,git,iproute2,postgresql,procps,rabbitmq-server,redis-server
mkdir -p "$home"
chmod 700 "$home"
exec 9>"$home/.lock"
flock 9

write() { [ -e "$1" ] && [ "$(cat "$1")" = "$2" ] || printf '%s\n' "$2" > "$1"; }

write "$home/containers.conf" '[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[containers]
default_ulimits = ["nofile=1024:20000", "nproc=1024:20000"]
[network]
network_backend = "netavark"'
write "$home/storage.conf" "[storage]
driver = \"overlay\"
graphroot = \"$home/storage\"
runroot = \"$home/run\""
write "$home/registries.conf" 'unqualified-search-registries = ["docker.io"]
short-name-mode = "permissive"'

export CONTAINERS_CONF=$home/containers.conf CONTAINERS_STORAGE_CONF=$home/storage.conf CONTAINERS_REGISTRIES_CONF=$home/registries.conf DISABLE_HC_SYSTEMD=true

has() { podman image exists "localhost/stack-test/$1"; }

# An image belongs to what it is made of: another text makes another image.
mark() { cat "$@" | sha256sum | cut -c1-16; }
current() { has "$1" && [ "$(podman image inspect --format '{{index .Labels "stack.test.mark"}}' "localhost/stack-test/$1")" = "$2" ]; }

if ! has debian || [ "$(cat "$home/packages" 2>/dev/null)" != "$packages" ]; then
  echo "container tests: making a Debian of packages, once per machine (about three minutes)" >&2
  rm -f "$home/debian.tar"
  mmdebstrap --quiet --variant=minbase --mode=root --include="$packages" \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook='chroot "$1" useradd --uid 1654 --create-home app' \
    bookworm "$home/debian.tar" >&2
  podman import --quiet "$home/debian.tar" localhost/stack-test/debian >/dev/null
  rm -f "$home/debian.tar"
  printf '%s' "$packages" > "$home/packages"
fi

for server in postgres redis rabbitmq ollama; do
  wanted=$(mark "$here/images/$server" "$home/packages")
  if ! current "$server" "$wanted"; then
    podman build --quiet --label "stack.test.mark=$wanted" --tag "localhost/stack-test/$server" --file - "$here/images" >/dev/null <<DOCKERFILE
FROM localhost/stack-test/debian
COPY --chmod=755 $server /usr/local/bin/entry-$server
ENTRYPOINT ["/usr/local/bin/entry-$server"]
DOCKERFILE
  fi
done

# The SDK of this machine: what projects are built with, and what agents work with.
dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
version=$(printf '%s' "$(dotnet --list-sdks)$(cat "$home/packages")" | sha256sum | cut -c1-16)
if ! current dotnet "$version"; then
  podman build --quiet --label "stack.test.mark=$version" --tag localhost/stack-test/dotnet --file - "$dotnet" >/dev/null <<'DOCKERFILE'
FROM localhost/stack-test/debian
COPY . /usr/share/dotnet
RUN ln -s /usr/share/dotnet/dotnet /usr/local/bin/dotnet
ENV DOTNET_RUNNING_IN_CONTAINER=true DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 APP_UID=1654
DOCKERFILE
fi

# The same with the packages that the agents' programs use, because a container here reaches no registry.
templates=$here/../../Orchestrator/Gateway/Builtin/Templates/every
wanted=$(printf '%s' "$version$(cat "$templates"/*.props.template)" | sha256sum | cut -c1-16)
if ! current workshop "$wanted"; then
  rm -rf "$home/nuget" && mkdir -p "$home/nuget/restore"
  cp "$templates/Directory.Packages.props.template" "$home/nuget/restore/Directory.Packages.props"
  cat > "$home/nuget/restore/restore.csproj" <<'PROJECT'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
  <ItemGroup>
    <PackageReference Include="coverlet.collector" />
    <PackageReference Include="Microsoft.NET.Test.Sdk" />
    <PackageReference Include="xunit" />
    <PackageReference Include="xunit.runner.visualstudio" />
  </ItemGroup>
</Project>
PROJECT
  NUGET_PACKAGES=$home/nuget/packages dotnet restore "$home/nuget/restore/restore.csproj" --verbosity quiet >&2
  podman build --quiet --label "stack.test.mark=$wanted" --tag localhost/stack-test/workshop --file - "$home/nuget" >/dev/null <<'DOCKERFILE'
FROM localhost/stack-test/dotnet
COPY packages /usr/share/nuget-packages
ENV NUGET_FALLBACK_PACKAGES=/usr/share/nuget-packages
DOCKERFILE
fi

podman tag localhost/stack-test/postgres docker.io/library/postgres:18.3
podman tag localhost/stack-test/redis docker.io/library/redis:8.6
podman tag localhost/stack-test/rabbitmq docker.io/library/rabbitmq:4.3 docker.io/library/rabbitmq:4.3-management
podman tag localhost/stack-test/ollama docker.io/ollama/ollama:latest
podman image prune --force >/dev/null 2>&1 || true

for name in CONTAINERS_CONF CONTAINERS_STORAGE_CONF CONTAINERS_REGISTRIES_CONF DISABLE_HC_SYSTEMD; do printf '%s=%s\n' "$name" "${!name}"; done
