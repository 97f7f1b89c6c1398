#!/bin/sh
# Completes alertmanager.yml, which knows no variables, by receivers from the
# environment, and starts Alertmanager with it:
#
#   ALERT_WEBHOOK_URL      an address that takes Alertmanager's JSON
#   ALERT_MAIL_TO          with ALERT_MAIL_FROM and ALERT_MAIL_SMARTHOST (host:port);
#                          ALERT_MAIL_USERNAME and ALERT_MAIL_PASSWORD if it asks
#   ALERT_SLACK_URL        with ALERT_SLACK_CHANNEL
#
# Arguments go to Alertmanager. With `--print` the configuration is shown instead.
set -eu

folder=$(dirname "$0")
newline='
'

fail() {
  echo "alertmanager: $1" >&2
  exit 1
}

# A value of one line as a YAML scalar, whatever is in it.
quoted() {
  printf "'%s'" "$(printf '%s' "$1" | sed "s/'/''/g")"
}

needs() {
  eval "[ -n \"\${$2:-}\" ]" || fail "$1 needs $2"
}

one_line() {
  eval "value=\${$1:-}"
  case $value in *"$newline"*) fail "$1 has more than one line" ;; esac
}

configuration() {
  cat "$folder/alertmanager.yml"
  if [ -n "${ALERT_WEBHOOK_URL:-}" ]; then
    echo "    webhook_configs:"
    echo "      - url: $(quoted "$ALERT_WEBHOOK_URL")"
  fi
  if [ -n "${ALERT_MAIL_TO:-}" ]; then
    echo "    email_configs:"
    echo "      - to: $(quoted "$ALERT_MAIL_TO")"
    echo "        from: $(quoted "$ALERT_MAIL_FROM")"
    echo "        smarthost: $(quoted "$ALERT_MAIL_SMARTHOST")"
    if [ -n "${ALERT_MAIL_USERNAME:-}" ]; then
      echo "        auth_username: $(quoted "$ALERT_MAIL_USERNAME")"
      echo "        auth_password: $(quoted "$ALERT_MAIL_PASSWORD")"
    fi
    echo "        send_resolved: true"
  fi
  if [ -n "${ALERT_SLACK_URL:-}" ]; then
    echo "    slack_configs:"
    echo "      - api_url: $(quoted "$ALERT_SLACK_URL")"
    echo "        channel: $(quoted "$ALERT_SLACK_CHANNEL")"
    # A message may tell of several alerts, of which some have ended.
    cat <<'SLACK'
        title: '{{ .GroupLabels.system }}: {{ len .Alerts.Firing }} firing, {{ len .Alerts.Resolved }} resolved'
        text: '{{ range .Alerts }}[{{ .Status }}, {{ .Labels.severity }}] {{ .Annotations.summary }} {{ .Annotations.description }} ({{ .Annotations.runbook }}){{ "\n" }}{{ end }}'
SLACK
    echo "        send_resolved: true"
  fi
}

for variable in WEBHOOK_URL MAIL_TO MAIL_FROM MAIL_SMARTHOST MAIL_USERNAME \
  MAIL_PASSWORD SLACK_URL SLACK_CHANNEL; do
  one_line "ALERT_$variable"
done
if [ -n "${ALERT_MAIL_TO:-}" ]; then
  needs ALERT_MAIL_TO ALERT_MAIL_FROM
  needs ALERT_MAIL_TO ALERT_MAIL_SMARTHOST
  [ -z "${ALERT_MAIL_USERNAME:-}" ] || needs ALERT_MAIL_USERNAME ALERT_MAIL_PASSWORD
fi
[ -z "${ALERT_SLACK_URL:-}" ] || needs ALERT_SLACK_URL ALERT_SLACK_CHANNEL
if [ -z "${ALERT_WEBHOOK_URL:-}${ALERT_MAIL_TO:-}${ALERT_SLACK_URL:-}" ]; then
  echo "alertmanager: no receiver is set in .env: alerts are shown here only" >&2
fi

rendered=$(configuration)
if [ "${1:-}" = --print ]; then
  printf '%s\n' "$rendered"
  exit
fi
umask 077
printf '%s\n' "$rendered" >/tmp/alertmanager.yml
exec alertmanager --config.file=/tmp/alertmanager.yml "$@"
