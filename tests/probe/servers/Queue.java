// A client of Kafka: makes a topic, sends one record and reads it again. Arguments: HOST:PORT, a file of the root.
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public class Queue {
  public static void main(String[] arguments) throws Exception {
    Properties words = new Properties();
    words.putAll(Map.of(
        "bootstrap.servers", arguments[0], "security.protocol", "SSL", "ssl.truststore.type", "PEM",
        "ssl.truststore.location", arguments[1], "request.timeout.ms", "30000", "default.api.timeout.ms", "90000",
        "max.block.ms", "90000", "auto.offset.reset", "earliest"));
    try (Admin admin = Admin.create(words)) {
      admin.createTopics(List.of(new NewTopic("orders", 1, (short) 1))).all().get();
    }
    try (var producer = new KafkaProducer<>(words, new StringSerializer(), new StringSerializer())) {
      producer.send(new ProducerRecord<>("orders", "forty-two")).get();
    }
    try (var consumer = new KafkaConsumer<>(words, new StringDeserializer(), new StringDeserializer())) {
      consumer.assign(List.of(new TopicPartition("orders", 0)));
      for (int turn = 0; turn < 60; turn++) {
        for (var one : consumer.poll(Duration.ofSeconds(1))) {
          System.out.println(one.value());
          return;
        }
      }
    }
  }
}
