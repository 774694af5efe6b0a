package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.core.Fixtures;
import io.github.bitnet4j.core.format.GgufFile;
import io.github.bitnet4j.core.format.GgufFile.GgufTensor;
import io.github.bitnet4j.core.format.GgufValue;
import io.github.bitnet4j.core.format.GgufWriter;
import io.github.bitnet4j.core.format.SampleModels;
import io.github.bitnet4j.core.format.TensorContent;
import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Model files for the tests of this package. */
final class ToolCases {
  static final Path TIED_I2S = SampleModels.golden("b158-tied").resolveSibling("model-i2_s.gguf");

  private static final Path MALFORMED = SampleModels.resource("malformed");

  private ToolCases() {}

  /** A file of {@code malformed/}. */
  record Case(Path path, String kind, boolean accept) {
    boolean isModel() {
      return kind.equals("hf-dir") || path.getFileName().toString().startsWith("ggufm_");
    }
  }

  static Stream<Case> malformed() throws IOException {
    return Fixtures.objects(JsonReader.read(MALFORMED.resolve("manifest.json"))).stream()
        .map(ToolCases::toCase);
  }

  private static Case toCase(JsonObject entry) {
    return new Case(
        MALFORMED.resolve(Fixtures.string(entry.get("path"))),
        Fixtures.string(entry.get("kind")),
        Fixtures.string(entry.get("expect")).equals("accept"));
  }

  /** Writes some tensors of a GGUF file with changed metadata. */
  static Path copyGguf(
      Path file,
      Path copy,
      Consumer<Map<String, GgufValue>> metadataChange,
      Consumer<List<GgufTensor>> tensorChange)
      throws IOException {
    try (Arena arena = Arena.ofConfined();
        OutputStream out = Files.newOutputStream(copy)) {
      GgufFile opened = GgufFile.open(file, arena, false);
      Map<String, GgufValue> metadata = new LinkedHashMap<>(opened.metadata());
      metadataChange.accept(metadata);
      List<GgufTensor> tensors = new ArrayList<>(opened.tensors().values());
      tensorChange.accept(tensors);
      GgufWriter.write(
          out,
          metadata,
          tensors.stream()
              .map(
                  t ->
                      new GgufWriter.Entry(
                          t.name(), t.type(), t.dimensions(), TensorContent.of(t.data())))
              .toList());
    }
    return copy;
  }
}
