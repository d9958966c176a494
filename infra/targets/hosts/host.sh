#!/bin/sh
# What sluice does on a host. Every call names what is to be done, and ends at once when it is done already.
#
#   host.sh prepare <deployment>   host, settings, images: nothing that runs is touched
#   host.sh switch <deployment>    that release instead of the one that runs; on failure the one before, with its settings
#   host.sh up <deployment> <slot>     that release in a slot of its own, beside the one that serves
#   host.sh down <deployment> <slot>   takes it down again, unless the slot holds another by now
#   host.sh proxy <slot> <file> <cmd>  takes the web server's file from standard input; the slot gets the workers
#   host.sh close|open <file> <cmd>    users are told to come again, or let in: one host without slots
#   host.sh weights <file> <cmd> <lines>  other shares of traffic, at once, without any stack
#   host.sh status                 what runs here, as one JSON object
#
# The work is done by a process of its own, and the caller follows it: when the connection is lost, the work goes
# back by itself, so that a deployment which was not seen to succeed has not happened.
#
# Exit codes: 0 done, 3 refused before anything changed, 4 the previous release runs again, 5 a person is needed.
#
# Names of releases are plain words, and `a && b || c` means that c is for whatever failed before it:
# shellcheck disable=SC2012,SC2015
set -u
umask 077

ROOT=$(cd "$(dirname "$0")/.." && pwd) || exit 5
SELF="$ROOT/sluice/host.sh"
STATE="$ROOT/state"
# Seconds without a sign of the caller.
FOLLOW_LIMIT=${SLUICE_FOLLOW_LIMIT:-10}
mkdir -p "$STATE" "$ROOT/log" || exit 5

say() { printf '%s\n' "$*"; }
fail() {
  code=$1
  shift
  printf '%s\n' "$*" >&2
  exit "$code"
}
now() { date +%s; }
# Says that somebody follows; whole or not at all, for it is read at any moment.
beat() { now >"$STATE/followed.new" && mv "$STATE/followed.new" "$STATE/followed"; }
limit() {
  if command -v timeout >/dev/null 2>&1; then timeout "$@"; else shift && "$@"; fi
}
nap() { sleep "$1" 2>/dev/null || sleep 1; }
# Milliseconds, as configuration has them, to seconds for `sleep`.
pause() { nap "$(($1 / 1000)).$(printf '%03d' $(($1 % 1000)))"; }

current() { sed -n 1p "$STATE/current" 2>/dev/null; }
folder() { printf '%s/releases/%s' "$ROOT" "$1"; }
# One value of a release's plan: `name=value` lines, read and never executed.
plan() { sed -n "s/^$2=//p" "$(folder "$1")/plan"; }
version() { plan "$1" version; }

# Compose of one part of a release: its own files, its own copy of the secrets.
compose() {
  of=$1
  part=$2
  shift 2
  dir=$(folder "$of")
  docker compose --project-directory "$dir" --env-file "$dir/settings.env" --env-file "$dir/secrets.env" \
    -f "$dir/compose.$part.yaml" "$@"
}

last_lines() { tail -n 4 "$1" | tr '\n' ' ' | cut -c1-500; }

# ---------------------------------------------------------------------------------------------------------------

prepare() {
  id=$1
  dir=$(folder "$id")
  [ -f "$dir/plan" ] || fail 3 "release $id is not on this host"
  if [ "$(current)" = "$id" ] || grep -qsx "$id" "$STATE/slot-blue" "$STATE/slot-green"; then
    say "$(version "$id") runs already"
    exit 0
  fi
  command -v docker >/dev/null 2>&1 || fail 3 "docker is not installed on this host"
  docker info >/dev/null 2>"$STATE/error" || fail 3 "docker does not answer: $(last_lines "$STATE/error")"
  docker compose version >/dev/null 2>&1 || fail 3 "docker has no compose plugin on this host"
  free=$(df -Pk "$ROOT" | awk 'NR == 2 { print int($4 / 1024) }')
  need=$(plan "$id" disk_free)
  [ "$free" -ge "$need" ] ||
    fail 3 "the disk is full: $free MiB are free below $ROOT, $need MiB are needed (docker image prune --all --filter until=240h)"
  secrets=$ROOT/$(plan "$id" env_file)
  : >"$dir/secrets.env" || fail 3 "the disk is full: nothing can be written below $ROOT"
  if [ -n "$(plan "$id" secrets)" ]; then
    [ -r "$secrets" ] || fail 3 "$secrets is missing: copy the env example there and fill it in"
    for name in $(plan "$id" secrets); do
      grep -q "^$name=..*" "$secrets" || missing="${missing:-} $name"
    done
    [ -z "${missing:-}" ] || fail 3 "$secrets has no value for:$missing"
    # A copy of its own: who goes back gets the secrets of that time.
    cp "$secrets" "$dir/secrets.env" || fail 3 "the disk is full: nothing can be written below $ROOT"
  fi
  for part in $(plan "$id" parts); do
    compose "$id" "$part" config --quiet 2>"$STATE/error" ||
      fail 3 "the compose file is not valid: $(last_lines "$STATE/error")"
  done
  for part in $(plan "$id" parts); do
    compose "$id" "$part" pull --quiet >"$STATE/error" 2>&1 ||
      fail 3 "images cannot be pulled: $(last_lines "$STATE/error")"
  done
  say "host, settings and images of $(version "$id") are ready, $free MiB free"
}

