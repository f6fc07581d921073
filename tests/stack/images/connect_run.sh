#!/bin/bash
# The contract of Debezium's image: some settings have variables of their own, the others are CONNECT_* in capitals, with
# underscores for dots; "start" runs a distributed worker in place of this shell.
set -euo pipefail

[ "${1-}" = start ] || exec "$@"

: "${CONFIG_STORAGE_TOPIC:?}" "${OFFSET_STORAGE_TOPIC:?}" "${GROUP_ID:=1}" "${BOOTSTRAP_SERVERS:=0.0.0.0:9092}"
address=$(hostname -i | cut -d' ' -f1)
export CONNECT_REST_ADVERTISED_PORT=${ADVERTISED_PORT:-8083}
export CONNECT_REST_ADVERTISED_HOST_NAME=${ADVERTISED_HOST_NAME:-$address}
export CONNECT_REST_PORT=${REST_PORT:-8083}
export CONNECT_REST_HOST_NAME=${REST_HOST_NAME:-$address}
export CONNECT_BOOTSTRAP_SERVERS=$BOOTSTRAP_SERVERS
export CONNECT_GROUP_ID=$GROUP_ID
export CONNECT_CONFIG_STORAGE_TOPIC=$CONFIG_STORAGE_TOPIC
export CONNECT_OFFSET_STORAGE_TOPIC=$OFFSET_STORAGE_TOPIC
export CONNECT_STATUS_STORAGE_TOPIC=${STATUS_STORAGE_TOPIC:-connect-status}
export CONNECT_KEY_CONVERTER=${KEY_CONVERTER:-org.apache.kafka.connect.json.JsonConverter}
export CONNECT_VALUE_CONVERTER=${VALUE_CONVERTER:-org.apache.kafka.connect.json.JsonConverter}
export CONNECT_TASK_SHUTDOWN_GRACEFUL_TIMEOUT_MS=${SHUTDOWN_TIMEOUT:-10000}
export CONNECT_OFFSET_FLUSH_INTERVAL_MS=${OFFSET_FLUSH_INTERVAL_MS:-60000}
export CONNECT_OFFSET_FLUSH_TIMEOUT_MS=${OFFSET_FLUSH_TIMEOUT_MS:-5000}

for name in "${!CONNECT_@}"; do
    key=${name#CONNECT_}
    key=${key,,}
    printf '%s=%s\n' "${key//_/.}" "${!name}"
done > /kafka/config/connect-distributed.properties

CLASSPATH=$(< /opt/program/classpath)
export CLASSPATH
# shellcheck disable=SC2086 # options, one word each
exec java -Xlog:disable -Xlog:all=error:stderr -XX:AOTCache=/opt/program/aot ${HEAP_OPTS--Xms256M -Xmx2G} \
    ${KAFKA_JVM_PERFORMANCE_OPTS--server -XX:+UseG1GC} ${KAFKA_OPTS-} -Dorg.slf4j.simpleLogger.showDateTime=true \
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS" -Dorg.slf4j.simpleLogger.showShortLogName=true \
    -Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config.AbstractConfig=warn \
    org.apache.kafka.connect.cli.ConnectDistributed /kafka/config/connect-distributed.properties
