#!/bin/sh
# Runs the flow of a system: run_flow.sh SYSTEM. Its snapshots are in /state, which is
# made ready at the first start.
set -eu

[ -e /state/part-0.sqlite3 ] || python -m bytewax.recovery /state 1
exec python -m bytewax.run "dataflows.$1:flow" -r /state -s "$SNAPSHOT_SECONDS" -b 0
