#!/usr/bin/env bash
# Runs the demo in front of a real HAProxy with wrk as its client, both of which
# tools/lab.sh fetches. Arguments go to `slo-engine demo`; ENGINE names another
# binary than bin/slo-engine.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
engine=${ENGINE:-$root/bin/slo-engine}

where() { "$root/tools/lab.sh" "$1" | awk '{ print $3 }'; }
haproxy=$(where haproxy)
wrk=$(where wrk)

# What the two are linked with lies beside them.
libraries=$(printf '%s:' "$(dirname "$haproxy")"/usr/lib/*-linux-gnu* "$(dirname "$wrk")"/usr/lib/*-linux-gnu*)
LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:-} exec "$engine" demo --haproxy "$haproxy" --wrk "$wrk" "$@"
