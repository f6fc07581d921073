import java.io.File;
import java.time.Duration;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;

/** Runs a small job in one process, a cluster of its own, and loads what a job loads that has a broker; then it ends. */
public class FlinkTraining {
    private static final Pattern WANTED = Pattern.compile(
        "org/apache/kafka/(common|clients/(consumer|producer|admin|[A-Z]))|org/apache/flink/connector/(kafka|base)"
            + "|org/apache/flink/(container|runtime/(entrypoint|taskexecutor|resourcemanager|dispatcher|checkpoint|registration))"
            + "|com/fasterxml/jackson/(core|databind)");

    public static void main(String[] arguments) throws Exception {
        StreamExecutionEnvironment flink = StreamExecutionEnvironment.getExecutionEnvironment();
        flink.setParallelism(1);
        flink.enableCheckpointing(100);
        flink.fromSequence(0, 100_000)
            .assignTimestampsAndWatermarks(WatermarkStrategy.<Long>forMonotonousTimestamps().withTimestampAssigner((number, at) -> number))
            .keyBy(number -> number % 3)
            .window(TumblingEventTimeWindows.of(Duration.ofSeconds(1)))
            .reduce(Long::sum)
            .sinkTo(new DiscardingSink<>());
        flink.execute("training");
        for (String jar : System.getProperty("java.class.path").split(File.pathSeparator)) {
            load(jar);
        }
        System.exit(0);
    }

    private static void load(String jar) throws Exception {
        try (JarFile file = new JarFile(jar)) {
            for (String name : file.stream().map(JarEntry::getName).filter(FlinkTraining::isWanted).toList()) {
                try {
                    Class.forName(name.replace('/', '.').replaceAll("\\.class$", ""), false, FlinkTraining.class.getClassLoader());
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
