package io.github.bitnet4j.core.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.core.Fixtures;
import io.github.bitnet4j.core.format.DType;
import io.github.bitnet4j.core.format.SafetensorsWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TraceTest {
  private static final String GOLDEN = "golden/b158-tied/";

  @TempDir Path directory;

  @Test
  void recordsEveryStepInTheOrderOfComputation() throws IOException {
    List<String> expected = new ArrayList<>();
    expected.add("embed");
    for (String layer : List.of("layers.0.", "layers.1.")) {
      expected.add(layer + "input_norm");
      for (String linear : List.of("q_proj", "k_proj", "v_proj")) {
        addLinear(expected, layer + linear);
      }
      expected.addAll(List.of(layer + "q_rope", layer + "k_rope"));
      expected.addAll(List.of(layer + "attn_out", layer + "attn_sub_norm"));
      addLinear(expected, layer + "o_proj");
      expected.addAll(List.of(layer + "resid_attn", layer + "post_attn_norm"));
      addLinear(expected, layer + "gate_proj");
      addLinear(expected, layer + "up_proj");
      expected.addAll(List.of(layer + "act_mul", layer + "ffn_sub_norm"));
      addLinear(expected, layer + "down_proj");
      expected.add(layer + "out");
    }
    expected.addAll(List.of("final_norm", "logits"));
    assertThat(record().steps()).extracting(TraceStep::name).isEqualTo(expected);
  }

  private static void addLinear(List<String> names, String linear) {
    names.addAll(List.of(linear + ".act_int8", linear + ".act_scale", linear));
  }

  @Test
  void anotherTraceOfTheSessionIsTheSame() throws IOException {
    try (Model model = model();
        Session session = model.newSession()) {
      Trace first = Trace.record(session, ids());
      Trace.record(session, new int[] {9, 8, 7, 6, 5, 4, 3, 2, 1, 0});
      assertSame(Trace.record(session, ids()), first);
    }
  }

  @Test
  void whatIsWrittenIsReadBackExactly() throws IOException {
    Trace trace = record();
    Path file = directory.resolve("trace.safetensors");
    trace.write(file);
    assertSame(Trace.read(file), trace);
  }

  private static void assertSame(Trace actual, Trace expected) {
    assertThat(actual.steps()).hasSameSizeAs(expected.steps());
    for (int i = 0; i < expected.steps().size(); i++) {
      TraceStep ours = actual.steps().get(i);
      TraceStep theirs = expected.steps().get(i);
      assertThat(ours.name()).isEqualTo(theirs.name());
      assertThat(ours.isInt8()).as(ours.name()).isEqualTo(theirs.isInt8());
      assertThat(ours.rows()).as(ours.name()).isEqualTo(theirs.rows());
      assertThat(ours.columns()).as(ours.name()).isEqualTo(theirs.columns());
      assertThat(ours.values()).as(ours.name()).containsExactly(theirs.values());
    }
  }

  @Test
  void writingReplacesAFileOnlyByAWholeOne() throws IOException {
    Trace trace = record();
    Path file = directory.resolve("trace.safetensors");
    Files.writeString(file, "old");
    trace.write(file);
    assertThat(Trace.read(file).steps()).hasSameSizeAs(trace.steps());
    Path missing = directory.resolve("missing/trace.safetensors");
    assertThatThrownBy(() -> trace.write(missing)).isInstanceOf(NoSuchFileException.class);
    assertThat(directory).isDirectoryNotContaining("glob:**.unfinished");
  }

  @Test
  void departsNowhereFromTheReference() throws IOException {
    Trace reference = Trace.read(Fixtures.path(GOLDEN + "expected.safetensors"));
    TraceComparison comparison = record().compare(reference, 1e-5);
    assertThat(comparison.firstDeparture()).isEmpty();
    assertThat(comparison.steps()).hasSizeGreaterThan(30);
    assertThat(comparison.steps()).extracting(TraceComparison.Step::int8Mismatches).containsOnly(0);
    assertThat(comparison.steps().getFirst().name()).isEqualTo("embed");
    assertThat(comparison.steps().getLast().name()).isEqualTo("logits");
  }

  @Test
  void theFirstStepThatDepartsIsNamed() throws IOException {
    Trace ours = record();
    Trace theirs = record();
    step(theirs, "layers.1.up_proj").values()[3] += 1;
    step(theirs, "layers.0.resid_attn").values()[7] += 1;
    TraceComparison comparison = ours.compare(theirs, 1e-5);
    assertThat(comparison.firstDeparture())
        .map(TraceComparison.Step::name)
        .hasValue("layers.0.resid_attn");
    assertThat(comparison.steps()).filteredOn(TraceComparison.Step::departs).hasSize(2);
    double expected = 1 / norm(step(theirs, "layers.0.resid_attn"));
    assertThat(comparison.firstDeparture().orElseThrow().relativeL2())
        .isBetween(0.999 * expected, 1.001 * expected);
    assertThat(ours.compare(theirs, 10).firstDeparture()).isEmpty();
  }

  private static double norm(TraceStep step) {
    double squares = 0;
    for (int row = 0; row < step.rows(); row++) {
      squares += Math.pow(step.rowNorm(row), 2);
    }
    return Math.sqrt(squares);
  }

  @Test
  void int8ValuesThatDifferAreCountedAndNeverTolerated() throws IOException {
    Trace ours = record();
    Trace theirs = record();
    float[] values = step(theirs, "layers.0.o_proj.act_int8").values();
    values[0] += 1;
    values[10] -= 2;
    values[20] += 3;
    TraceComparison.Step departure = ours.compare(theirs, 1000).firstDeparture().orElseThrow();
    assertThat(departure.name()).isEqualTo("layers.0.o_proj.act_int8");
    assertThat(departure.int8Mismatches()).isEqualTo(3);
  }

  @Test
  void valuesThatAreNotFiniteDepart() throws IOException {
    Trace ours = record();
    Trace theirs = record();
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      step(theirs, "final_norm").values()[0] = bad;
      TraceComparison.Step departure = ours.compare(theirs, 1e-5).firstDeparture().orElseThrow();
      assertThat(departure.name()).isEqualTo("final_norm");
      assertThat(departure.relativeL2()).isInfinite();
    }
  }

  @Test
  void anyDifferenceFromZerosDeparts() throws IOException {
    Trace ours = read(1, 2, 0, 1);
    Trace zeros = read(1, 2, 0, 0);
    assertThat(zeros.compare(zeros, 0).firstDeparture()).isEmpty();
    assertThat(ours.compare(zeros, 1e-5).firstDeparture().orElseThrow().relativeL2()).isInfinite();
  }

  @Test
  void shapesThatDifferDepart() throws IOException {
    TraceComparison comparison =
        read(2, 3, 1, 2, 3, 4, 5, 6).compare(read(3, 2, 1, 2, 3, 4, 5, 6), 1);
    TraceComparison.Step departure = comparison.firstDeparture().orElseThrow();
    assertThat(departure.name()).isEqualTo("step");
    assertThat(departure.relativeL2()).isInfinite();
  }

  /** Returns a trace of one step, by way of a file. */
  private Trace read(int rows, int columns, float... values) throws IOException {
    Path file = directory.resolve("step.safetensors");
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    SafetensorsWriter.write(
        file,
        List.of(
            new SafetensorsWriter.Entry(
                "step",
                DType.F32,
                List.of((long) rows, (long) columns),
                MemorySegment.ofBuffer(bytes))));
    return Trace.read(file);
  }

  @Test
  void readsTwoDimensionalFloatsAndInt8Only() throws IOException {
    Path file = directory.resolve("mixed.safetensors");
    MemorySegment eight = MemorySegment.ofArray(new byte[] {1, 2, 3, 4, 5, 6, -7, -128});
    SafetensorsWriter.write(
        file,
        List.of(
            new SafetensorsWriter.Entry("vector", DType.F32, List.of(2L), eight),
            new SafetensorsWriter.Entry("half", DType.F16, List.of(2L, 2L), eight),
            new SafetensorsWriter.Entry("int8", DType.I8, List.of(2L, 4L), eight)));
    Trace trace = Trace.read(file);
    assertThat(trace.steps()).hasSize(1);
    TraceStep step = step(trace, "int8");
    assertThat(step.isInt8()).isTrue();
    assertThat(step.values()).containsExactly(1, 2, 3, 4, 5, 6, -7, -128);
    assertThat(step.get(1, 3)).isEqualTo(-128);
  }

  @Test
  void leavesOutEmptyTensorsOfAnyShape() throws IOException {
    Path file = directory.resolve("empty.safetensors");
    MemorySegment nothing = MemorySegment.ofArray(new byte[0]);
    SafetensorsWriter.write(
        file,
        List.of(
            new SafetensorsWriter.Entry("rows", DType.F32, List.of(1L << 40, 0L), nothing),
            new SafetensorsWriter.Entry("columns", DType.I8, List.of(0L, 1L << 40), nothing)));
    assertThat(Trace.read(file).steps()).isEmpty();
  }

  @Test
  void refusesAFileThatIsNoSafetensors() throws IOException {
    Path file = directory.resolve("no.safetensors");
    Files.writeString(file, "this is not a tensor file at all");
    assertThatThrownBy(() -> Trace.read(file)).isInstanceOf(ModelFormatException.class);
  }

  private static Trace record() throws IOException {
    try (Model model = model();
        Session session = model.newSession()) {
      return Trace.record(session, ids());
    }
  }

  private static Model model() throws IOException {
    return Model.load(Fixtures.goldenModel("b158-tied"), LoadOptions.builder().threads(2).build());
  }

  private static int[] ids() throws IOException {
    return Fixtures.ints(Fixtures.json(GOLDEN + "expected.json").get("input_ids"));
  }

  private static TraceStep step(Trace trace, String name) {
    return trace.step(name).orElseThrow(() -> new AssertionError("no step " + name));
  }
}
