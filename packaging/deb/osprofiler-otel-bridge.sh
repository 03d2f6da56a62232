#!/bin/sh
# The package brings a Node.js of its own: Debian 12's is too old.
home=/usr/lib/osprofiler-otel-bridge
exec $home/node FLAGS $home/bin/osprofiler-otel-bridge.cjs "$@"
