#!/bin/sh
# shellcheck disable=SC2086 # the heap is several options
exec java ${KAFKA_HEAP_OPTS:--Xmx512m} -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError -cp '/opt/kafka/libs/*' kafka.Kafka "$@"
