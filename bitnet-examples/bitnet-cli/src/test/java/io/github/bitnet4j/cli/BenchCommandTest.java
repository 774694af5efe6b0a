package io.github.bitnet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.github.bitnet4j.cli.Cli.Result;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BenchCommandTest {
  private static final Path GOLDEN = Path.of("../../bitnet-core/src/test/resources/golden");

  @Test
  void quickBenchOfTheDemoModelPrintsOneJsonObject() throws IOException {
    Result result =
        Cli.run("bench", "--quick", "--profile", "--json", "--threads=1", "--max-seconds=300");
    assertThat(result.exitCode()).as(result.err()).isZero();
    Map<?, ?> report = object(parse(result.out()));
    assertThat(object(report.get("machine")).keySet())
        .isEqualTo(Set.of("cpu", "processors", "system", "jdk"));
    assertThat(object(report.get("model")).get("contextLength")).isEqualTo(384.0);
    double weightBytes = (double) object(report.get("model")).get("weightBytesPerToken");
    assertThat(weightBytes).isPositive();

    Map<?, ?> fresh = object(report.get("freshJvm"));
    assertThat(fresh.get("skipped")).isNull();
    assertOrdered(fresh.get("firstTokenMillis"), 2);
    assertThat(median(fresh.get("firstTokenMillis")))
        .isGreaterThan(median(fresh.get("loadMillis")));
    assertThat((double) fresh.get("kvCacheBytes")).isPositive();

    Map<?, ?> run = object(list(report.get("runs")).getFirst());
    assertThat(run.get("threads")).isEqualTo(1.0);
    assertOrdered(run.get("readBandwidthGBPerSecond"), 2);
    assertOrdered(run.get("loadMillis"), 2);
    List<?> speeds = list(run.get("speeds"));
    assertThat(speeds).hasSize(2);
    for (Object speed : speeds) {
      assertOrdered(object(speed).get("tokensPerSecond"), 2);
    }
    Map<?, ?> decode = object(speeds.getLast());
    assertThat(decode.get("kind")).isEqualTo("decode");
    double weightRate = median(decode.get("tokensPerSecond")) * weightBytes / 1e9;
    assertThat((double) decode.get("weightGBPerSecond")).isCloseTo(weightRate, within(1e-9));
    assertThat((double) decode.get("ofReadBandwidth"))
        .isCloseTo(weightRate / median(run.get("readBandwidthGBPerSecond")), within(1e-9));

    List<?> profiles = list(run.get("profiles"));
    assertThat(profiles).hasSize(2);
    assertThat(object(profiles.get(0)).get("rows")).isEqualTo(1.0);
    assertThat(object(profiles.get(1)).get("rows")).isEqualTo(128.0);
    for (Object profile : profiles) {
      assertProfile(object(profile));
    }
  }

  private static void assertOrdered(Object samples, int count) {
    Map<?, ?> object = object(samples);
    assertThat(list(object.get("values"))).hasSize(count);
    assertThat((double) object.get("min")).isPositive().isLessThanOrEqualTo(median(samples));
    assertThat((double) object.get("max")).isGreaterThanOrEqualTo(median(samples));
  }

  private static double median(Object samples) {
    return (double) object(samples).get("median");
  }

  /** Every step is named once for all layers, and together they are the whole pass. */
  private static void assertProfile(Map<?, ?> profile) {
    List<String> names = new ArrayList<>();
    double millis = 0;
    double percent = 0;
    for (Object element : list(profile.get("steps"))) {
      Map<?, ?> step = object(element);
      names.add((String) step.get("name"));
      millis += (double) step.get("millis");
      percent += (double) step.get("percent");
    }
    assertThat(names)
        .doesNotHaveDuplicates()
        .startsWith("embed", "input_norm", "q_proj.act_int8", "q_proj")
        .contains("attn_out", "down_proj")
        .endsWith("out", "final_norm, logits", "end");
    assertThat(millis).isCloseTo((double) profile.get("millis"), within(1e-6));
    assertThat(percent).isCloseTo(100, within(1e-6));
  }

  @Test
  void tableSaysWhatDoesNotFitTheContextAndWhatItRanOn() {
    Result result =
        Cli.run("bench", "--threads=1", "--repetitions=1", "--kernels=scalar", "--max-seconds=500");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out())
        .startsWith("model    " + Cli.DEMO_MODEL)
        .contains("machine  ", "JDK      " + Runtime.version(), "kernels  scalar (no vectors)")
        .containsPattern("weights  1\\.\\d MB read for a token, of linear layers and head")
        .containsPattern("(?m)^read bandwidth +1 +[0-9.]+ +[0-9.]+ +[0-9.]+ +GB/s +1$")
        .contains("prefill 512, 1 thread: skipped: the context holds 384 tokens, it takes 513")
        .contains(
            "decode 64 after 2048, 1 thread: skipped: the context holds 384 tokens, it takes 2113")
        .containsPattern("\\d+ s in all\\R$");
  }

  @Test
  void endsInTimeAndSaysWhatIsSkipped() {
    long start = System.nanoTime();
    Result result =
        Cli.run("bench", "--threads=1", "--kernels=scalar", "--max-seconds=1", "--context=321");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).contains("see --max-seconds", "decode 64 after 321");
    assertThat((System.nanoTime() - start) / 1e9).isLessThan(120); // it takes two seconds
  }

  @ParameterizedTest
  @CsvSource({
    "--threads=0, 'threads: expected 1 to 1024, found 0'",
    "--repetitions=0, 'repetitions: expected 1 or more, found 0'",
    "--kv-cache=bf16, 'kv-cache: expected f32 or f16, found bf16'",
    "--context=0, 'context: expected 1 or more, found 0'",
    "--max-seconds=-1, 'max-seconds: expected 1 or more, found -1'"
  })
  void refusesNumbersThatMakeNoSense(String option, String message) {
    Result result = Cli.run("bench", option);
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains(message);
  }

  @Test
  void halfPrecisionHalvesTheKvCacheOfTheFreshJvm() throws IOException {
    assertThat(kvCacheBytes("f32")).isEqualTo(2 * kvCacheBytes("F16"));
  }

  private static long kvCacheBytes(String type) throws IOException {
    List<String> arguments = List.of(ModelOptions.demo().toString(), "1", type, "scalar");
    return FreshJvm.start(arguments, 300).kvCacheBytes();
  }

  @Test
  void saysWhyAFreshJvmHasNoFirstToken() {
    assertThatIOException()
        .isThrownBy(() -> FreshJvm.start(List.of("no-such-model", "1", "f32", "scalar"), 300))
        .withMessageContaining("no-such-model");
  }

  @RepeatedTest(50) // its output was sometimes closed while it was read
  void killsAFreshJvmThatTakesTooLong() {
    assertThatIOException()
        .isThrownBy(() -> FreshJvm.start(List.of("no-such-model", "1", "f32", "scalar"), 0))
        .withMessage("it took more than 0 s");
  }

  // ---- Parts

  @Test
  void firstOfSeveralSamplesOnlyWarmsUp() {
    assertThat(Samples.warm(List.of(9.0, 1.0, 4.0, 2.0)).median()).isEqualTo(2);
    assertThat(Samples.warm(List.of(9.0, 1.0, 4.0)).median()).isEqualTo(2.5);
    assertThat(Samples.warm(List.of(9.0)).max()).isEqualTo(9);
    assertThatIllegalArgumentException().isThrownBy(() -> new Samples(List.of()));
  }

  // ---- JSON

  private static Map<?, ?> object(Object value) {
    return (Map<?, ?>) value;
  }

  private static List<?> list(Object value) {
    return (List<?>) value;
  }

  private static Object parse(String text) throws IOException {
    try (JsonParser json = new JsonFactory().createParser(text)) {
      json.nextToken();
      Object value = value(json);
      assertThat(json.nextToken()).as("after the object").isNull();
      return value;
    }
  }

  private static Object value(JsonParser json) throws IOException {
    switch (json.currentToken()) {
      case START_OBJECT -> {
        Map<String, Object> object = new LinkedHashMap<>();
        while (json.nextToken() == JsonToken.FIELD_NAME) {
          String name = json.currentName();
          json.nextToken();
          object.put(name, value(json));
        }
        return object;
      }
      case START_ARRAY -> {
        List<Object> array = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
          array.add(value(json));
        }
        return array;
      }
      case VALUE_STRING -> {
        return json.getText();
      }
      default -> {
        return json.getDoubleValue();
      }
    }
  }
}
