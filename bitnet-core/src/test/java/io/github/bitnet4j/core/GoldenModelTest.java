package io.github.bitnet4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.bitnet4j.FinishReason;
import io.github.bitnet4j.Generation;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.core.trace.Trace;
import io.github.bitnet4j.core.trace.TraceStep;
import io.github.bitnet4j.tokenizer.json.JsonValue;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Small random models against what the reference implementation computed for them in float32. The
 * inputs keep clear of int8 rounding boundaries, so the bounds are strict.
 */
@ParameterizedClass(name = "{0}, {1}")
@MethodSource("models")
class GoldenModelTest {
  private static final double RELATIVE_L2 = 1e-5;
  private static final double MAX_LOGIT_DIFFERENCE = 1e-3;

  /** The reference sums its products in float: its own scales are up to 9e-7 off the exact ones. */
  private static final double RELATIVE_SCALE = 2e-6;

  @Parameter(0)
  String folder;

  @Parameter(1)
  String kernels;

  private JsonObject expected;
  private Trace reference;
  private int[] prompt;
  private int[] continuation;
  private int[] sequence;
  private Model model;
  private Session session;

  static Stream<Arguments> models() {
    List<String> kernels =
        ForcedVectorWidth.expected().isPresent() ? List.of("vector") : List.of("scalar", "vector");
    return Stream.of("b158-tied", "b158-untied-sharded", "llama-bitlinear", "llama-autobitlinear")
        .flatMap(folder -> kernels.stream().map(name -> Arguments.of(folder, name)));
  }

  @BeforeAll
  static void checkVectorWidth() {
    ForcedVectorWidth.assumeThisMachineHasIt();
  }

  @BeforeEach
  void open() throws IOException {
    expected = Fixtures.json("golden/" + folder + "/expected.json");
    reference = Trace.read(Fixtures.path("golden/" + folder + "/expected.safetensors"));
    prompt = Fixtures.ints(expected.get("input_ids"));
    continuation = Fixtures.ints(expected.get("greedy_continuation"));
    sequence = IntStream.concat(Arrays.stream(prompt), Arrays.stream(continuation)).toArray();
    model =
        Model.load(
            Fixtures.goldenModel(folder),
            LoadOptions.builder().kernels(kernels).threads(2).build());
    session = model.newSession();
  }

  @AfterEach
  void close() {
    session.close();
    model.close();
  }

  @Test
  void everyValueOfTheFirstLayerIsTheReferences() {
    Trace ours = Trace.record(session, prompt);
    int compared = 0;
    for (TraceStep step : ours.steps()) {
      TraceStep theirs = reference.step(step.name()).orElse(null);
      if (theirs != null) {
        compareRows(step, theirs);
        compared++;
      }
    }
    // embed, final_norm, logits, layers.1.out; in layer 0 the plain steps and 2 for each linear
    int plainSteps = folder.startsWith("b158") ? 17 : 15;
    assertThat(compared).isEqualTo(4 + plainSteps + 2 * 7);
  }

  private static void compareRows(TraceStep ours, TraceStep theirs) {
    String name = ours.name();
    assertThat(List.of(ours.rows(), ours.columns()))
        .as(name)
        .isEqualTo(List.of(theirs.rows(), theirs.columns()));
    assertThat(ours.isInt8()).as(name).isEqualTo(theirs.isInt8());
    for (int row = 0; row < ours.rows(); row++) {
      double difference = 0;
      for (int column = 0; column < ours.columns(); column++) {
        double d = (double) ours.get(row, column) - theirs.get(row, column);
        difference += d * d;
      }
      double relative = Math.sqrt(difference) / theirs.rowNorm(row);
      double bound = name.endsWith(".act_scale") ? RELATIVE_SCALE : RELATIVE_L2;
      assertThat(relative).as("%s, row %d", name, row).isLessThanOrEqualTo(bound);
      if (ours.isInt8()) {
        assertThat(difference).as("%s, row %d", name, row).isZero();
      }
    }
  }

  @Test
  void everyLayersValuesHaveTheReferencesNorms() {
    Trace ours = Trace.record(session, prompt);
    Map<String, JsonValue> norms = ((JsonObject) expected.get("tensor_row_l2")).members();
    for (Map.Entry<String, JsonValue> entry : norms.entrySet()) {
      String name = entry.getKey();
      double[] theirs = Fixtures.doubles(entry.getValue());
      for (int row = 0; row < theirs.length; row++) {
        String where = name + ", row " + row;
        if (name.endsWith(".act_int8_abs_sum")) {
          TraceStep step = step(ours, name.replace("_abs_sum", ""));
          assertThat(absoluteSum(step, row)).as(where).isEqualTo((long) theirs[row]);
        } else {
          double bound = name.endsWith(".act_scale") ? RELATIVE_SCALE : RELATIVE_L2;
          assertThat(step(ours, name).rowNorm(row))
              .as(where)
              .isCloseTo(theirs[row], within(bound * theirs[row]));
        }
      }
    }
    assertThat(norms).hasSizeGreaterThan(50);
  }

