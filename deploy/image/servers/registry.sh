#!/bin/sh
# Starts the Schema Registry with a share of the container's memory as its heap, as the official image does.
exec java -XX:MaxRAMPercentage="${JAVA_MAX_MEM_RATIO:-50}" -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError \
  -Dquarkus.http.host=0.0.0.0 -jar /opt/registry/quarkus-run.jar