# ---------------------------------------------------------------------------------------------------------------

# Why a try failed stands in `why`.
try_health() {
  looked=$1
  for part in $(plan "$looked" parts); do
    docker ps -a --filter "label=com.docker.compose.project=$(plan "$looked" "project_$part")" \
      --format '{{.Label "com.docker.compose.service"}} {{.Status}}' >"$STATE/ps" 2>&1 || {
      why="docker does not answer"
      return 1
    }
    for service in $(plan "$looked" "services_$part"); do
      status=$(sed -n "s/^$service //p" "$STATE/ps" | sed -n 1p)
      case $status in
        *'(unhealthy)'* | *'(health: starting)'*) why="$service: $status" && return 1 ;;
        Up*) ;;
        *) why="$service: ${status:-has no container}" && return 1 ;;
      esac
    done
  done
  while read -r name address; do
    [ -n "$name" ] || continue
    fetch "$address" "$(plan "$looked" health_timeout)" >"$STATE/answer" 2>&1 || {
      why="$name ($address): $(last_lines "$STATE/answer")"
      return 1
    }
  done <"$(folder "$looked")/endpoints"
  return 0
}

fetch() {
  if command -v curl >/dev/null 2>&1; then
    curl -fsS -o /dev/null --max-time "$2" "$1"
  else
    wget -q -O /dev/null -T "$2" "$1"
  fi
}

wait_healthy() {
  of=$1
  tries=$(plan "$of" health_retries)
  try=1
  until try_health "$of"; do
    say "health: $why (try $try of $tries)"
    [ "$try" -lt "$tries" ] || return 1
    try=$((try + 1))
    pause "$(plan "$of" health_interval)"
    followed || return 1
  done
  say "health: all services and addresses answer (try $try of $tries)"
}

# What users come for, asked at the containers themselves; `why` says what failed.
smoke() {
  of=$1
  [ -s "$(folder "$of")/smoke" ] || return 0
  command -v curl >/dev/null 2>&1 || {
    say "smoke: left out, there is no curl on this host"
    return 0
  }
  end=$(($(now) + $(plan "$of" smoke_timeout)))
  tries=$(plan "$of" smoke_retries)
  until smoke_once "$of"; do
    [ "$tries" -gt 0 ] && [ "$(now)" -lt "$end" ] || return 1
    tries=$((tries - 1))
    pause "$(plan "$of" smoke_interval)"
    followed || return 1
  done
}

smoke_once() {
  dir=$(folder "$1")
  wrong=
  while read -r number level statuses name; do
    [ -n "$number" ] || continue
    problem=
    code=$(curl -sS -K "$dir/smoke.$number" -o "$STATE/answer" -w '%{http_code}' 2>"$STATE/error") ||
      problem=$(last_lines "$STATE/error")
    case ",$statuses," in
      *",$code,"*) ;;
      *) problem=${problem:-"answered $code, wanted $statuses"} ;;
    esac
    if [ -z "$problem" ] && [ -f "$dir/smoke.$number.contains" ]; then
      grep -qF -f "$dir/smoke.$number.contains" "$STATE/answer" || problem="the answer does not contain what it should"
    fi
    say "smoke: $name: ${problem:-passed}"
    if [ -n "$problem" ] && [ "$level" = critical ]; then wrong="$wrong; $name: $problem"; fi
  done <"$dir/smoke"
  [ -n "$wrong" ] || return 0
  why="smoke tests failed: ${wrong#; }"
  return 1
}

# Nobody follows: the connection was lost, so nobody would learn how it ends.
followed() {
  [ "${alone:-no}" = yes ] && return 0
  [ $(($(now) - $(sed -n 1p "$STATE/followed" 2>/dev/null || printf 0))) -le "$FOLLOW_LIMIT" ] && return 0
  why="the connection to the host was lost"
  return 1
}

