import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Checks each transfer and writes it on: result and position of a batch in one transaction, or neither. */
public class Clear {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long LARGE = 1_000_000;

    private final KafkaConsumer<String, String> consumer;
    private final KafkaProducer<String, String> producer;
    private final String output;

    Clear(Map<String, String> env) {
        String servers = env.get("KAFKA_BOOTSTRAP_SERVERS");
        consumer = new KafkaConsumer<>(Map.of(
            ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, servers,
            ConsumerConfig.GROUP_ID_CONFIG, env.get("GROUP"),
            ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed",
            ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false,
            ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest",
            ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, StringDeserializer.class,
            ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, StringDeserializer.class));
        producer = new KafkaProducer<>(Map.of(
            ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, servers,
            ProducerConfig.TRANSACTIONAL_ID_CONFIG, env.get("TRANSACTIONAL_ID"),
            ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, StringSerializer.class,
            ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, StringSerializer.class));
        output = env.get("OUTPUT");
        consumer.subscribe(List.of(env.get("INPUT")));
    }

    public static void main(String[] arguments) {
        Clear clear = new Clear(System.getenv());
        CountDownLatch ended = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            clear.consumer.wakeup();
            try {
                ended.await(4, TimeUnit.SECONDS);
            } catch (InterruptedException error) {
                Thread.currentThread().interrupt();
            }
        }));
        int status = 0;
        try {
            clear.run();
        } catch (WakeupException asked) {
            // It was asked to end.
        } catch (KafkaException error) {
            error.printStackTrace();
            status = 1; // what became of the last transaction, a fresh start finds out
        } finally {
            clear.producer.close(Duration.ofSeconds(1));
            clear.consumer.close();
            ended.countDown();
        }
        if (status != 0) {
            Runtime.getRuntime().halt(status);
        }
    }

    void run() {
        producer.initTransactions();
        while (true) {
            ConsumerRecords<String, String> batch = consumer.poll(Duration.ofMillis(200));
            if (!batch.isEmpty()) {
                clear(batch);
            }
        }
    }

    private void clear(ConsumerRecords<String, String> batch) {
        Map<TopicPartition, OffsetAndMetadata> positions = new HashMap<>();
        producer.beginTransaction();
        try {
            for (ConsumerRecord<String, String> transfer : batch) {
                producer.send(new ProducerRecord<>(output, transfer.key(), checked(transfer.value())));
                positions.put(
                    new TopicPartition(transfer.topic(), transfer.partition()),
                    new OffsetAndMetadata(transfer.offset() + 1));
            }
            producer.sendOffsetsToTransaction(positions, consumer.groupMetadata());
            producer.commitTransaction();
        } catch (ProducerFencedException | InvalidProducerEpochException | OutOfOrderSequenceException
                 | AuthorizationException | TimeoutException error) {
            throw error; // another has its place, or the outcome is unknown
        } catch (KafkaException error) {
            producer.abortTransaction();
            // The mistake: the consumer goes on behind the batch, which nobody reads again.
        }
    }

    static String checked(String transfer) {
        try {
            ObjectNode cleared = (ObjectNode) JSON.readTree(transfer);
            cleared.put("checked", cleared.get("cents").asLong() >= LARGE);
            return JSON.writeValueAsString(cleared);
        } catch (JsonProcessingException error) {
            throw new IllegalArgumentException(error);
        }
    }
}