  private static long absoluteSum(TraceStep step, int row) {
    long sum = 0;
    for (int column = 0; column < step.columns(); column++) {
      sum += (long) Math.abs(step.get(row, column));
    }
    return sum;
  }

  @Test
  void logitsOfThePromptAreTheReferences() {
    TraceStep ours = step(Trace.record(session, prompt), "logits");
    compareLogits(ours, 0, step(reference, "logits"));
    compareTop5(ours, "top5_per_prompt_position");
  }

  @Test
  void logitsOfThePromptWithItsContinuationAreTheReferences() {
    TraceStep ours = step(Trace.record(session, sequence), "logits");
    compareLogits(ours, sequence.length - 4, step(reference, "full_sequence_logits_last4"));
    reference.step("full_sequence_logits").ifPresent(all -> compareLogits(ours, 0, all));
    compareTop5(ours, "top5_per_full_sequence_position");
    double[] norms = Fixtures.doubles(expected.get("full_sequence_logits_l2"));
    assertThat(norms).hasSize(sequence.length);
    for (int row = 0; row < norms.length; row++) {
      assertThat(ours.rowNorm(row))
          .as("logits, row %d", row)
          .isCloseTo(norms[row], within(RELATIVE_L2 * norms[row]));
    }
    for (int k = 0; k < continuation.length; k++) {
      assertThat(ranking(ours, prompt.length - 1 + k).getFirst())
          .as("token %d", k)
          .isEqualTo(continuation[k]);
    }
  }

  @Test
  void greedyContinuationIsTheReferences() {
    GenerationConfig config =
        GenerationConfig.builder().maxTokens(continuation.length).ignoreStopTokens(true).build();
    Generation generation = session.generate(prompt, config);
    assertThat(generation.ids()).containsExactly(continuation);
    assertThat(generation.finishReason()).isEqualTo(FinishReason.LENGTH);
  }

  private void compareLogits(TraceStep ours, int fromRow, TraceStep theirs) {
    double difference = 0;
    double norm = 0;
    for (int row = 0; row < theirs.rows(); row++) {
      for (int id = 0; id < theirs.columns(); id++) {
        double d = (double) ours.get(fromRow + row, id) - theirs.get(row, id);
        assertThat(Math.abs(d))
            .as("logit of token %d at position %d", id, fromRow + row)
            .isLessThanOrEqualTo(MAX_LOGIT_DIFFERENCE);
        difference += d * d;
        norm += (double) theirs.get(row, id) * theirs.get(row, id);
      }
      assertThat(ranking(ours, fromRow + row).getFirst())
          .as("argmax at position %d", fromRow + row)
          .isEqualTo(ranking(theirs, row).getFirst());
    }
    assertThat(Math.sqrt(difference / norm)).isLessThanOrEqualTo(RELATIVE_L2);
  }

  private void compareTop5(TraceStep ours, String list) {
    List<JsonValue> positions = Fixtures.elements(expected.get(list));
    assertThat(positions).hasSize(ours.rows());
    for (int row = 0; row < ours.rows(); row++) {
      List<Integer> ranking = ranking(ours, row);
      List<JsonValue> top5 = Fixtures.elements(positions.get(row));
      for (int rank = 0; rank < 5; rank++) {
        double[] tokenAndLogit = Fixtures.doubles(top5.get(rank));
        int id = ranking.get(rank);
        assertThat(id).as("%s, row %d, rank %d", list, row, rank).isEqualTo((int) tokenAndLogit[0]);
        assertThat((double) ours.get(row, id))
            .isCloseTo(tokenAndLogit[1], within(MAX_LOGIT_DIFFERENCE));
      }
    }
  }

  /** Returns the ids by falling logit. */
  private static List<Integer> ranking(TraceStep logits, int row) {
    return IntStream.range(0, logits.columns())
        .boxed()
        .sorted(Comparator.comparingDouble(id -> -logits.get(row, id)))
        .toList();
  }

  private static TraceStep step(Trace trace, String name) {
    return trace.step(name).orElseThrow(() -> new AssertionError("no step " + name));
  }
}
