import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;

/** Gives each sale the price of its product, or none where the product is not on the list. */
public class Pricing {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] arguments) throws InterruptedException {
        Map<String, String> env = System.getenv();
        KafkaStreams streams = new KafkaStreams(topology(env), settings(env));
        CountDownLatch ended = new CountDownLatch(1);
        // A thread that was fenced, or lost its broker, begins anew from what is committed.
        streams.setUncaughtExceptionHandler(error -> StreamThreadExceptionResponse.REPLACE_THREAD);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close(Duration.ofSeconds(4));
            ended.countDown();
        }));
        streams.start();
        ended.await();
    }

    static Topology topology(Map<String, String> env) {
        StreamsBuilder builder = new StreamsBuilder();
        KTable<String, String> prices = builder.table(env.get("PRICES"));
        KStream<String, String> sales = builder.stream(env.get("SALES"));
        sales.leftJoin(prices, Pricing::priced).to(env.get("OUTPUT"));
        return builder.build();
    }

    static String priced(String sale, String price) {
        try {
            ObjectNode priced = (ObjectNode) JSON.readTree(sale);
            priced.set("cents", price == null ? null : JSON.readTree(price).get("cents"));
            return JSON.writeValueAsString(priced);
        } catch (JsonProcessingException error) {
            throw new IllegalArgumentException(error);
        }
    }

    static Properties settings(Map<String, String> env) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, env.get("APPLICATION"));
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, env.get("KAFKA_BOOTSTRAP_SERVERS"));
        settings.put(StreamsConfig.STATE_DIR_CONFIG, env.get("STATE"));
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        // Commits often, so that hardly anything is done twice.
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100L);
        settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.String().getClass());
        settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.String().getClass());
        settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, env.getOrDefault("REPLICATION", "-1"));
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        // Of two records that could be next, the older one is: wait a little for the other side to show what it has.
        settings.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, 200L);
        return settings;
    }
}