# Somebody follows at this very moment: two new signs, so that between them a line went through.
confirmed() {
  for _ in first second; do
    rm -f "$STATE/followed"
    waited=0
    until [ -f "$STATE/followed" ]; do
      waited=$((waited + 1))
      [ "$waited" -le $((FOLLOW_LIMIT * 5)) ] || {
        why="the connection to the host was lost"
        return 1
      }
      nap 0.2
    done
  done
}

# Takes a release up: files, containers, then what is to be run inside them. `why` says what failed.
bring_up() {
  of=$1
  seconds=$(plan "$of" deploy_timeout)
  for part in $(plan "$of" parts); do
    say "start: $(plan "$of" "project_$part"), graceful stop of what changes"
    dir=$(folder "$of")
    limit "$seconds" docker compose --project-directory "$dir" --env-file "$dir/settings.env" \
      --env-file "$dir/secrets.env" -f "$dir/compose.$part.yaml" up -d --remove-orphans >"$STATE/up" 2>&1 || {
      why="the services did not start: $(last_lines "$STATE/up")"
      return 1
    }
  done
  serve "$of" || return 1
  say "start: containers run, waiting $(plan "$of" start_delay) ms"
  pause "$(plan "$of" start_delay)"
}

# The host's web server, where it is configured: the file of this release, checked before it is taken.
serve() {
  to=$(plan "$1" proxy)
  from=$(folder "$1")/proxy.conf
  [ -n "$to" ] || return 0
  # A host that is closed to users stays so whatever is released.
  if [ -f "$STATE/closed" ]; then
    with_users none "$from" >"$STATE/proxy.conf"
    from="$STATE/proxy.conf"
  fi
  if cmp -s "$from" "$to"; then return 0; fi
  mkdir -p "$(dirname "$to")" && cp "$from" "$to.new" && mv "$to.new" "$to" || {
    why="$to cannot be written"
    return 1
  }
  sh -c "$(plan "$1" reload)" >"$STATE/reload" 2>&1 || {
    why="the web server did not take its configuration: $(last_lines "$STATE/reload")"
    return 1
  }
}

after_start() {
  of=$1
  part=$(plan "$of" released)
  while read -r name service command; do
    [ -n "$name" ] || continue
    followed || return 1
    say "$name: $command"
    limit "$(plan "$of" deploy_timeout)" docker compose --project-directory "$(folder "$of")" \
      --env-file "$(folder "$of")/settings.env" --env-file "$(folder "$of")/secrets.env" \
      -f "$(folder "$of")/compose.$part.yaml" exec -T "$service" sh -c "$command" </dev/null >"$STATE/after" 2>&1 || {
      cat "$STATE/after"
      why="$name failed: $(last_lines "$STATE/after")"
      return 1
    }
    cat "$STATE/after"
  done <"$(folder "$of")/after"
}

record() {
  printf '{"at":"%s","deployment":"%s","version":"%s","result":"%s","before":"%s"}\n' \
    "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" "$(version "$1")" "$2" "${before:-}" >>"$ROOT/records.jsonl"
}

finish() {
  printf '%s\n%s\n' "$1" "$2" >"$STATE/result.new"
  [ "$1" = 5 ] || rm -f "$STATE/doing"
  rm -rf "$STATE/lock"
  mv "$STATE/result.new" "$STATE/result-$id"
  exit 0
}

# Written whole or not at all.
become() {
  cp "$(folder "$1")/manifest.json" "$STATE/manifest.new" &&
    mv "$STATE/manifest.new" "$ROOT/$(plan "$1" manifest)" &&
    printf '%s\n' "$1" >"$STATE/current.new" && mv "$STATE/current.new" "$STATE/current"
}

go_back() {
  reason=$why
  say "failed: $reason"
  alone=yes
  if [ -z "$before" ]; then
    for part in $(plan "$id" parts); do compose "$id" "$part" down >/dev/null 2>&1; done
    record "$id" failed
    finish 4 "$reason; it was the first release here, so nothing runs"
  fi
  say "back: $(version "$before") with its settings"
  if bring_up "$before" && wait_healthy "$before"; then
    record "$id" rolled_back
    finish 4 "$reason; $(version "$before") runs again with its settings"
  fi
  record "$id" broken
  finish 5 "$reason; and $(version "$before") does not come back either: $why"
}

