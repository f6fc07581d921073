#!/bin/bash
# The contract of the official image, whose own class does the work: the environment becomes properties, the storage is
# formatted unless it is already, and the broker replaces this shell, so that it gets the signals.
set -euo pipefail

: "${CLUSTER_ID:=5L6g3nShT-eMCtK--X86sw}"
export CLUSTER_ID
CLASSPATH=$(< /opt/program/classpath)
export CLASSPATH
if [ -z "${KAFKA_LISTENERS-}" ] && [ -n "${KAFKA_ADVERTISED_LISTENERS-}" ]; then
    KAFKA_LISTENERS=$(echo "$KAFKA_ADVERTISED_LISTENERS" | sed -e 's|://[^:]*:|://0.0.0.0:|g')
    export KAFKA_LISTENERS
fi
: "${KAFKA_HEAP_OPTS:=-Xmx1G -Xms1G}"
: "${KAFKA_JVM_PERFORMANCE_OPTS:=-server -XX:+UseG1GC}"

# The cache was made in another place; what the JVM says about that is of no interest.
quiet=(-Xlog:disable -Xlog:all=error:stderr -XX:AOTCache=/opt/program/aot)

# A container that is started again is formatted already; the class ends with a failure then, and only then is that fine.
# shellcheck disable=SC2086 # options, one word each
said=$(java "${quiet[@]}" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC ${KAFKA_OPTS-} \
    -Dorg.slf4j.simpleLogger.defaultLogLevel=warn kafka.docker.KafkaDockerWrapper setup --default-configs-dir /etc/kafka/docker \
    --mounted-configs-dir /mnt/shared/config --final-configs-dir /opt/kafka/config 2>&1) || case $said in
    *"already formatted"*) ;;
    *)
        echo "$said"
        exit 1
        ;;
esac

# shellcheck disable=SC2086
exec java "${quiet[@]}" $KAFKA_HEAP_OPTS $KAFKA_JVM_PERFORMANCE_OPTS ${KAFKA_OPTS-} \
    -Dorg.slf4j.simpleLogger.showDateTime=true "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS" \
    -Dorg.slf4j.simpleLogger.showShortLogName=true \
    -Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config.AbstractConfig=warn \
    kafka.Kafka /opt/kafka/config/server.properties
