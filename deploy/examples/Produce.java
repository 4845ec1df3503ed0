import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Properties;
import java.util.regex.Pattern;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Produces one purchase straight to Kafka with kafka-clients alone: java -cp 'kafka/libs/*' Produce.java BROKERS REGISTRY [NAMESPACE]
 *
 * With Confluent's KafkaAvroSerializer at hand, let that write the value (auto.register.schemas=false, use.latest.version=true); the
 * bytes are the same.
 */
public class Produce {
  public static void main(String[] words) throws Exception {
    var namespace = words.length > 2 ? words[2] : "";
    var topic = namespace.isEmpty() ? "actions" : namespace + ".actions";
    var schema = latestSchema(words[1], topic + "-value");
    var now = System.currentTimeMillis();
    var userId = "2375";
    var value = new Action(schema)
        // Derived from the order, so that the purchase counts once however often it is produced.
        .text("java-order-7-0").text(userId).text("1082185")
        .symbol("buy")
        .number(now).number(now)
        .some().text("order-7")
        .some().decimal(2)
        // It answers no slate.
        .none().none()
        .bytes();

    var settings = new Properties();
    settings.put("bootstrap.servers", words[0]);
    // Acknowledged by every in-sync replica, and a repeated request counts once. The default partitioner is the right one.
    settings.put("acks", "all");
    settings.put("enable.idempotence", "true");
    try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer())) {
      var place = producer.send(new ProducerRecord<>(topic, null, now, userId, value)).get();
      System.out.printf("%s is in partition %d at offset %d%n", userId, place.partition(), place.offset());
    }
  }

  record Schema(int id, List<String> actionTypes) {}

  static Schema latestSchema(String registry, String subject) throws Exception {
    var address = URI.create(registry + "/subjects/" + subject + "/versions/latest");
    var answer = HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) throw new IllegalStateException(subject + ": " + answer.body());
    var id = find("\"id\"\\s*:\\s*(\\d+)", answer.body());
    // The schema is a text inside of the answer, so its quotes are escaped.
    var symbols = find("ActionType\\\\\".*?symbols\\\\\"\\s*:\\s*\\[(.*?)\\]", answer.body());
    return new Schema(Integer.parseInt(id), List.of(symbols.replaceAll("[\\\\\"\\s]", "").split(",")));
  }

  static String find(String pattern, String text) {
    var found = Pattern.compile(pattern, Pattern.DOTALL).matcher(text);
    if (!found.find()) throw new IllegalStateException("There is no " + pattern + " in " + text);
    return found.group(1);
  }

  /** The Confluent wire format: a zero byte, the id of the schema, and the fields in Avro, in the order of the schema. */
  static class Action {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final Schema schema;

    Action(Schema schema) {
      this.schema = schema;
      out.writeBytes(ByteBuffer.allocate(5).put((byte) 0).putInt(schema.id()).array());
    }

    Action number(long value) {
      var rest = (value << 1) ^ (value >> 63);
      for (; (rest & ~0x7FL) != 0; rest >>>= 7) out.write((int) ((rest & 0x7F) | 0x80));
      out.write((int) rest);
      return this;
    }

    Action text(String value) {
      var utf8 = value.getBytes(StandardCharsets.UTF_8);
      number(utf8.length);
      out.writeBytes(utf8);
      return this;
    }

    Action symbol(String type) {
      var index = schema.actionTypes().indexOf(type);
      if (index < 0) throw new IllegalArgumentException(type + " is none of " + schema.actionTypes());
      return number(index);
    }

    Action decimal(double value) {
      var bits = Long.reverseBytes(Double.doubleToLongBits(value));
      out.writeBytes(ByteBuffer.allocate(8).putLong(bits).array());
      return this;
    }

    /** Of an optional field the value follows. */
    Action some() {
      return number(1);
    }

    Action none() {
      return number(0);
    }

    byte[] bytes() {
      return out.toByteArray();
    }
  }
}
