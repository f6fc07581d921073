import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.Incompatibility;
import org.apache.avro.SchemaNormalization;

/**
 * Avro's own answers, one JSON line for each JSON line asked.
 *
 * {"reader", "writer"} asks for the compatibility check; {"schema"} for the parsing canonical form and its fingerprints;
 * {"reader", "writer", "repeat": n} for the nanoseconds of one check, the best of n.
 */
public final class AvroOracle {
  private static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] args) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      ObjectNode answer = JSON.createObjectNode();
      try {
        answer(JSON.readTree(line), answer);
      } catch (Exception | StackOverflowError error) {
        answer.put("error", error.getClass().getSimpleName() + ": " + error.getMessage());
      }
      out.println(JSON.writeValueAsString(answer));
    }
  }

  private static Schema parse(JsonNode text) {
    Schema.Parser parser = new Schema.Parser();
    parser.setValidateDefaults(false);
    return parser.parse(text.asText());
  }

  private static void answer(JsonNode question, ObjectNode answer) throws Exception {
    if (question.has("schema")) {
      Schema schema = parse(question.get("schema"));
      answer.put("canonical", SchemaNormalization.toParsingForm(schema));
      for (String algorithm : new String[] {"CRC-64-AVRO", "MD5", "SHA-256"}) {
        answer.put(algorithm, HexFormat.of().formatHex(SchemaNormalization.parsingFingerprint(algorithm, schema)));
      }
      return;
    }
    Schema reader = parse(question.get("reader"));
    Schema writer = parse(question.get("writer"));
    if (question.has("repeat")) {
      answer.put("nanoseconds", fastest(reader, writer, question.get("repeat").asInt()));
      return;
    }
    var result = SchemaCompatibility.checkReaderWriterCompatibility(reader, writer).getResult();
    answer.put("compatible", result.getIncompatibilities().isEmpty());
    ArrayNode found = answer.putArray("differences");
    for (Incompatibility difference : result.getIncompatibilities()) {
      ObjectNode row = found.addObject();
      row.put("kind", difference.getType().name());
      row.put("path", difference.getLocation());
      row.put("info", difference.getMessage());
    }
  }

  private static long fastest(Schema reader, Schema writer, int repeat) {
    long best = Long.MAX_VALUE;
    for (int i = 0; i < repeat; i++) {
      long start = System.nanoTime();
      SchemaCompatibility.checkReaderWriterCompatibility(reader, writer);
      best = Math.min(best, System.nanoTime() - start);
    }
    return best;
  }
}