# A slot of its own: nothing that serves users is touched, so there is nothing to take up again.
work_up() {
  id=$1
  slot=$2
  before=
  why=
  say "$(version "$id") comes up in $slot"
  if bring_up "$id" && after_start "$id" && wait_healthy "$id" && smoke "$id" && confirmed &&
    printf '%s\n' "$id" >"$STATE/slot-$slot"; then
    record "$id" up
    before=$(current)
    tidy_up
    finish 0 "$(version "$id") is up in $slot"
  fi
  reason=${why:-the disk is full}
  say "failed: $reason"
  compose "$id" "$slot" down >/dev/null 2>&1
  rm -f "$STATE/slot-$slot"
  record "$id" failed
  finish 4 "$reason; the slot $slot was taken down, users were never on it"
}

down() {
  id=$1
  slot=$2
  # The slot may have been given to another release since.
  [ "$(sed -n 1p "$STATE/slot-$slot" 2>/dev/null)" = "$id" ] || { say "$slot holds another release by now"; exit 0; }
  compose "$id" "$slot" --profile serving down >"$STATE/error" 2>&1 || fail 5 "$slot cannot be taken down: $(last_lines "$STATE/error")"
  rm -f "$STATE/slot-$slot"
  say "$(version "$id") is down"
}

# Shares of traffic; then the workers follow the users. The file is checked before it is taken, and put back otherwise.
proxy() {
  slot=$1
  to=$2
  mkdir -p "$(dirname "$to")" && cat >"$to.new" || fail 5 "$to cannot be written"
  if cmp -s "$to.new" "$to"; then
    rm -f "$to.new"
  else
    take_file "$to" "$3"
  fi
  id=$(sed -n 1p "$STATE/slot-$slot" 2>/dev/null)
  [ -n "$id" ] || fail 5 "nothing is up in $slot"
  if [ "$(current)" != "$id" ]; then
    other=blue
    [ "$slot" = blue ] && other=green
    old=$(sed -n 1p "$STATE/slot-$other" 2>/dev/null)
    # shellcheck disable=SC2046 # a list of names
    if [ -n "$old" ] && [ -n "$(plan "$old" workers)" ]; then
      compose "$old" "$other" --profile serving stop $(plan "$old" workers) >/dev/null 2>&1
    fi
    compose "$id" "$slot" --profile serving up -d >"$STATE/up" 2>&1 || fail 5 "the workers did not start: $(last_lines "$STATE/up")"
    become "$id" || fail 5 "the disk is full: the manifest cannot be written"
  fi
  say "users are on $slot, $(version "$id")"
}

# Takes a file for the web server; what it refuses is put back.
take_file() {
  [ ! -f "$1" ] || cp "$1" "$1.old"
  mv "$1.new" "$1"
  sh -c "$2" >"$STATE/reload" 2>&1 && {
    rm -f "$1.old"
    return 0
  }
  if [ -f "$1.old" ]; then mv "$1.old" "$1"; else rm -f "$1"; fi
  fail 5 "the web server did not take its file, and goes on as before: $(last_lines "$STATE/reload")"
}

# Where users are sent: a slot, what the shares say, or nowhere.
with_users() { sed "s/^  default [^;]*;/  default $1;/" "$2"; }

# One host without slots closed to users, or opened again.
door() {
  [ -f "$2" ] || fail 3 "$2 is not there: nothing stands in front of the containers on this host"
  if [ "$1" = close ]; then
    : >"$STATE/closed" || fail 5 "the disk is full: nothing can be written below $ROOT"
    users=none
  else
    rm -f "$STATE/closed"
    # A variable of nginx.
    # shellcheck disable=SC2016
    users='$sluice_share'
  fi
  with_users "$users" "$2" >"$2.new" || fail 5 "$2 cannot be written"
  take_file "$2" "$3"
  say "users are $([ "$1" = close ] && echo 'told to come again' || echo 'let in')"
}

weights() {
  [ -f "$1" ] || fail 3 "$1 is not there: nothing shares traffic out on this host"
  awk -v shares="$3" '
    /^split_clients/ { print; gsub(/;/, ";\n", shares); printf "%s", shares; inside = 1; next }
    /^}/ { inside = 0 }
    !inside { print }
  ' "$1" >"$1.new" || fail 5 "$1 cannot be written"
  take_file "$1" "$2"
}

tidy_up() {
  keep=$(plan "$id" keep)
  ls -1t "$ROOT/releases" | sed "1,${keep}d" | while read -r old; do
    [ "$old" = "$id" ] || [ "$old" = "$before" ] || rm -rf "$ROOT/releases/$old" "$STATE/result-$old" "$ROOT/log/$old.log"
  done
}

