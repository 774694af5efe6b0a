package io.github.bitnet4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.core.format.SafetensorsFile;
import io.github.bitnet4j.core.format.Tensor;
import io.github.bitnet4j.core.trace.Trace;
import io.github.bitnet4j.core.trace.TraceStep;
import io.github.bitnet4j.spi.TernaryTensor;
import io.github.bitnet4j.spi.TernaryTensor.Layout;
import io.github.bitnet4j.tokenizer.EncodeOptions;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Faults that made an earlier engine print gibberish, each under the name of what is right. */
class OriginBugsTest {
  private static final String GROUPED = "b158-untied-sharded";

  @Test
  void ropeRotatesEachKeyHeadOnceUnderGroupedQueries() throws IOException {
    Trace trace = tracePrompt(GROUPED);
    Trace reference = Trace.read(Fixtures.path("golden/" + GROUPED + "/expected.safetensors"));
    int headDim = 32;
    double theta = 500_000;
    for (String which : List.of("q", "k")) {
      TraceStep before = step(trace, "layers.0." + which + "_proj");
      TraceStep after = step(trace, "layers.0." + which + "_rope");
      TraceStep expected = step(reference, "layers.0." + which + "_rope");
      assertThat(after.columns()).isEqualTo(which.equals("q") ? 10 * headDim : 2 * headDim);
      for (int position = 0; position < after.rows(); position++) {
        for (int head = 0; head < after.columns() / headDim; head++) {
          String where = "%s, position %d, head %d".formatted(which, position, head);
          double[] rotated = rotate(before, position, head * headDim, headDim, theta);
          double squaresBefore = 0;
          double squaresAfter = 0;
          double largest = 0;
          for (double value : rotated) {
            largest = Math.max(largest, Math.abs(value));
          }
          for (int lane = 0; lane < headDim; lane++) {
            int column = head * headDim + lane;
            double value = after.get(position, column);
            assertThat(value).as(where).isCloseTo(rotated[lane], within(1e-5 * largest));
            assertThat(value)
                .as(where)
                .isCloseTo(expected.get(position, column), within(1e-5 * largest));
            squaresBefore += Math.pow(before.get(position, column), 2);
            squaresAfter += value * value;
          }
          assertThat(squaresAfter).as(where).isCloseTo(squaresBefore, within(1e-5 * squaresBefore));
        }
      }
    }
  }

  /** Rotates a head as the paper defines it, in doubles. */
  private static double[] rotate(
      TraceStep step, int position, int offset, int headDim, double theta) {
    int half = headDim / 2;
    double[] rotated = new double[headDim];
    for (int j = 0; j < half; j++) {
      double angle = position * Math.pow(theta, -2.0 * j / headDim);
      double a = step.get(position, offset + j);
      double b = step.get(position, offset + half + j);
      rotated[j] = a * Math.cos(angle) - b * Math.sin(angle);
      rotated[half + j] = b * Math.cos(angle) + a * Math.sin(angle);
    }
    return rotated;
  }

  @Test
  void neighbouringQueryHeadsShareAKeyValueHead() throws IOException {
    Trace trace = tracePrompt(GROUPED);
    TraceStep values = step(trace, "layers.0.v_proj");
    TraceStep attended = step(trace, "layers.0.attn_out");
    for (int head = 0; head < 10; head++) { // at position 0 attention copies the only value
      for (int lane = 0; lane < 32; lane++) {
        assertThat(attended.get(0, head * 32 + lane))
            .as("head %d", head)
            .isEqualTo(values.get(0, head / 5 * 32 + lane));
      }
    }
  }

