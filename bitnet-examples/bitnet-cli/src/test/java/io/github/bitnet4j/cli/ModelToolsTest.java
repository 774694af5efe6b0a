package io.github.bitnet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands inspect, check, convert and synthesize. */
class ModelToolsTest {
  private static final String DEMO = Cli.DEMO_MODEL.toString();
  private static final Path CORE_RESOURCES = Path.of("../../bitnet-core/src/test/resources");
  private static final Path MALFORMED = CORE_RESOURCES.resolve("malformed");
  private static final String GOLDEN =
      CORE_RESOURCES.resolve("golden/b158-tied/model-i2_s.gguf").toString();

  @TempDir private Path folder;
  private String broken;

  /** A case of {@code malformed/}. */
  private record Case(String path, String kind, boolean accept) {
    boolean isModel() {
      return kind.equals("hf-dir") || path.startsWith("ggufm_");
    }

    String file() {
      return MALFORMED.resolve(path).toString();
    }
  }

  @BeforeEach
  void writeABrokenFile() throws IOException {
    broken = Files.writeString(folder.resolve("broken.gguf"), "GGUF").toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"inspect", "check", "convert", "synthesize", "bench"})
  void helpHasExamplesAndFitsTheScreen(String command) {
    Cli.Result result = Cli.run(command, "--help");
    assertThat(result.exitCode()).isZero();
    assertThat(result.out())
        .startsWith("Usage: bitnet " + command)
        .contains("Examples:", "  bitnet " + command + " ");
    assertThat(result.out().lines()).allMatch(line -> line.length() <= 90);
    assertThat(Cli.run("--help").out()).contains(command);
  }

  // ---- Float weights that nothing declares to be masters

  @Test
  void floatWeightsAreQuantizedOnRequestOnly() throws IOException {
    Path golden = CORE_RESOURCES.resolve("golden/b158-bf16-online/hf");
    Path model = Files.createDirectory(folder.resolve("fine-tune"));
    Files.copy(golden.resolve("model.safetensors"), model.resolve("model.safetensors"));
    String config = Files.readString(golden.resolve("config.json"));
    Files.writeString(
        model.resolve("config.json"), config.replace("quantization_config", "lost_config"));
    String path = model.toString();
    for (String command : List.of("check", "inspect")) {
      assertThat(Cli.run(command, path).out()).contains("--quantize-masters");
      assertThat(Cli.run(command, "--quantize-masters", path).out())
          .doesNotContain("--quantize-masters");
    }
    assertThat(Cli.run("check", path).exitCode()).isEqualTo(1);
    assertThat(Cli.run("check", "--quantize-masters", path).exitCode()).isZero();
    String generate = "generate --ids 1,2,3 --max-tokens 2 --threads 1 --model " + path;
    assertThat(Cli.run(generate.split(" ")).exitCode()).isEqualTo(1);
    assertThat(Cli.run((generate + " --quantize-masters").split(" ")).exitCode()).isZero();
    String out = folder.resolve("packed").toString();
    assertThat(Cli.run("convert", path, out).exitCode()).isEqualTo(1);
    assertThat(Cli.run("convert", "--quantize-masters", path, out).exitCode()).isZero();
    assertThat(Cli.run("check", "--quiet", out).out()).isEqualTo("OK " + out + "\n");
  }

  // ---- inspect

  @Test
  void inspectForecastsTheMemoryOfTheKernelsThatRun() {
    assertThat(Cli.run("inspect", "--kernels", "scalar", GOLDEN).out())
        .containsPattern("weights, copies of scalar kernels +294.9 kB\\R");
    assertThat(Cli.run("inspect", "--kernels", "abacus", GOLDEN).out())
        .contains("expected the provider abacus");
    assertThat(Cli.run("inspect", "--json", GOLDEN).out())
        .containsPattern("\"kernels\":\"(native|vector|scalar)\"");
  }

  @Test
  void inspectShowsMetadataTensorsAndMemory() {
    Cli.Result result = Cli.run("inspect", GOLDEN);
    assertThat(result.exitCode()).isZero();
    assertThat(result.out())
        .startsWith(GOLDEN + ": GGUF version 3, 24 tensors, ")
        .containsPattern("general.architecture +bitnet-b1.58\\R")
        .containsPattern(
            "blk.0.attn_q.weight +I2_S +\\[256, 256] +16416 +160736 +31.3 % +34.6 % +34.1 %"
                + " +0.1230\\R")
        .containsPattern("KV cache of a session with 128 tokens +\\d+\\.\\d kB\\R");
    assertThat(Cli.run("inspect", DEMO).out()).contains(": Hugging Face directory, ");
  }

  @Test
  void inspectPrintsAJsonObjectForEachFile() throws IOException {
    Cli.Result result = Cli.run("inspect", "--json", GOLDEN, broken, DEMO);
    assertThat(result.exitCode()).isEqualTo(1);
    List<String> lines = result.out().lines().toList();
    assertThat(lines).hasSize(3);
    for (String line : lines) {
      try (JsonParser json = new JsonFactory().createParser(line)) {
        assertThat(json.nextToken()).isEqualTo(JsonToken.START_OBJECT);
        json.skipChildren();
        assertThat(json.nextToken()).isNull();
      }
    }
    assertThat(lines.get(0))
        .contains("\"format\":\"GGUF\"", "\"general.architecture\":\"bitnet-b1.58\"")
        .contains("\"trits\":{\"minus\":20495,\"zero\":22688,\"plus\":22353,\"invalid\":0}")
        .contains("\"memory\":{\"mapped\":466336,");
    assertThat(lines.get(1)).contains("\"path\":\"" + broken, "\"error\":\"");
    assertThat(lines.get(2)).contains("\"format\":\"Hugging Face directory\"");
  }

  @Test
  void inspectGoesOnAfterARejectedFile() {
    Cli.Result result = Cli.run("inspect", broken, GOLDEN);
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.out())
        .startsWith("REJECTED " + broken + ": ")
        .contains(GOLDEN + ": GGUF version 3");
  }

  @Test
  void jsonAndQuietExcludeEachOther() {
    Cli.Result result = Cli.run("inspect", "--json", "--quiet", GOLDEN);
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("expected --json or --quiet, found both");
  }

  @ParameterizedTest
  @CsvSource({"inspect, false", "check, true"})
  void quietJudgesEveryMalformedFileInALine(String command, boolean models) throws IOException {
    List<Case> cases = cases();
    cases.removeIf(c -> c.isModel() != models);
    assertThat(cases).hasSizeGreaterThan(50);
    List<String> arguments = new ArrayList<>(List.of(command, "--quiet"));
    cases.forEach(c -> arguments.add(c.file()));
    Cli.Result result = Cli.run(arguments.toArray(String[]::new));
    assertThat(result.exitCode()).isEqualTo(1);
    List<String> lines = result.out().lines().toList();
    assertThat(lines).hasSameSizeAs(cases);
    for (int i = 0; i < lines.size(); i++) {
      Case c = cases.get(i);
      if (c.accept()) {
        assertThat(lines.get(i)).isEqualTo("OK " + c.file());
      } else {
        assertThat(lines.get(i)).startsWith("REJECTED " + c.file() + ": ").contains("expected");
      }
    }
  }

  private static List<Case> cases() throws IOException {
    List<Case> cases = new ArrayList<>();
    try (JsonParser json =
        new JsonFactory().createParser(MALFORMED.resolve("manifest.json").toFile())) {
      String path = "";
      String kind = "";
      while (json.nextToken() != null) {
        if (json.currentToken() == JsonToken.VALUE_STRING) {
          switch (json.currentName()) {
            case "path" -> path = json.getText();
            case "kind" -> kind = json.getText();
            case "expect" -> cases.add(new Case(path, kind, json.getText().equals("accept")));
            default -> {}
          }
        }
      }
    }
    return cases;
  }

  // ---- check

  @Test
  void checkPrintsFindingsAndAVerdict() {
    Cli.Result result = Cli.run("check", "--threads", "1", DEMO, broken);
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.out())
        .contains("  INFO self-test: ", "OK: nothing to complain about")
        .contains("  ERROR model: " + broken, "REJECTED: " + broken);
  }

  @Test
  void checkAcceptsAGoodModelInALine() {
    Cli.Result result = Cli.run("check", "--quiet", DEMO);
    assertThat(result.exitCode()).isZero();
    assertThat(result.out()).isEqualTo("OK " + DEMO + System.lineSeparator());
  }

  @Test
  void checkRefusesAWrongNumberOfThreads() {
    assertThat(Cli.run("check", "--threads", "0", DEMO).exitCode()).isEqualTo(2);
  }

  // ---- convert

  @Test
  void convertedModelsContinueATextAlike() {
    String gguf = folder.resolve("demo.gguf").toString();
    String back = folder.resolve("demo").toString();
    assertThat(Cli.run("convert", DEMO, gguf, "--embedding", "f32").exitCode()).isZero();
    assertThat(Cli.run("convert", gguf, back).exitCode()).isZero();
    assertThat(Cli.run("check", "--quiet", gguf, back).exitCode()).isZero();
    String text = generate(DEMO);
    assertThat(text).isNotBlank();
    assertThat(generate(gguf)).isEqualTo(text);
    assertThat(generate(back)).isEqualTo(text);
  }

  private static String generate(String model) {
    Cli.Result result =
        Cli.run("--model", model, "--prompt", "Once upon a time", "--max-tokens", "20");
    assertThat(result.exitCode()).as(result.err()).isZero();
    return result.out();
  }

  @Test
  void convertTellsWhatIsRoundedAndWritesTheTypeAskedFor() {
    String out = folder.resolve("model.gguf").toString();
    Cli.Result result = Cli.run("convert", GOLDEN, out, "--type", "TQ1_0", "--embedding", "q6_k");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).isEmpty();
    assertThat(result.err()).isEqualTo(out + ": 0.3 MB" + System.lineSeparator());
    assertThat(Cli.run("inspect", out).out())
        .containsPattern("token_embd.weight +Q6_K")
        .containsPattern("blk.0.attn_q.weight +TQ1_0");
  }

  @Test
  void convertReplacesOnlyIfForced() throws IOException {
    Path out = Files.writeString(folder.resolve("model.gguf"), "precious");
    Cli.Result result = Cli.run("convert", GOLDEN, out.toString());
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("error: " + out + ": it exists", "--force");
    assertThat(out).hasContent("precious");
    assertThat(Cli.run("convert", "--force", GOLDEN, out.toString()).exitCode()).isZero();
    assertThat(Cli.run("inspect", "--quiet", out.toString()).exitCode()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "--type, q4_0, 'type: expected i2_s, tq2_0, tq1_0 or hf, found q4_0'",
    "--embedding, q4_0, 'embedding: expected f32, f16, bf16, q8_0 or q6_k, found q4_0'"
  })
  void convertRefusesUnknownTypes(String option, String value, String message) {
    String out = folder.resolve("model.gguf").toString();
    Cli.Result result = Cli.run("convert", GOLDEN, out, option, value);
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains(message);
  }

  @Test
  void convertOfADamagedModelLeavesNothing() {
    Path out = folder.resolve("model.gguf");
    Cli.Result result = Cli.run("convert", broken, out.toString());
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).startsWith("error: " + broken);
    assertThat(folder).isDirectoryNotContaining("glob:**model*");
  }

  // ---- synthesize

  @ParameterizedTest
  @ValueSource(strings = {"model.gguf", "model"})
  void synthesizedModelsContinueIds(String name) {
    String out = folder.resolve(name).toString();
    Cli.Result result = Cli.run("synthesize", "--shape", "tiny", "--layers", "3", out);
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.err()).matches("\\Q" + out + "\\E: [01]\\.\\d MB\\R");
    assertThat(Cli.run("inspect", "--quiet", out).exitCode()).isZero();
    Cli.Result text = Cli.run("--model", out, "--ids", "1,2,3", "--max-tokens", "5");
    assertThat(text.exitCode()).as(text.err()).isZero();
    assertThat(text.out()).matches("(\\d+ ){5}\\R");
    Cli.Result again = Cli.run("synthesize", "--shape", "tiny", out);
    assertThat(again.exitCode()).isEqualTo(1);
    assertThat(again.err()).contains("error: " + out + ": it exists", "--force");
    assertThat(Cli.run("synthesize", "--shape", "tiny", out, "--force").exitCode()).isZero();
  }

  @Test
  void synthesizedModelsRepeatTheirLastTokenIfTheyShall() {
    String out = folder.resolve("model").toString();
    Cli.Result result = Cli.run("synthesize", "--shape", "tiny", "--text", "repeated", out);
    assertThat(result.exitCode()).as(result.err()).isZero();
    Cli.Result text = Cli.run("--model", out, "--ids", "1,2,3", "--max-tokens", "5");
    assertThat(text.out().strip()).isEqualTo("3 3 3 3 3");
  }

  @ParameterizedTest
  @CsvSource({
    "--text, novel, 'text: expected random or repeated, found novel'",
    "--shape, 3b, 'shape: expected 2b-4t or tiny, found 3b'",
    "--hidden, 2500, '--heads: expected to divide hiddenSize 2500 into even parts, found 20'",
    "--type, q4_0, 'type: expected i2_s, tq2_0, tq1_0 or hf, found q4_0'"
  })
  void synthesizeRefusesOptionsThatMakeNoModel(String option, String value, String message) {
    Path out = folder.resolve("model");
    Cli.Result result = Cli.run("synthesize", out.toString(), option, value);
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains(message);
    assertThat(out).doesNotExist();
  }
}