work() {
  id=$1
  before=$(current)
  why=
  say "$(version "$id") instead of $([ -z "$before" ] && echo nothing || version "$before")"
  bring_up "$id" && after_start "$id" && wait_healthy "$id" && smoke "$id" && confirmed || go_back
  become "$id" || {
    why="the disk is full: the manifest cannot be written"
    go_back
  }
  record "$id" success
  tidy_up
  say "$(version "$id") runs"
  finish 0 "$(version "$id") runs"
}

# ---------------------------------------------------------------------------------------------------------------

lock() {
  mkdir "$STATE/lock" 2>/dev/null && return 0
  holder=$(sed -n 1p "$STATE/lock/pid" 2>/dev/null)
  if [ -n "$holder" ] && kill -0 "$holder" 2>/dev/null; then return 1; fi
  # Its process died, or the host was restarted: what it did is undone by deploying again.
  rm -rf "$STATE/lock"
  mkdir "$STATE/lock"
}

follow() {
  id=$1
  log="$ROOT/log/$id.log"
  shown=0
  while :; do
    beat
    count=$(wc -l <"$log")
    if [ "$count" -gt "$shown" ]; then
      sed -n "$((shown + 1)),${count}p" "$log" || exit 5
      shown=$count
    else
      # Something must be written again and again: only so a lost connection ends this process.
      printf ' ' || exit 5
    fi
    if [ -f "$STATE/result-$id" ]; then
      code=$(sed -n 1p "$STATE/result-$id")
      [ "$code" = 0 ] && exit 0
      fail "$code" "$(sed -n 2p "$STATE/result-$id") (log on the host: $log)"
    fi
    holder=$(sed -n 1p "$STATE/lock/pid" 2>/dev/null)
    if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null && [ ! -f "$STATE/result-$id" ]; then
      fail 5 "the work on the host ended without a result (log on the host: $log)"
    fi
    nap 0.2
  done
}

done_already() {
  [ -z "$(sed -n 1p "$STATE/doing" 2>/dev/null)" ] || return 1
  case $1 in
    switch) [ "$(current)" = "$2" ] ;;
    up) [ "$(sed -n 1p "$STATE/slot-$3" 2>/dev/null)" = "$2" ] ;;
  esac
}

# Starts the work unless it is in hand, and follows it.
begin() {
  word=$1
  id=$2
  slot=${3:-}
  [ -f "$(folder "$id")/plan" ] || fail 3 "release $id is not on this host"
  if lock; then
    if done_already "$word" "$id" "$slot"; then
      rm -rf "$STATE/lock"
      say "$(version "$id") runs already"
      exit 0
    fi
    rm -f "$STATE/result-$id"
    printf '%s\n' "$id" >"$STATE/lock/deployment"
    : >>"$ROOT/log/$id.log"
    beat
    printf '%s\n' "$id" >"$STATE/doing" || fail 3 "the disk is full: nothing can be written below $ROOT"
    if command -v setsid >/dev/null 2>&1; then
      setsid sh "$SELF" "work-$word" "$id" "$slot" </dev/null >>"$ROOT/log/$id.log" 2>&1 &
    else
      nohup sh "$SELF" "work-$word" "$id" "$slot" </dev/null >>"$ROOT/log/$id.log" 2>&1 &
    fi
    printf '%s\n' "$!" >"$STATE/lock/pid"
  elif [ "$(sed -n 1p "$STATE/lock/deployment" 2>/dev/null)" != "$id" ]; then
    fail 3 "$(sed -n 1p "$STATE/lock/deployment") is under way on this host"
  fi
  follow "$id"
}

status() {
  id=$(current)
  if [ -z "$id" ]; then
    printf '{"deployment":null}\n'
  else
    printf '{"deployment":"%s","version":"%s","interrupted":"%s"}\n' "$id" "$(version "$id")" "$(sed -n 1p "$STATE/doing" 2>/dev/null)"
  fi
}

case ${1:-} in
  prepare) prepare "$2" ;;
  close | open) door "$1" "$2" "$3" ;;
  weights) weights "$2" "$3" "$4" ;;
  switch) begin switch "$2" ;;
  up) begin up "$2" "$3" ;;
  down) down "$2" "$3" ;;
  proxy) proxy "$2" "$3" "$4" ;;
  work-switch) work "$2" ;;
  work-up) work_up "$2" "$3" ;;
  status) status ;;
  *) fail 2 "host.sh prepare|switch|up|down|proxy|status" ;;
esac