  @Test
  void subNormsStandBeforeOutputAndDownProjections() throws IOException {
    for (String folder : List.of("b158-tied", GROUPED)) {
      Trace trace = tracePrompt(folder);
      for (int i = 0; i < 2; i++) {
        String layer = "layers." + i + ".";
        String block = folder + ", " + layer;
        String inFile = "model." + layer;

        // concatenated heads -> attn_sub_norm -> o_proj -> added as it is
        assertNormalized(
            block,
            step(trace, layer + "attn_out"),
            weight(folder, inFile + "self_attn.attn_sub_norm.weight"),
            step(trace, layer + "attn_sub_norm"));
        assertQuantized(step(trace, layer + "attn_sub_norm"), trace, layer + "o_proj", true);
        assertQuantized(step(trace, layer + "attn_out"), trace, layer + "o_proj", false);
        TraceStep input = i == 0 ? step(trace, "embed") : step(trace, "layers.0.out");
        assertSum(input, step(trace, layer + "o_proj"), step(trace, layer + "resid_attn"));

        // act(gate) * up -> ffn_sub_norm -> down_proj -> added as it is
        assertNormalized(
            block,
            step(trace, layer + "act_mul"),
            weight(folder, inFile + "mlp.ffn_sub_norm.weight"),
            step(trace, layer + "ffn_sub_norm"));
        assertQuantized(step(trace, layer + "ffn_sub_norm"), trace, layer + "down_proj", true);
        assertQuantized(step(trace, layer + "act_mul"), trace, layer + "down_proj", false);
        assertSum(
            step(trace, layer + "resid_attn"),
            step(trace, layer + "down_proj"),
            step(trace, layer + "out"));
      }
    }
  }

  private static void assertNormalized(
      String where, TraceStep x, float[] weight, TraceStep normalized) {
    for (int row = 0; row < x.rows(); row++) {
      double meanSquare = Math.pow(x.rowNorm(row), 2) / x.columns();
      double factor = 1 / Math.sqrt(meanSquare + 1e-5);
      for (int i = 0; i < x.columns(); i++) {
        double expected = weight[i] * x.get(row, i) * factor;
        assertThat((double) normalized.get(row, i))
            .as("%s%s, row %d", where, normalized.name(), row)
            .isCloseTo(expected, within(1e-6 * Math.abs(expected)));
      }
    }
  }

  /** Compares the quantized input of a linear layer with the quantization of a step. */
  private static void assertQuantized(TraceStep step, Trace trace, String linear, boolean equal) {
    TraceStep int8 = step(trace, linear + ".act_int8");
    int mismatches = 0;
    for (int row = 0; row < step.rows(); row++) {
      float max = 1e-5f;
      for (int i = 0; i < step.columns(); i++) {
        max = Math.max(max, Math.abs(step.get(row, i)));
      }
      float scale = 127 / max;
      for (int i = 0; i < step.columns(); i++) {
        if (int8.get(row, i) != Math.rint(step.get(row, i) * scale)) {
          mismatches++;
        }
      }
    }
    int values = step.rows() * step.columns();
    if (equal) {
      assertThat(mismatches).as("%s as input of %s", step.name(), linear).isZero();
    } else {
      assertThat(mismatches)
          .as("%s in place of the input of %s", step.name(), linear)
          .isGreaterThan(values / 10);
    }
  }

  private static void assertSum(TraceStep a, TraceStep b, TraceStep sum) {
    for (int row = 0; row < sum.rows(); row++) {
      for (int i = 0; i < sum.columns(); i++) {
        assertThat(sum.get(row, i))
            .as("%s, row %d", sum.name(), row)
            .isEqualTo(a.get(row, i) + b.get(row, i));
      }
    }
  }

