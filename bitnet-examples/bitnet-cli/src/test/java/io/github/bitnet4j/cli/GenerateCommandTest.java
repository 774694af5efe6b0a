package io.github.bitnet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.github.bitnet4j.cli.Cli.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class GenerateCommandTest {
  private static final String DEMO_LINE =
      "Demo model: 3.7 M parameter BitNet b1.58 network trained on children's stories;"
          + " give --model for another.";

  @Test
  void isTheCommandIfNoneIsNamedAndTellsAStoryOfTheDemoModel() {
    Result result = Cli.run();
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).startsWith("Once upon a time, there was a").endsWith("\n");
    assertThat(result.out().length()).isGreaterThan(300);
    assertThat(result.err().lines().toList())
        .hasSize(2)
        .satisfies(
            lines -> assertThat(lines.get(0)).isEqualTo(DEMO_LINE),
            lines ->
                assertThat(lines.get(1))
                    .matches("\\[\\d+ tokens.*; [0-9.]+ tokens/s.*; kernels .*, seed 42]"));
  }

  @Test
  void printsThePromptAndTheContinuation() {
    Result result = Cli.run("generate", "--prompt", "The big dog", "--max-tokens", "12");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).startsWith("The big dog ").endsWith("\n");
    assertThat(result.err()).contains("[12 tokens, ended by --max-tokens");
  }

  @Test
  void repeatsATextForASeedAndVariesItForOthers() {
    String[] texts =
        Stream.of("7", "7", "8")
            .map(seed -> Cli.run("--seed", seed, "--max-tokens", "40").out())
            .toArray(String[]::new);
    assertThat(texts[0]).isEqualTo(texts[1]).isNotEqualTo(texts[2]);
  }

  @Test
  void isGreedyForModelsOtherThanTheDemo() {
    String[] args = {
      "--model", Cli.DEMO_MODEL.toString(), "--prompt", "Once", "--max-tokens", "30"
    };
    Result named = Cli.run(args);
    Result greedy =
        Cli.run("--prompt", "Once", "--max-tokens", "30", "--temperature", "0", "--top-p", "1");
    assertThat(named.exitCode()).as(named.err()).isZero();
    assertThat(named.out()).isEqualTo(greedy.out());
    assertThat(named.err()).doesNotContain("Demo model").doesNotContain("seed");
    assertThat(greedy.err()).contains("Demo model").doesNotContain("seed");
  }

  @Test
  void writesWhatAConstraintDemands(@TempDir Path folder) throws IOException {
    String schema =
        "{\"type\": \"array\", \"items\": {\"enum\": [\"cat\", 7]}, \"minItems\": 2, \"maxItems\":"
            + " 2}";
    Path schemaFile = Files.writeString(folder.resolve("list.json"), schema);
    Path grammarFile = Files.writeString(folder.resolve("g.gbnf"), "root ::= \" cat\" \"!\"?");
    for (String given : List.of(schema, schemaFile.toString())) {
      Result result = Cli.run("--prompt", "A list:", "--json-schema", given);
      assertThat(result.exitCode()).as(result.err()).isZero();
      assertThat(result.out()).matches("A list:\\[\\s*(\"cat\"|7),\\s*(\"cat\"|7)\\s*]\\R");
      assertThat(result.err()).doesNotContain("ended by");
    }
    assertThat(Cli.run("--prompt", "A", "--grammar", grammarFile.toString()).out())
        .matches("A cat!?\\R");
    assertThat(Cli.run("--prompt", "A", "--regex", "(yes|no){2}").out()).matches("A(yes|no){2}\\R");
    assertThat(Cli.run("--prompt", "A", "--choice", " cat", "--choice", " dog").out())
        .matches("A (cat|dog)\\R");
  }

  @Test
  void saysWhatIsWrongWithAConstraint() {
    Result both = Cli.run("--prompt", "A", "--regex", "a", "--choice", "b");
    assertThat(both.exitCode()).isEqualTo(2);
    assertThat(both.err()).contains("mutually exclusive");
    Result missing = Cli.run("--prompt", "A", "--grammar", "nowhere.gbnf");
    assertThat(missing.exitCode()).isEqualTo(2);
    assertThat(missing.err()).contains("nowhere.gbnf: does not exist");
    Result unsupported =
        Cli.run("--prompt", "A", "--json-schema", "{\"$ref\": \"http://other/schema\"}");
    assertThat(unsupported.exitCode()).isEqualTo(1);
    assertThat(unsupported.err()).contains("error: schema: #/$ref: ");
  }

  @Test
  void textAndItsIdsGiveTheSame() throws IOException {
    String json = Cli.run("--prompt", "Tim saw", "--max-tokens", "20", "--json").out();
    String ids = String.join(",", array(json, "promptIds").stream().map(String::valueOf).toList());
    Result fromText = Cli.run("--prompt", "Tim saw", "--max-tokens", "20");
    Result fromIds = Cli.run("--ids", ids, "--max-tokens", "20");
    assertThat(fromIds.exitCode()).as(fromIds.err()).isZero();
    assertThat(fromIds.out()).isEqualTo(fromText.out());
  }

  @Test
  void stopsBeforeATextAndGoesOnAfterTheEnd() {
    Result stopped = Cli.run("--stop", "never", "--stop", "little");
    assertThat(stopped.out()).isEqualTo("Once upon a time, there was a " + System.lineSeparator());
    assertThat(stopped.err()).contains("ended by --stop");
    Result endless = Cli.run("--context", "384", "--max-tokens", "400", "--ignore-eos");
    assertThat(endless.exitCode()).isZero();
    assertThat(endless.err()).contains("the context of 384 tokens is full");
  }

  @Test
  void endsWhenTheTimeIsOver() {
    Result result = Cli.run("--time-limit", "0.000000001", "--prompt", "Once");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).isEqualTo("Once" + System.lineSeparator());
    assertThat(result.err()).contains("[0 tokens, ended by --time-limit;");
  }

  @Test
  void settingsOfTheSamplingReachTheText() {
    String[] greedy = {"--prompt", "Once upon a time", "--max-tokens", "8", "--temperature", "0"};
    assertThat(Cli.run(greedy).out()).startsWith("Once upon a time, there");
    assertThat(Cli.run(concat(greedy, "--logit-bias", "11=-100")).out())
        .startsWith("Once upon a time")
        .doesNotContain(",");
  }

  private static String[] concat(String[] args, String... more) {
    return Stream.concat(Stream.of(args), Stream.of(more)).toArray(String[]::new);
  }

  @Test
  void printsOneJsonObject() throws IOException {
    Result result = Cli.run("--json", "--max-tokens", "5", "--threads", "1", "--kernels", "scalar");
    assertThat(result.exitCode()).as(result.err()).isZero();
    List<String> fields = new ArrayList<>();
    try (JsonParser json = new JsonFactory().createParser(result.out())) {
      assertThat(json.nextToken()).isEqualTo(JsonToken.START_OBJECT);
      for (String name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
        fields.add(name);
        json.nextToken();
        json.skipChildren();
      }
      assertThat(json.nextToken()).as("after the object").isNull();
    }
    assertThat(fields)
        .containsExactly(
            "promptIds",
            "ids",
            "text",
            "finishReason",
            "seed",
            "kernels",
            "kernelsReason",
            "vectorBits",
            "threads",
            "prefillTokensPerSecond",
            "decodeTokensPerSecond",
            "draftedTokens",
            "acceptedTokens",
            "loadMillis");
    assertThat(array(result.out(), "promptIds")).startsWith(2045);
    assertThat(array(result.out(), "ids")).hasSize(5);
    assertThat(result.out())
        .contains("\"text\":\", there was a little\"")
        .contains("\"finishReason\":\"LENGTH\",\"seed\":42")
        .contains(
            "\"kernels\":\"scalar\",\"kernelsReason\":\"named by the load"
                + " options\",\"vectorBits\":0,\"threads\":1");
    assertThat(result.err()).isEqualTo(DEMO_LINE + System.lineSeparator());
  }

  @Test
  void addsLogProbabilitiesToTheJsonIfAskedTo() throws IOException {
    Result result = Cli.run("--json", "--max-tokens", "3", "--temperature", "0", "--logprobs", "2");
    assertThat(result.exitCode()).as(result.err()).isZero();
    List<Integer> ids = array(result.out(), "ids");
    assertThat(result.out())
        .containsPattern(
            "\"logprobs\":\\[\\{\"id\":"
                + ids.get(0)
                + ",\"logprob\":(-[0-9.E-]+),"
                + "\"alternatives\":\\[\\{\"id\":"
                + ids.get(0)
                + ",\"logprob\":\\1},"
                + "\\{\"id\":\\d+,\"logprob\":-[0-9.E-]+}]},\\{\"id\":"
                + ids.get(1));
    assertThat(Cli.run("--json", "--max-tokens", "3").out()).doesNotContain("logprobs");
  }

  @Test
  void takesIdsAndPrintsIdsIfTheModelHasNoTokenizer(@TempDir Path folder) throws IOException {
    for (String file : List.of("config.json", "generation_config.json", "model.safetensors")) {
      Files.copy(Cli.DEMO_MODEL.resolve(file), folder.resolve(file));
    }
    String model = folder.toString();
    Result result = Cli.run("--model", model, "--ids", "2045,422", "--max-tokens", "3");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out().strip()).matches("\\d+ \\d+ \\d+");
    Result text = Cli.run("--model", model, "--prompt", "Once");
    assertThat(text.exitCode()).isEqualTo(1);
    assertThat(text.err()).startsWith("error: " + model).contains("tokenizer.json").hasLineCount(1);
  }

  static Stream<Arguments> unusableInputs() {
    String demo = Cli.DEMO_MODEL.toString();
    return Stream.of(
        input("no-such-folder: it does not exist", "--model=no-such-folder", "--prompt=x"),
        input("error: pom.xml: expected ", "--model=pom.xml", "--prompt=x"),
        input("token ids from 0 to 2047, found 2048 at index 1", "--ids=1,2048"),
        input("at most 2 tokens", "--prompt=Once upon a time", "--context=2"),
        input("--context: expected at most 384 (the model's own), found 385", "--context=385"),
        input("--ban: expected token ids from 0 to 2047, found 2048", "--ban=1,2048"),
        input("nowhere does not exist", "--prepared=nowhere/file"),
        input("provider avx9, found", "--kernels=avx9"),
        input("scalar (available)", "--model=" + demo, "--prompt=x", "--kernels=avx9"));
  }

  static Stream<Arguments> wrongArguments() {
    return Stream.of(
        input("--prompt=TEXT, --ids=ID are mutually exclusive", "--prompt=x", "--ids=1"),
        input(
            "'--ids' (ID): expected a whole number of at most 2147483647, found '2x'",
            "--ids=1,2x"),
        input("kv-cache: expected f32 or f16, found q8", "--kv-cache=q8"),
        input(
            "'--threads': expected a whole number of at most 2147483647, found 'many'",
            "--threads=many"),
        input("threads: expected 1 to 1024, found 0", "--threads=0"),
        input("--context: expected 1 or more, found 0", "--context=0"),
        input("--max-tokens: expected 1 or more, found 0", "--max-tokens=0"),
        input("'--max-tokens': expected a whole number of at most", "--max-tokens=99999999999"),
        input("'--top-p': expected a number, found 'x'", "--top-p=x"),
        input("--ids: expected token ids of 0 or more, found -1 at index 0", "--ids=-1"),
        input("--prompt: expected some text, found an empty string", "--prompt="),
        input("--temperature: expected a finite number", "--temperature=NaN"),
        input("'--model': expected a path, found ", "--model=a\0b"),
        input("temperature: expected a finite number, 0 or more", "--temperature=-1"),
        input("--top-k: expected 0 or more, found -1", "--top-k=-1"),
        input("--top-p: expected above 0", "--top-p=0"),
        input("stop: expected no empty strings", "--stop="),
        input("--time-limit: expected more than no time, found PT0S", "--time-limit=0"),
        input("--time-limit: expected more than no time", "--time-limit=-1"),
        input("logprobs: expected 0 or more, found -1", "--json", "--logprobs=-1"),
        input("logprobs: expected --json with it", "--logprobs=1"),
        input("--min-p: expected a number from 0 to 1, found 2.0", "--min-p=2"),
        input("--repetition-penalty: expected a finite number above 0", "--repetition-penalty=0"),
        input("--dry: expected a finite number, 0 or more", "--dry=-1"),
        input("--mirostat: expected a finite number above 0", "--mirostat=0"),
        input("'--logit-bias'", "--logit-bias=7"),
        input("--sampling-order: expected TOP_P", "--sampling-order=top_k,temperature"),
        input("no prompt: give --prompt", "--model=" + Cli.DEMO_MODEL));
  }

  private static Arguments input(String message, String... args) {
    return Arguments.of(message, args);
  }

  @ParameterizedTest
  @MethodSource("unusableInputs")
  void reportsUnusableInputsInOneLine(String message, String[] args) {
    Result result = Cli.run(args);
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    assertThat(result.err()).startsWith("error: ").contains(message).hasLineCount(1);
  }

  @ParameterizedTest
  @MethodSource("wrongArguments")
  void reportsWrongArgumentsAndWhereHelpIs(String message, String[] args) {
    Result result = Cli.run(args);
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.out()).isEmpty();
    assertThat(result.err())
        .startsWith("error: ")
        .contains(message)
        .contains("For help: bitnet generate --help")
        .hasLineCount(2);
  }

  /** Returns the ints of an array in a JSON object. */
  private static List<Integer> array(String json, String name) throws IOException {
    List<Integer> values = new ArrayList<>();
    try (JsonParser parser = new JsonFactory().createParser(json)) {
      parser.nextToken();
      while (!name.equals(parser.nextFieldName())) {
        parser.nextToken();
        parser.skipChildren();
      }
      assertThat(parser.nextToken()).isEqualTo(JsonToken.START_ARRAY);
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        values.add(parser.getIntValue());
      }
    }
    return values;
  }
}
