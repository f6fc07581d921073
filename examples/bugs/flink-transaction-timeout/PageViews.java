import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.triggers.CountTrigger;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;

/** Counts the views of each page per minute of event time; who comes more than five minutes late is put aside. Apache Flink. */
public class PageViews {
    static final Duration ALLOWED = Duration.ofMinutes(5);
    static final Duration WINDOW = Duration.ofMinutes(1);
    /** Shorter than a restart takes: what a checkpoint has prepared is aborted before the next life can commit it. */
    static final String TRANSACTION_TIMEOUT_MS = "1000";
    /** The header that says which event a record comes from; it is passed on. */
    static final String EVENT = "stream-contracts-event";
    static final OutputTag<View> LATE = new OutputTag<>("late", TypeInformation.of(View.class));
    private static final ObjectMapper JSON = new ObjectMapper();

    /** One view of a page; {@code event} is the header that says which record it came from. */
    public static class View {
        public String page = "";
        public long at;
        public byte[] value = {};
        public byte[] event = {};
    }

    /** How many views a window has, and the last of them. */
    public static class Count {
        public long views;
        public View last = new View();
    }

    /** A record as it is written. */
    public static class Out {
        public String key = "";
        public String value = "";
        public byte[] event = {};
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, String> env = System.getenv();
        StreamExecutionEnvironment flink = StreamExecutionEnvironment.getExecutionEnvironment();
        flink.setParallelism(1);
        flink.enableCheckpointing(300);
        SingleOutputStreamOperator<Out> counted = flink
            .fromSource(source(env), WatermarkStrategy.forGenerator(context -> new Newest()), "views")
            .uid("views")
            .keyBy(view -> view.page)
            .window(TumblingEventTimeWindows.of(WINDOW))
            .trigger(CountTrigger.of(1))
            .sideOutputLateData(LATE)
            .aggregate(new Counting(), new Naming())
            .uid("windows");
        counted.sinkTo(sink(env, "OUTPUT")).uid("counted");
        counted.getSideOutput(LATE).map(PageViews::late).sinkTo(sink(env, "LATE")).uid("late");
        flink.execute("pageviews");
    }

    /** Each process finds Kafka in its own environment, also where the job is only run and not described. */
    static final String SERVERS = "${env:KAFKA_BOOTSTRAP_SERVERS}";

    static KafkaSource<View> source(Map<String, String> env) {
        return KafkaSource.<View>builder()
            .setBootstrapServers(SERVERS)
            .setProperty("config.providers", "env")
            .setProperty("config.providers.env.class", "org.apache.kafka.common.config.provider.EnvVarConfigProvider")
            .setTopics(env.get("INPUT"))
            .setGroupId(env.get("GROUP"))
            // Its position is in the checkpoints; what a group commits besides would be for people who watch it.
            .setProperty("commit.offsets.on.checkpoint", "false")
            .setProperty("isolation.level", "read_committed")
            .setStartingOffsets(OffsetsInitializer.earliest())
            .setDeserializer(new Reading())
            .build();
    }

    static KafkaSink<Out> sink(Map<String, String> env, String topic) {
        return KafkaSink.<Out>builder()
            .setBootstrapServers(SERVERS)
            .setProperty("config.providers", "env")
            .setProperty("config.providers.env.class", "org.apache.kafka.common.config.provider.EnvVarConfigProvider")
            .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
            .setTransactionalIdPrefix(env.get("GROUP") + "." + topic)
            // Ids are used again, and who takes over asks the broker which transactions are left open.
            .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
            .setProperty("transaction.timeout.ms", TRANSACTION_TIMEOUT_MS)
            .setRecordSerializer(KafkaRecordSerializationSchema.<Out>builder()
                .setTopic(env.get(topic))
                .setKeySerializationSchema(new Key())
                .setValueSerializationSchema(new Value())
                .setHeaderProvider(out -> new RecordHeaders().add(EVENT, out.event))
                .build())
            .build();
    }

    static Out late(View view) throws IOException {
        Out out = new Out();
        ObjectNode late = (ObjectNode) JSON.readTree(view.value);
        out.key = view.page + "@" + view.at; // its page and its time say which view it is
        out.value = late.put("page", view.page).put("at", view.at).toString();
        out.event = view.event;
        return out;
    }

    /** The watermark follows each record at once: what is late depends on the order of the records, and on nothing else. */
    static class Newest implements WatermarkGenerator<View> {
        private long newest = Long.MIN_VALUE + ALLOWED.toMillis() + 1;

        @Override
        public void onEvent(View view, long at, WatermarkOutput output) {
            newest = Math.max(newest, at);
            output.emitWatermark(new Watermark(newest - ALLOWED.toMillis() - 1));
        }

        @Override
        public void onPeriodicEmit(WatermarkOutput output) {
        }
    }

    static class Counting implements AggregateFunction<View, Count, Count> {
        @Override
        public Count createAccumulator() {
            return new Count();
        }

        @Override
        public Count add(View view, Count count) {
            count.views += 1;
            count.last = view;
            return count;
        }

        @Override
        public Count getResult(Count count) {
            return count;
        }

        @Override
        public Count merge(Count one, Count other) {
            throw new UnsupportedOperationException("these windows are never merged");
        }
    }

    static class Naming extends ProcessWindowFunction<Count, Out, String, TimeWindow> {
        @Override
        public void process(String page, Context context, Iterable<Count> counts, Collector<Out> found) {
            for (Count count : counts) {
                Out out = new Out();
                out.key = page;
                out.value = JSON.createObjectNode()
                    .put("window", context.window().getStart()).put("views", count.views).toString();
                out.event = count.last.event;
                found.collect(out);
            }
        }
    }

    static class Reading implements KafkaRecordDeserializationSchema<View> {
        @Override
        public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<View> found) {
            View view = new View();
            view.page = new String(record.key(), StandardCharsets.UTF_8);
            view.at = record.timestamp();
            view.value = record.value();
            Header event = record.headers().lastHeader(EVENT);
            view.event = event == null ? view.event : event.value();
            found.collect(view);
        }

        @Override
        public TypeInformation<View> getProducedType() {
            return TypeInformation.of(View.class);
        }
    }

    static class Key implements SerializationSchema<Out> {
        @Override
        public byte[] serialize(Out out) {
            return out.key.getBytes(StandardCharsets.UTF_8);
        }
    }

    static class Value implements SerializationSchema<Out> {
        @Override
        public byte[] serialize(Out out) {
            return out.value.getBytes(StandardCharsets.UTF_8);
        }
    }
}