  private static float[] weight(String folder, String name) throws IOException {
    try (Arena arena = Arena.ofConfined();
        var files = Files.list(Fixtures.goldenModel(folder))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".safetensors")).toList()) {
        Tensor tensor = SafetensorsFile.open(file, arena).tensors().get(name);
        if (tensor != null) { // BF16: the upper half of a float
          short[] upper = tensor.data().toArray(ValueLayout.JAVA_SHORT_UNALIGNED);
          float[] values = new float[upper.length];
          for (int i = 0; i < values.length; i++) {
            values[i] = Float.intBitsToFloat(upper[i] << 16);
          }
          return values;
        }
      }
    }
    throw new AssertionError("no tensor " + name);
  }

  @Test
  void tritCodeIsTritPlusOneAndRowsAreInFourBlocks() throws IOException {
    List<JsonObject> cases = Fixtures.unitCases("packed.json");
    assertThat(cases.stream().map(c -> Fixtures.integer(c.get("out")))).contains(6, 8);
    for (JsonObject expected : cases) {
      int out = Fixtures.integer(expected.get("out"));
      int in = Fixtures.integer(expected.get("in"));
      byte[] packed = HexFormat.of().parseHex(Fixtures.string(expected.get("packed_hex")));
      TernaryTensor tensor =
          new TernaryTensor("w", Layout.ROW_QUARTERS, out, in, MemorySegment.ofArray(packed));
      List<JsonValue> rows = Fixtures.elements(expected.get("trits"));
      assertThat(rows).hasSize(out);
      for (int row = 0; row < out; row++) {
        byte[] trits = new byte[in + 2];
        Arrays.fill(trits, (byte) 99);
        tensor.decodeRow(row, trits, 1);
        int[] expectedTrits = Fixtures.ints(rows.get(row));
        for (int i = 0; i < in; i++) {
          assertThat((int) trits[1 + i])
              .as("%d x %d, row %d, column %d", out, in, row, i)
              .isEqualTo(expectedTrits[i]);
        }
        assertThat(trits[0]).isEqualTo((byte) 99);
        assertThat(trits[in + 1]).isEqualTo((byte) 99);
      }
    }
  }

  @Test
  void mostlyZeroEmbeddingIsReportedAtLoad(@TempDir Path directory) throws IOException {
    for (String name : List.of("model.embed_tokens.weight", "lm_head.weight")) {
      Path model = withZeroRows(directory.resolve("mostly-" + name), name, 133);
      assertThatThrownBy(() -> Model.load(model))
          .isInstanceOf(ModelFormatException.class)
          .hasMessageContaining(name)
          .hasMessageContaining("133 of 264 rows all zero");
    }
  }

  @Test
  void someZeroEmbeddingsAreUnusedTokens(@TempDir Path directory) throws IOException {
    for (int zeroRows : new int[] {1, 10, 132}) {
      Path model =
          withZeroRows(
              directory.resolve("some-" + zeroRows), "model.embed_tokens.weight", zeroRows);
      try (Model loaded = Model.load(model)) {
        assertThat(loaded.info().vocabSize()).isEqualTo(264);
      }
    }
  }

  /** Copies a golden model and fills the first rows of a matrix with zeros. */
  private static Path withZeroRows(Path copy, String name, int rows) throws IOException {
    Files.createDirectories(copy);
    try (var files = Files.list(Fixtures.goldenModel("llama-autobitlinear"))) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    Path weights = copy.resolve("model.safetensors");
    try (Arena arena = Arena.ofConfined();
        FileChannel channel = FileChannel.open(weights, StandardOpenOption.WRITE)) {
      Tensor tensor = SafetensorsFile.open(weights, arena).tensors().get(name);
      assertThat(tensor.shape()).isEqualTo(List.of(264L, 128L));
      channel.write(ByteBuffer.allocate(rows * 128 * 2), tensor.fileOffset());
    }
    return copy;
  }

  @Test
  void hiddenStateDoesNotExplodeOverLayers() throws IOException {
    String story = Files.readString(Fixtures.path("demo/eval.txt")).split("\n\n")[0];
    try (Model model = Model.load(Fixtures.DEMO_MODEL, options());
        Session session = model.newSession()) {
      int[] ids = model.tokenizer().encode(story, new EncodeOptions(true, false));
      Trace trace = Trace.record(session, ids);
      TraceStep embed = step(trace, "embed");
      for (int layer = 0; layer < model.info().numLayers(); layer++) {
        TraceStep out = step(trace, "layers." + layer + ".out");
        for (int row = 0; row < ids.length; row++) {
          double growth = out.rowNorm(row) / embed.rowNorm(row);
          // The trained model's are 7 to 57; an engine at fault multiplies by more in each layer.
          assertThat(growth).as("%s, row %d", out.name(), row).isBetween(1.0, 100.0);
        }
      }
    }
  }

  private static Trace tracePrompt(String folder) throws IOException {
    int[] ids =
        Fixtures.ints(Fixtures.json("golden/" + folder + "/expected.json").get("input_ids"));
    try (Model model = Model.load(Fixtures.goldenModel(folder), options());
        Session session = model.newSession()) {
      return Trace.record(session, ids);
    }
  }

  private static LoadOptions options() {
    return LoadOptions.builder().threads(2).build();
  }

  private static TraceStep step(Trace trace, String name) {
    return trace.step(name).orElseThrow(() -> new AssertionError("no step " + name));
  }
}
