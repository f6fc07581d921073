import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Materialized;

/** Loads what an application loads at its start: it finds no broker, and ends by itself after a moment. */
public class Training {
    private static final Pattern WANTED = Pattern.compile(
            "org/apache/kafka/(streams|common|clients/(consumer|producer|admin|[A-Z]))|org/rocksdb/[A-Z]"
                    + "|com/fasterxml/jackson/(core|databind)");

    public static void main(String[] arguments) throws Exception {
        Path state = Files.createTempDirectory(Path.of(""), "state");
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "training");
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "127.0.0.1:9");
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
        settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.String().getClass());
        settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.String().getClass());
        StreamsBuilder builder = new StreamsBuilder();
        builder.<String, String>stream("stream")
                .leftJoin(builder.<String, String>table("table", Materialized.as("table")), (left, right) -> left + right)
                .to("output");
        KafkaStreams streams = new KafkaStreams(builder.build(), settings);
        streams.start();
        for (String jar : System.getProperty("java.class.path").split(File.pathSeparator)) {
            load(jar);
        }
        streams.close(Duration.ofSeconds(1));
        // Its threads would wait longer for the broker that is not there.
        System.exit(0);
    }

    /** What is needed only once there is a broker: every class of the clients and of Kafka Streams. */
    private static void load(String jar) throws Exception {
        try (JarFile file = new JarFile(jar)) {
            for (String name : file.stream().map(JarEntry::getName).filter(Training::isWanted).toList()) {
                try {
                    Class.forName(name.replace('/', '.').replaceAll("\\.class$", ""), false, Training.class.getClassLoader());
                } catch (LinkageError | ClassNotFoundException error) {
                    // It is for something that is not on the class path.
                }
            }
        }
    }

    private static boolean isWanted(String name) {
        return name.endsWith(".class") && !name.contains("module-info") && WANTED.matcher(name).lookingAt();
    }
}
