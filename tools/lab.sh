#!/usr/bin/env bash
# Builds the real servers that tests run against, once, into .lab/.
#
#   tools/lab.sh NAME…   build what is missing; print "NAME VERSION PATH" per line
#   tools/lab.sh         list the names
#
# Standard output is data, standard error is for people. SLO_ENGINE_LAB names
# another cache folder, seen from the repository. Two runs at once are safe:
# each name has a lock, and a server appears in one rename, whole or not at all.
#
# To add one, write version_NAME (with _ for -) and build_NAME below; build_NAME
# leaves an executable called NAME in the folder it is given.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
lab=${SLO_ENGINE_LAB:-.lab}
[[ $lab == /* ]] || lab=$root/$lab
unfinished=

export GOTOOLCHAIN=local GOWORK=off GOFLAGS="${GOFLAGS:-} -buildvcs=false"

# --- the servers -----------------------------------------------------------

version_prometheus=v0.315.0
build_prometheus() { locked prometheus github.com/prometheus/prometheus/cmd/prometheus "$1"; }

version_promtool=$version_prometheus
build_promtool() { locked prometheus github.com/prometheus/prometheus/cmd/promtool "$1"; }

# The module leaves out the web pages that the server embeds: a stub stands in.
version_alertmanager=v0.34.2
build_alertmanager() {
  copied "github.com/prometheus/alertmanager@$version_alertmanager" ./cmd/alertmanager "$1" \
    ui/app/dist/index.html
}

version_amtool=$version_alertmanager
build_amtool() { plain "github.com/prometheus/alertmanager/cmd/amtool@$version_amtool" "$1"; }

version_telemetrygen=v0.161.0
build_telemetrygen() {
  plain "github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen@$version_telemetrygen" "$1"
}

version_loki=v3.7.8
build_loki() { locked loki github.com/grafana/loki/v3/cmd/loki "$1"; }

version_staticcheck=v0.8.1
build_staticcheck() { plain "honnef.co/go/tools/cmd/staticcheck@$version_staticcheck" "$1"; }

# Whose files are read and whose rules are written: test/dialects compares.
version_sloth=v0.16.0
build_sloth() { copied "github.com/slok/sloth@$version_sloth" ./cmd/sloth "$1"; }

# Its web pages are not in the module: a stub stands in.
version_pyrra=v0.10.1
build_pyrra() { copied "github.com/pyrra-dev/pyrra@$version_pyrra" . "$1" ui/build/index.html; }

# A second backend with Prometheus's query API, and a peer of `make bench`.
version_victoria_metrics=1.79.5
build_victoria-metrics() { debian victoria-metrics "$version_victoria_metrics" victoria-metrics "$1"; }

# The state store's other engine. A database server is more than its program: it
# stays as it was unpacked, where it finds its files beside itself.
version_postgres=15.20
build_postgres() {
  unpacked postgresql-15 "$version_postgres" "$1"
  unpacked libpq5 "$version_postgres" "$1" # initdb wants it
  rm -rf "$1"/usr/share/{doc,lintian,locale} "$1/usr/lib/postgresql/15/lib/bitcode"
  ln -s usr/lib/postgresql/15/bin/postgres "$1/postgres"
}

# A gateway. What its program is linked with lies beside it, as for PostgreSQL.
version_haproxy=2.6.12
build_haproxy() {
  unpacked haproxy "$version_haproxy" "$1"
  unpacked liblua5.3-0 5.3.6 "$1"
  unpacked libopentracing-c-wrapper0 1.1.3 "$1"
  unpacked libopentracing1 1.6.0 "$1"
  rm -rf "$1"/etc "$1"/usr/share
  ln -s usr/sbin/haproxy "$1/haproxy"
}

# The client of `make demo-haproxy`.
version_wrk=4.1.0
build_wrk() {
  unpacked wrk "$version_wrk" "$1"
  unpacked libluajit-5.1-2 '2.1.0~beta3' "$1"
  rm -rf "$1/usr/share"
  ln -s usr/bin/wrk "$1/wrk"
}

# What gateways of the user's own, and Traefik, are configured by.
version_etcd=3.4.23
build_etcd() { debian etcd-server "$version_etcd" etcd "$1"; }

version_caddy=v2.11.9
build_caddy() { plain "github.com/caddyserver/caddy/v2/cmd/caddy@$version_caddy" "$1"; }

version_traefik=v3.6.12
build_traefik() { locked traefik github.com/traefik/traefik/v3/cmd/traefik "$1"; }

# What admission webhooks are called by, and what controllers of a cluster talk
# to; it keeps its objects in etcd. Unless the linker is told, it does not know
# its version, and its clients want one. Its own parts are published beside it:
# labmod locks them with -local v0.36.3.
version_kubernetes=v1.36.3
version_kube_apiserver=$version_kubernetes
build_kube-apiserver() {
  local v=k8s.io/component-base/version minor=${version_kubernetes#v1.}
  locked kubernetes k8s.io/kubernetes/cmd/kube-apiserver "$1" -ldflags \
    "-s -w -X $v.gitVersion=$version_kubernetes -X $v.gitMajor=1 -X $v.gitMinor=${minor%%.*}"
}

# What pipelines read JSON with: a jq written in Go.
version_jq=v0.12.18
build_jq() { plain "github.com/itchyny/gojq/cmd/gojq@$version_jq" "$1" && mv "$1/gojq" "$1/jq"; }

# The other peers of `make bench`.

# The leanest pipeline there is, OTLP in and nothing out: tools/lab/otelcol.yaml.
version_otelcol=v0.161.0
build_otelcol() {
  grep -q "otlpreceiver $version_otelcol" "$root/tools/lab/otelcol.yaml" ||
    fail "tools/lab/otelcol.yaml does not name $version_otelcol"
  plain "go.opentelemetry.io/collector/cmd/builder@$version_otelcol" "$1/src"
  (cd "$1/src" && ./builder --config "$root/tools/lab/otelcol.yaml" >&2)
  mv "$1/src/out/otelcol" "$1/"
  rm -rf "$1/src"
}

version_vmalert=$version_victoria_metrics
build_vmalert() { debian victoria-metrics "$version_vmalert" vmalert "$1"; }

# --- the ways to build one -------------------------------------------------

# plain PACKAGE@VERSION DIR: a module that can be installed as it is.
plain() { (cd / && GOBIN=$2 go install -trimpath "$1"); }

# locked LOCK PACKAGE DIR [FLAG…]: a module with replace or exclude lines, built
# from tools/lab/LOCK, which tools/labmod wrote.
locked() {
  local require="version_$1"
  grep -qE "[[:space:]]${!require}( |$)" "$root/tools/lab/$1/go.mod" ||
    fail "tools/lab/$1 does not lock ${!require}: write it again with go run ./tools/labmod"
  (cd "$root/tools/lab/$1" && go build -trimpath -mod=readonly -o "$3/" "${@:4}" "$2")
}

# copied MODULE@VERSION PACKAGE DIR [STUB…]: a module whose published form
# lacks files it embeds. It is built in a copy, with empty files in their place.
copied() {
  local module=$1 package=$2 dir=$3 source stub
  shift 3
  (cd / && go mod download "$module")
  source=$(cd / && go list -m -f '{{.Dir}}' "$module")
  cp -r "$source" "$dir/src"
  chmod -R u+w "$dir/src"
  for stub in "$@"; do
    mkdir -p "$(dirname "$dir/src/$stub")"
    : >"$dir/src/$stub"
  done
  (cd "$dir/src" && go build -trimpath -mod=readonly -o "$dir/" "$package")
  rm -rf "$dir/src"
}

# debian PACKAGE VERSION PROGRAM DIR: a program of a Debian package.
debian() {
  mkdir "$4/src"
  unpacked "$1" "$2" "$4/src"
  mv "$4/src/usr/bin/$3" "$4/"
  rm -rf "$4/src"
}

# unpacked PACKAGE VERSION DIR: a Debian package, which is unpacked, not
# installed: no root, and nothing starts by itself.
unpacked() {
  command -v apt-get >/dev/null || fail "$1 $2 comes from Debian, and there is no apt-get here"
  local full
  full=$(apt-cache madison "$1" | awk -v v="$2" '$3 == v || index($3, v "+") == 1 || index($3, v "-") == 1 { print $3; exit }')
  [[ -n $full ]] || fail "apt knows no $1 $2: run apt-get update, or another Debian release has another version"
  (cd "$3" && apt-get download -qq "$1=$full" >&2 && dpkg-deb -x ./*.deb . && rm -- ./*.deb)
}

# --- the cache -------------------------------------------------------------

say() { printf 'lab: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
names() { declare -F | sed -n 's/^declare -f build_//p'; }

# provide NAME: make sure that the server is there, and print where.
provide() {
  local name=$1 version="version_${1//-/_}" dir lock
  declare -F "build_$name" >/dev/null || fail "unknown name $name; known: $(names | xargs)"
  dir=$lab/$name-${!version}
  if [[ ! -x $dir/$name ]]; then
    mkdir -p "$lab"
    exec {lock}>"$lab/.$name.lock"
    flock "$lock"
    [[ -x $dir/$name ]] || build "$name" "${!version}" "$dir"
    flock -u "$lock"
    exec {lock}>&-
  fi
  printf '%s %s %s\n' "$name" "${!version}" "$dir/$name"
}

# build NAME VERSION DIR, with the name's lock held.
build() {
  local started=$SECONDS
  say "building $1 $2 …"
  unfinished=$(mktemp -d "$lab/.$1.XXXXXX")
  "build_$1" "$unfinished"
  [[ -x $unfinished/$1 ]] || fail "build_$1 left no executable $1"
  chmod 755 "$unfinished"
  rm -rf "$3"
  mv -T "$unfinished" "$3"
  unfinished=
  say "built $1 $2 in $((SECONDS - started)) s"
}

cleanup() { [[ -z $unfinished ]] || rm -rf "$unfinished"; }
trap cleanup EXIT

if [[ $# -eq 0 ]]; then
  names
fi
for name in "$@"; do
  provide "$name"
done
