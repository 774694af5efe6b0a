package io.github.bitnet4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonNumber;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Assumptions;

/** Finds and reads the golden cases of the tests. */
final class TestData {
  private TestData() {}

  /** Returns a file of the test resources, such as {@code mini/tokenizer.json}. */
  static Path resource(String name) {
    URL url = Objects.requireNonNull(TestData.class.getResource(name), name);
    try {
      return Path.of(url.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(name, e);
    }
  }

  /**
   * Returns a file of the folder {@code shared} beside the repository; without it skips the test.
   */
  static Path shared(String name) {
    Path folder = Path.of(System.getProperty("user.dir")).toAbsolutePath();
    while (folder != null && !Files.exists(folder.resolve("shared").resolve(name))) {
      folder = folder.getParent();
    }
    Assumptions.assumeTrue(
        folder != null, "skipped: there is no ../shared/" + name + " beside the repository");
    return Objects.requireNonNull(folder).resolve("shared").resolve(name);
  }

  /** Returns a file of the folder {@code shared}, unpacked into a folder if it is a gzip file. */
  static Path unpacked(String name, Path folder) throws IOException {
    Path file = shared(name);
    String fileName = file.getFileName().toString();
    if (!fileName.endsWith(".gz")) {
      return file;
    }
    Path target = folder.resolve(fileName.substring(0, fileName.length() - ".gz".length()));
    try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
      Files.copy(in, target);
    }
    return target;
  }

  static Tokenizer mini() throws IOException {
    return Tokenizer.load(resource("mini/tokenizer.json"));
  }

  static Tokenizer demo() throws IOException {
    return Tokenizer.load(resource("demo/tokenizer.json"));
  }

  /** One JSON object of a file with one a line. */
  record Case(JsonObject json) {
    String text(String key) {
      return ((JsonString) Objects.requireNonNull(json.get(key), key)).value();
    }

    Optional<String> optionalText(String key) {
      return json.get(key) == null ? Optional.empty() : Optional.of(text(key));
    }

    int number(String key) {
      return ((JsonNumber) Objects.requireNonNull(json.get(key), key)).value().intValueExact();
    }

    Optional<int[]> optionalIds(String key) {
      return json.get(key) == null ? Optional.empty() : Optional.of(ids(key));
    }

    int[] ids(String key) {
      return elements(key).stream()
          .mapToInt(id -> ((JsonNumber) id).value().intValueExact())
          .toArray();
    }

    List<String> texts(String key) {
      return elements(key).stream().map(text -> ((JsonString) text).value()).toList();
    }

    private List<JsonValue> elements(String key) {
      return ((JsonArray) Objects.requireNonNull(json.get(key), key)).elements();
    }
  }

  static List<Case> cases(Path file) throws IOException {
    List<Case> cases = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      cases.add(new Case((JsonObject) JsonReader.read(line)));
    }
    return cases;
  }

  /** Checks every case of a {@code cases.jsonl}: ids, ids with special tokens, and decoding. */
  static void assertCases(Tokenizer tokenizer, List<Case> cases) {
    for (Case golden : cases) {
      String text = golden.text("text");
      int[] ids = golden.ids("ids");
      assertThat(tokenizer.encode(text)).as(golden.text("id")).isEqualTo(ids);
      assertThat(tokenizer.encode(text, new EncodeOptions(false, true)))
          .as(golden.text("id") + " with special tokens")
          .isEqualTo(golden.optionalIds("ids_special").orElse(ids));
      assertThat(tokenizer.decode(ids))
          .as(golden.text("id") + " decoded")
          .isEqualTo(golden.optionalText("decoded").orElse(text));
    }
  }

  /** Checks every case of a {@code long-cases.jsonl}: number, hash and both ends of the ids. */
  static void assertLongCases(Tokenizer tokenizer, List<Case> cases) {
    for (Case golden : cases) {
      String text =
          golden.text("prefix")
              + golden.text("unit").repeat(golden.number("repeat"))
              + golden.text("suffix");

      int[] ids = tokenizer.encode(text);

      String id = golden.text("id");
      assertThat(ids).as(id).hasSize(golden.number("n")).startsWith(golden.ids("head"));
      assertThat(Arrays.copyOfRange(ids, ids.length - 12, ids.length))
          .as(id)
          .isEqualTo(golden.ids("tail"));
      assertThat(sha256(ids)).as(id).isEqualTo(golden.text("sha256"));
    }
  }

  private static String sha256(int[] ids) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(ids);
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
