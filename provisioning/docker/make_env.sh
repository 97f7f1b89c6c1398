#!/bin/sh
# Writes the file .env that docker-compose.yml needs: passwords made here and now, and
# what people may want to set. An .env that is there already is left alone.
#
#   make env        or: provisioning/docker/make_env.sh [FILE]
set -eu

file=${1:-.env}

password() {
  LC_ALL=C od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}

umask 077
set -o noclobber
if ! {
  cat >"$file" <<EOT
COMPOSE_PROJECT_NAME=orbitwatch

# Which simulators run: any of rocket_launch,spacecraft,iss_tracking; none with your own
# telemetry.
COMPOSE_PROFILES=rocket_launch,spacecraft,iss_tracking

# Made by make_env.sh. The database takes them over when it is first started: to change
# one later, change it there too (ALTER ROLE).
DATABASE_OWNER_PASSWORD=$(password)
DATABASE_FLOW_PASSWORD=$(password)
DATABASE_READER_PASSWORD=$(password)
GRAFANA_ADMIN_PASSWORD=$(password)

# How often flows take a snapshot: what is read since is read again after a crash.
SNAPSHOT_SECONDS=5

# What a flow does when Kafka no longer has what comes next (it was away for over seven
# days): stop, or go on from the earliest there is.
ORBITWATCH_LOST_OFFSET=stop

# Who is told of alerts; any of the three.
ALERT_WEBHOOK_URL=
ALERT_MAIL_TO=
ALERT_MAIL_FROM=
ALERT_MAIL_SMARTHOST=
ALERT_MAIL_USERNAME=
ALERT_MAIL_PASSWORD=
ALERT_SLACK_URL=
ALERT_SLACK_CHANNEL=
EOT
} 2>/dev/null; then
  echo "make_env.sh: cannot write $file (if it exists it is kept: it holds passwords in use)" >&2
  exit 1
fi
echo "wrote $file"
