import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** The loop of loop.py in Java: same names in the environment, same words on stdout. */
public class Loop {
    public static void main(String[] arguments) throws Exception {
        Map<String, String> env = System.getenv();
        int count = Integer.parseInt(env.get("COUNT"));
        Properties common = new Properties();
        common.put("bootstrap.servers", env.get("KAFKA_BOOTSTRAP_SERVERS"));
        Properties reading = with(common, "Deserializer", "key.deserializer", "value.deserializer");
        reading.put("group.id", env.get("GROUP"));
        reading.put("group.protocol", env.get("GROUP_PROTOCOL"));
        reading.put("isolation.level", "read_committed");
        reading.put("enable.auto.commit", "false");
        reading.put("auto.offset.reset", "earliest");
        reading.put("max.poll.records", "4");
        Properties writing = with(common, "Serializer", "key.serializer", "value.serializer");
        writing.put("transactional.id", env.get("TRANSACTIONAL_ID"));
        writing.put("compression.type", "snappy");
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(reading);
                KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(writing)) {
            producer.initTransactions();
            consumer.subscribe(List.of(env.get("INPUT")));
            for (int done = 0; done < count; ) {
                ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofSeconds(1));
                if (records.isEmpty()) continue;
                producer.beginTransaction();
                long next = 0;
                for (ConsumerRecord<byte[], byte[]> record : records) {
                    byte[] value = ("loop:" + new String(record.value(), "UTF-8")).getBytes("UTF-8");
                    producer.send(new ProducerRecord<>(env.get("OUTPUT"), record.key(), value));
                    next = record.offset() + 1;
                }
                producer.sendOffsetsToTransaction(
                        Map.of(new TopicPartition(env.get("INPUT"), 0), new OffsetAndMetadata(next)),
                        consumer.groupMetadata());
                producer.commitTransaction();
                done += records.count();
                System.out.println(done);
            }
            System.in.readAllBytes();
        }
    }

    private static Properties with(Properties common, String kind, String... names) {
        Properties all = new Properties();
        all.putAll(common);
        String folder = kind.equals("Serializer") ? "serialization.ByteArraySerializer" : "serialization.ByteArrayDeserializer";
        for (String name : names) all.put(name, "org.apache.kafka.common." + folder);
        return all;
    }
}
