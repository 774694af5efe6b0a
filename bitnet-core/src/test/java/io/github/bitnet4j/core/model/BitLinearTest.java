package io.github.bitnet4j.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.bitnet4j.KvCacheType;
import io.github.bitnet4j.NonFiniteValueException;
import io.github.bitnet4j.core.AvailableKernels;
import io.github.bitnet4j.core.Fixtures;
import io.github.bitnet4j.core.TestModel;
import io.github.bitnet4j.core.cache.KvCache;
import io.github.bitnet4j.core.compute.Tracer;
import io.github.bitnet4j.core.compute.Workers;
import io.github.bitnet4j.core.threads.WorkerTeam;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.core.weights.ModelConfig.Activation;
import io.github.bitnet4j.core.weights.ModelConfig.ScaleRule;
import io.github.bitnet4j.core.weights.TernaryWeight;
import io.github.bitnet4j.spi.Kernels;
import io.github.bitnet4j.spi.TernaryLayout;
import io.github.bitnet4j.spi.TernaryTensor;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole linear layers, quantizer included, against the reference's two flavours. */
class BitLinearTest {
  static Stream<Arguments> cases() throws IOException {
    return Fixtures.unitCases("bitlinear.json").stream()
        .flatMap(c -> AvailableKernels.names().stream().map(kernels -> Arguments.of(c, kernels)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void computesWhatTheReferenceComputes(JsonObject expected, String kernelName) {
    int out = Fixtures.integer(expected.get("out"));
    int in = Fixtures.integer(expected.get("in"));
    ScaleRule rule =
        switch (Fixtures.string(expected.get("linear_class"))) {
          case "bitlinear" -> ScaleRule.DIVIDE;
          case "autobitlinear" -> ScaleRule.MULTIPLY;
          default -> throw new AssertionError("unknown flavour");
        };
    List<JsonValue> inputs = Fixtures.elements(expected.get("x"));
    int rows = inputs.size();
    float[] scales = Fixtures.floats(expected.get("act_scale"));
    Kernels kernels = TestModel.kernels(kernelName);
    try (WorkerTeam team = new WorkerTeam(2, "test");
        Arena arena = Arena.ofShared()) {
      ModelConfig config = config(in, out, rule);
      Activations acts = activations(config, kernels, team, rows);
      byte[] packed = HexFormat.of().parseHex(Fixtures.string(expected.get("packed_hex")));
      TernaryTensor tensor =
          new TernaryTensor(
              "w", TernaryLayout.ROW_QUARTERS, out, in, MemorySegment.ofArray(packed));
      float weightScale = (float) Fixtures.number(expected.get("weight_scale"));
      TernaryWeight weight = new TernaryWeight(kernels.prepare(tensor, arena), weightScale, null);
      float[] x = new float[rows * in];
      for (int row = 0; row < rows; row++) {
        System.arraycopy(Fixtures.floats(inputs.get(row)), 0, x, row * in, in);
      }
      float[] y = new float[rows * out];

      new BitLinear(acts, new BitLinear.Layer("w", weight)).forward(x, y);

      for (int row = 0; row < rows; row++) {
        int[] int8 = row(expected, "int8", row);
        for (int i = 0; i < in; i++) {
          assertThat((int) acts.int8[row * in + i]).as("int8 %d, %d", row, i).isEqualTo(int8[i]);
        }
        // The reference divides by way of a reciprocal, and sums the second flavour in float.
        assertThat(acts.scales[row])
            .as("scale %d", row)
            .isCloseTo(scales[row], within(1e-6f * scales[row]));
        int[] products = row(expected, "acc", row);
        float[] outputs = Fixtures.floats(Fixtures.elements(expected.get("y")).get(row));
        float bound = 1e-6f * largest(outputs);
        for (int o = 0; o < out; o++) {
          assertThat(acts.products[0][row * out + o])
              .as("acc %d, %d", row, o)
              .isEqualTo(products[o]);
          assertThat(y[row * out + o]).as("y %d, %d", row, o).isCloseTo(outputs[o], within(bound));
        }
      }
    }
  }

  private static float largest(float[] values) {
    float largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  private static int[] row(JsonObject expected, String name, int row) {
    return Fixtures.ints(Fixtures.elements(expected.get(name)).get(row));
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void refusesInputsThatAreNotFiniteAndNamesTheLayerAndThePosition(float bad) {
    for (String kernelName : AvailableKernels.names()) {
      Kernels kernels = TestModel.kernels(kernelName);
      try (WorkerTeam team = new WorkerTeam(2, "test");
          Arena arena = Arena.ofShared()) {
        ModelConfig config = config(32, 8, ScaleRule.MULTIPLY);
        Activations acts = activations(config, kernels, team, 4);
        TernaryLayout layout = TernaryLayout.ROW_QUARTERS;
        MemorySegment trits = arena.allocate(layout.byteSize(8, 32), Long.BYTES);
        TernaryTensor tensor = new TernaryTensor("w", layout, 8, 32, trits);
        TernaryWeight weight = new TernaryWeight(kernels.prepare(tensor, arena), 1, null);
        float[] x = new float[4 * 32];
        x[2 * 32 + 31] = bad;
        BitLinear linear = new BitLinear(acts, new BitLinear.Layer("layers.7.o_proj", weight));
        assertThatThrownBy(() -> linear.forward(x, new float[4 * 8]))
            .isInstanceOf(NonFiniteValueException.class)
            .hasMessageContaining("layers.7.o_proj")
            .hasMessageContaining("position 2");
      }
    }
  }

  private static ModelConfig config(int in, int out, ScaleRule rule) {
    return new ModelConfig(
        "test", in, out, 1, 1, 1, 2, 1, 16, 1e-5f, 10_000, Activation.SILU, false, 0, rule, true);
  }

  private static Activations activations(
      ModelConfig config, Kernels kernels, WorkerTeam team, int rows) {
    Activations acts = new Activations(config, new Workers(team, kernels), new Tracer());
    acts.reserveRows(rows);
    try (KvCache cache = new KvCache(config, rows, KvCacheType.F32)) {
      for (int row = 0; row < rows; row++) {
        acts.batch.add(0, cache, row);
      }
    }
    return acts;
  }
}
