import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.flink.container.entrypoint.StandaloneApplicationClusterEntryPoint;

/** A JobManager that goes on at the newest checkpoint that was completed, as a platform that keeps jobs running does. */
public class FlinkProcess {
    /** Its arguments: the folder of the checkpoints, then those of Flink's own entry point. */
    public static void main(String[] arguments) throws IOException {
        List<String> own = new ArrayList<>(List.of(arguments).subList(1, arguments.length));
        newest(Path.of(arguments[0])).ifPresent(found -> own.addAll(List.of("--fromSavepoint", found.toUri().toString())));
        StandaloneApplicationClusterEntryPoint.main(own.toArray(String[]::new));
    }

    /** A checkpoint is complete when its metadata is there; they are numbered, also across lives. */
    static Optional<Path> newest(Path checkpoints) throws IOException {
        if (!Files.isDirectory(checkpoints)) {
            return Optional.empty();
        }
        try (Stream<Path> all = Files.walk(checkpoints, 3)) {
            return all.filter(each -> each.getFileName().toString().equals("_metadata"))
                .map(Path::getParent)
                .max(Comparator.comparingLong(each -> Long.parseLong(each.getFileName().toString().substring("chk-".length()))));
        }
    }
}
