package io.github.bitnet4j.core.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.bitnet4j.FinishReason;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonArray;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonString;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The files of {@code malformed/}: each is accepted or rejected as its manifest says. */
class MalformedFilesTest {
  private static final Path FOLDER = SampleModels.resource("malformed");

  record Case(String path, String kind, String expect, String note) {
    @Override
    public String toString() {
      return path + ": " + note;
    }
  }

  private static List<Case> cases(String kind) throws IOException {
    List<Case> cases = new ArrayList<>();
    JsonArray manifest = (JsonArray) JsonReader.read(FOLDER.resolve("manifest.json"));
    for (JsonValue element : manifest.elements()) {
      JsonObject entry = (JsonObject) element;
      cases.add(
          new Case(
              text(entry, "path"),
              text(entry, "kind"),
              text(entry, "expect"),
              text(entry, "note")));
    }
    cases.removeIf(c -> !c.kind.equals(kind));
    return cases;
  }

  private static String text(JsonObject entry, String key) {
    return ((JsonString) entry.get(key)).value();
  }

  static Stream<Case> safetensors() throws IOException {
    return cases("safetensors").stream();
  }

  static Stream<Case> ggufFiles() throws IOException {
    return cases("gguf").stream();
  }

  static Stream<Case> directories() throws IOException {
    return cases("hf-dir").stream();
  }

  @Test
  void theManifestIsComplete() throws IOException {
    assertThat(cases("safetensors"))
        .hasSizeGreaterThan(30)
        .extracting(Case::expect)
        .contains("accept", "reject");
    assertThat(cases("hf-dir"))
        .hasSizeGreaterThan(50)
        .extracting(Case::expect)
        .contains("accept", "reject");
  }

  @ParameterizedTest
  @MethodSource("safetensors")
  void safetensorsFilesAreJudgedAsTheManifestSays(Case c) throws IOException {
    Path file = FOLDER.resolve(c.path);
    try (Arena arena = Arena.ofConfined()) {
      if (c.expect.equals("accept")) {
        assertThat(SafetensorsFile.open(file, arena).tensors()).isNotEmpty();
      } else {
        assertThatExceptionOfType(ModelFormatException.class)
            .isThrownBy(() -> SafetensorsFile.open(file, arena))
            .satisfies(e -> assertThat(e.path()).isEqualTo(file))
            .withMessageStartingWith(file + ": ")
            .withMessageContaining("expected")
            .withMessageContaining("found");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("ggufFiles")
  void ggufFilesAreJudgedAsTheManifestSays(Case c) throws IOException {
    Path file = FOLDER.resolve(c.path);
    if (c.expect.equals("accept")) {
      try (Arena arena = Arena.ofConfined()) {
        assertThat(GgufFile.open(file, arena, false)).isNotNull();
      }
    }
    boolean model = c.path.startsWith("ggufm_"); // the others are containers only
    if (model && c.expect.equals("accept")) {
      assertGenerates(file);
    } else {
      assertThatExceptionOfType(ModelFormatException.class)
          .isThrownBy(() -> Model.load(file).close())
          .withMessageStartingWith(file + ": ")
          .withMessageContaining("expected")
          .withMessageContaining("found");
    }
  }

  @ParameterizedTest
  @MethodSource("directories")
  void modelDirectoriesAreJudgedAsTheManifestSays(Case c) throws IOException {
    Path directory = FOLDER.resolve(c.path);
    if (c.expect.equals("accept")) {
      assertGenerates(directory);
    } else {
      assertThatExceptionOfType(ModelFormatException.class)
          .isThrownBy(() -> Model.load(directory).close())
          .withMessageStartingWith(directory.toString())
          .withMessageContaining("expected")
          .withMessageContaining("found");
    }
  }

  private static void assertGenerates(Path path) throws IOException {
    try (Model model = Model.load(path);
        Session session = model.newSession()) {
      GenerationConfig three =
          GenerationConfig.builder().maxTokens(3).ignoreStopTokens(true).build();
      assertThat(session.generate(new int[] {0, 1}, three).finishReason())
          .isEqualTo(FinishReason.LENGTH);
    }
  }
}
