#!/usr/bin/env bash
# A container engine of its own for one test run:  engine.sh FOLDER
#
# Installs dockerd where it is missing (Debian and Ubuntu, as root), starts one that keeps everything in FOLDER and listens
# only on FOLDER/docker.sock, says "ready unix://FOLDER/docker.sock" on stdout, and waits for the end of its stdin. Then it
# removes every container and network, stops dockerd, and puts the packet filter back as it was. Whoever starts it holds
# the other end of stdin, so an engine does not outlive a test run that was killed.
#
# Where no engine can be had it says why on stderr and ends with status 3.
set -euo pipefail

folder=${1:?usage: engine.sh FOLDER}
socket=$folder/docker.sock
install_s=${ENGINE_INSTALL_S:-400}
start_s=${ENGINE_START_S:-60}
wait_s=${ENGINE_WAIT_S:-900}

fail() {
    printf 'no container engine: %s\n' "$1" >&2
    [ -s "$folder/dockerd.log" ] && { echo 'end of dockerd.log:'; tail -n 15 "$folder/dockerd.log"; } >&2
    echo "what to do: run the tests as root on Debian or Ubuntu; or with STREAM_CONTRACTS_DOCKER_LANE=official, where an" \
        "engine answers and has, or can pull, the official images; or switch them off by name: STREAM_CONTRACTS_DOCKER_LANE=off" >&2
    exit 3
}

missing() {
    local program
    for program in dockerd docker iptables busybox bash-static; do
        command -v "$program" > /dev/null || echo "$program"
    done
    docker compose version > /dev/null 2>&1 || command -v docker-compose > /dev/null || echo docker-compose
}

engine() { docker --host "unix://$socket" "$@"; }

install() {
    [ -z "$(missing)" ] && return
    [ "$(id -u)" = 0 ] || fail "$(missing | tr '\n' ' ')not found, and only root may install them"
    command -v apt-get > /dev/null || fail "$(missing | tr '\n' ' ')not found, and there is no apt-get to install them with"
    export DEBIAN_FRONTEND=noninteractive
    {
        timeout "$install_s" apt-get update -qq
        timeout "$install_s" apt-get install -y -qq --no-install-recommends docker.io docker-compose iptables busybox-static bash-static
    } > "$folder/install.log" 2>&1 < /dev/null || fail "apt-get could not install it: $(tail -n 3 "$folder/install.log")"
    [ -z "$(missing)" ] || fail "$(missing | tr '\n' ' ')not found, though apt-get installed docker.io"
}

start() {
    [ "$(id -u)" = 0 ] || fail "dockerd of our own needs root"
    # Two engines would tread on each other's packet filter: one at a time, until we are gone, whatever ends us.
    exec 9> /tmp/stream-contracts-engine.lock
    flock --timeout "$wait_s" 9 || fail "another test run has had one for $wait_s s"
    iptables-save > "$folder/iptables.before" 2> /dev/null || fail "the packet filter cannot be read: $(iptables-save 2>&1 | tail -n 1)"
    cat /proc/sys/net/ipv4/ip_forward > "$folder/ip_forward.before"
    # A session of its own: a ^C at the terminal ends the tests first, and us through their end.
    setsid dockerd --host "unix://$socket" --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/dockerd.pid" \
        --bridge none --group root > "$folder/dockerd.log" 2>&1 < /dev/null 9>&- &
    daemon=$!
    local deadline=$((SECONDS + start_s))
    until engine version > /dev/null 2>&1; do
        kill -0 "$daemon" 2> /dev/null || fail "dockerd ended as soon as it was started"
        [ "$SECONDS" -lt "$deadline" ] || fail "dockerd did not answer in $start_s s"
        sleep 0.1
    done
}

restore() {
    iptables-restore 2> /dev/null << RULES || true
*filter
:INPUT ACCEPT
:FORWARD ACCEPT
:OUTPUT ACCEPT
COMMIT
*nat
:PREROUTING ACCEPT
:INPUT ACCEPT
:OUTPUT ACCEPT
:POSTROUTING ACCEPT
COMMIT
$(cat "$folder/iptables.before")
RULES
}

stop() {
    trap '' EXIT
    [ -n "$daemon" ] || return 0
    local left
    left=$(timeout 20 docker --host "unix://$socket" ps -aq 2> /dev/null || true)
    # shellcheck disable=SC2086 # ids, one word each
    [ -z "$left" ] || timeout 60 docker --host "unix://$socket" rm -f -v $left > /dev/null 2>&1 || true
    timeout 20 docker --host "unix://$socket" network prune -f > /dev/null 2>&1 || true
    kill "$daemon" 2> /dev/null || true
    local deadline=$((SECONDS + 30))
    while kill -0 "$daemon" 2> /dev/null; do
        [ "$SECONDS" -lt "$deadline" ] || { kill -9 "$daemon"; break; }
        sleep 0.1
    done
    # Another engine's rules are not ours to reset.
    grep -q DOCKER "$folder/iptables.before" || restore
    cat "$folder/ip_forward.before" > /proc/sys/net/ipv4/ip_forward
    umount "$folder"/exec/netns/* "$folder/data" "$folder"/data/* 2> /dev/null || true
    rm -rf --one-file-system "$folder"
}

main() {
    daemon=
    mkdir -p "$folder"
    install
    trap stop EXIT
    trap '' INT HUP
    trap 'exit 143' TERM
    start
    echo "ready unix://$socket"
    cat > /dev/null
    exit
}

main
