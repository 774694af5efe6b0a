package io.github.bitnet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.bitnet4j.Model;
import io.github.bitnet4j.cli.Cli.Result;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The cases of ../shared/cases, each run by the command that its expected.txt states. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the launcher is a POSIX shell script")
class SharedCasesIT {
  private static final Path ROOT = Path.of("..", "..").toAbsolutePath().normalize();
  private static final Path CASES = ROOT.resolveSibling("shared").resolve("cases");
  private static final Path LAUNCHER = ROOT.resolve("bitnet-examples").resolve("bitnet");

  @TempDir private Path temp;

  @BeforeEach
  void findCases() {
    assumeTrue(Files.isDirectory(CASES), "there is no ../shared/cases");
  }

  // ---- 01 and 02: nested repetition

  @TestFactory
  List<DynamicTest> nestedRepetitionEndsInTime() throws IOException {
    String regex = Files.readString(file("01-nested-repetition-regex/regex.txt")).strip();
    return List.of(
        dynamicTest("01", () -> assertOnlyAsOrRefused("--regex", regex)),
        dynamicTest(
            "02",
            () ->
                assertOnlyAsOrRefused(
                    "--grammar", file("02-nested-repetition-gbnf/grammar.gbnf").toString())));
  }

  /** ChildJvm's time limit shows that it ends. */
  private void assertOnlyAsOrRefused(String option, String constraint) throws Exception {
    Result result =
        bitnet("generate", "--prompt", "x", option, constraint, "--max-tokens=5", "--time-limit=3");
    if (result.exitCode() == 0) {
      assertThat(result.out()).matches("xa*\\s*");
    } else {
      assertThat(result.err()).contains("error: ").doesNotContain("\tat ");
    }
  }

  // ---- 04 to 15: schemas

  @TestFactory
  Stream<DynamicTest> schemasAreAcceptedAndObeyed() {
    String text = "\"(?:[^\"\\\\]|\\\\.)*";
    return Stream.of(
        schema("04-schema-unknown-keywords", 30, "\\{\\s*\"name\"\\s*:\\s*" + text),
        schema("06-schema-discriminator", 30, "\\{\\s*\"kind\"\\s*:\\s*\"(a\"\\s*,|b\")"),
        schema("07-schema-format-email", 40, "\\{\\s*\"email\"\\s*:\\s*" + text),
        schema("08-schema-format-uri-lengths", 40, "\\{\\s*\"u\"\\s*:\\s*" + text),
        schema("10-pattern-with-length", 20, "\"[a-z0-9-]{3,8}\""),
        schema("11-anchors-in-groups", 20, "\"(|[A-Z]{2}|\\*+)(\"|$)"),
        schema("14-pattern-properties", 30, "\\{\\s*(\\}|\"S_)"),
        schema("15-unique-items", 30, "\\[(?!.*\"([abc])\".*\"\\1\")"));
  }

  private DynamicTest schema(String name, int maxTokens, String start) {
    return dynamicTest(
        name,
        () -> {
          Result result = generate(name, maxTokens);
          assertThat(result.exitCode()).as(result.err()).isZero();
          assertThat(result.out()).startsWith("JSON: ");
          String json = result.out().substring("JSON: ".length()).strip();
          assertThat(Pattern.compile(start).matcher(json).lookingAt()).as(json).isTrue();
        });
  }

  private Result generate(String name, int maxTokens) throws Exception {
    String schema = file(name + "/schema.json").toString();
    return bitnet(
        "generate", "--prompt", "JSON: ", "--json-schema", schema, "--max-tokens=" + maxTokens);
  }

  @TestFactory
  Stream<DynamicTest> aLookaheadIsObeyedOrRefusedByName() {
    return Stream.of(
        dynamicTest(
            "13-lookahead",
            () -> {
              Result result = generate("13-lookahead", 20);
              if (result.exitCode() == 0) {
                assertThat(result.out()).startsWith("JSON: \"").doesNotContain("\"aws:");
              } else {
                assertThat(result.err()).containsPattern("look-?ahead");
              }
            }));
  }

  // ---- 18 to 34: chat templates

  @TestFactory
  Stream<DynamicTest> templatesRenderAsJinjaDoesAndChat() {
    // The text of the last one depends on the day.
    return Stream.of(
        template("18-template-integer-keys", "budget 128\nuser: hi\nassistant:"),
        template("20-template-indent", "user:\nhi\nassistant:"),
        template("21-template-nested-macro", "user: hi\nassistant:"),
        template("22-template-unused-append", "user: hi\nassistant:"),
        template("24-template-filter-block", "USER: hi\nassistant:"),
        template("27-check-unusable-template", "[hi]assistant:"),
        template("34-template-strftime-unguarded", ""));
  }

  private DynamicTest template(String name, String rendered) {
    return dynamicTest(
        name,
        () -> {
          Path copy = demoModelWith(name);
          Result chat =
              ChildJvm.finish(
                  shell(
                      "printf 'hi\\n' | sh \"$0\" chat --model \"$1\" --max-tokens 3"
                          + " --temperature 0",
                      copy.toString()));
          assertThat(chat.exitCode()).as(chat.err()).isZero();
          assertThat(chat.out()).isNotBlank();
          if (!rendered.isEmpty()) {
            assertThat(promptOfHi(copy)).isEqualTo(rendered);
          }
        });
  }

  private static String promptOfHi(Path copy) throws Exception {
    try (Model model = Model.load(copy)) {
      Map<String, String> message = Map.of("role", "user", "content", "hi");
      return model
          .tokenizer()
          .chatTemplate()
          .orElseThrow()
          .render(List.of(message), true, Map.of());
    }
  }

  /**
   * A template that cannot be used: the one of case 27 calls a macro by "call", which now works.
   */
  @TestFactory
  Stream<DynamicTest> checkWarnsOfATemplateThatCannotBeUsed() {
    return Stream.of(
        dynamicTest(
            "27-check-unusable-template",
            () -> {
              Path copy = demoModelWith("27-check-unusable-template");
              Result usable = bitnet("check", copy.toString());
              Path template = copy.resolve("chat_template.jinja");
              Files.writeString(template, "{{ messages | no_such_filter }}");
              Result unusable = bitnet("check", copy.toString());
              assertThat(usable.exitCode()).as(usable.err()).isZero();
              assertThat(unusable.out()).contains("no_such_filter").contains("chat");
            }));
  }

  // ---- 28 to 32: the command line and tokenizers

  @TestFactory
  Stream<DynamicTest> argumentsKeepTheirBytesInALocaleThatIsNotInstalled() {
    return Stream.of("LC_ALL=tr_TR.UTF-8", "LANG=de_DE.UTF-8", "LANG=en_US.ISO-8859-1")
        .map(
            setting ->
                dynamicTest(
                    "28-locale-not-installed: " + setting,
                    () -> {
                      String[] variable = setting.split("=");
                      ProcessBuilder builder =
                          builder(
                              "generate",
                              "--max-tokens=1",
                              "--temperature=0",
                              "--json",
                              "--prompt",
                              "Iğdır");
                      builder.environment().keySet().removeIf(SharedCasesIT::isLocale);
                      builder.environment().put(variable[0], variable[1]);
                      Result result = ChildJvm.finish(builder);
                      assertThat(result.exitCode()).as(result.err()).isZero();
                      assertThat(result.out())
                          .contains("\"promptIds\":[2045,40,128,253,67,128,109,81]");
                    }));
  }

  private static boolean isLocale(String name) {
    return name.startsWith("LC_") || name.equals("LANG") || name.equals("LANGUAGE");
  }

  @TestFactory
  Stream<DynamicTest> closedStandardInputIsAnEndOfInput() {
    return Stream.of(
        dynamicTest(
            "29-stdin-closed: chat",
            () -> {
              Path copy = demoModelWith("22-template-unused-append");
              Files.writeString(
                  copy.resolve("chat_template.jinja"),
                  "{% for m in messages %}{{ m.content }}{% endfor %}");
              assertNothing(
                  shell("sh \"$0\" chat --model \"$1\" --max-tokens 5 <&-", copy.toString()));
            }),
        dynamicTest(
            "29-stdin-closed: tokenize", () -> assertNothing(shell("sh \"$0\" tokenize <&-"))));
  }

  private static void assertNothing(ProcessBuilder builder) throws Exception {
    Result result = ChildJvm.finish(builder);
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).isBlank();
  }

  @TestFactory
  Stream<DynamicTest> byteOrderMarksAreSkipped() {
    return Stream.of(
        dynamicTest(
            "30-byte-order-marks: grammar",
            () -> {
              String grammar = file("30-byte-order-marks/grammar.gbnf").toString();
              Result result = bitnet("generate", "--prompt", "Hi", "--grammar", grammar);
              assertThat(result.exitCode()).as(result.err()).isZero();
              assertThat(result.out()).matches("Hi[ab]\\s*");
            }),
        dynamicTest(
            "30-byte-order-marks: lines",
            () -> assertTokenized("30-byte-order-marks", "[" + idsOf("a") + "]")));
  }

  private static String idsOf(String text) throws Exception {
    try (Model model = Model.load(Cli.DEMO_MODEL)) {
      List<String> ids = new ArrayList<>();
      for (int id : model.tokenizer().encode(text)) {
        ids.add(String.valueOf(id));
      }
      return String.join(",", ids);
    }
  }

  private void assertTokenized(String name, String ids, String... args) throws Exception {
    Path lines = file(name + "/lines.jsonl");
    ProcessBuilder builder = builder("tokenize", args);
    builder.redirectInput(lines.toFile());
    Result result = ChildJvm.finish(builder);
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out().replace(" ", "")).contains(ids);
  }

  @TestFactory
  Stream<DynamicTest> theTokenizerOptionReadsAGgufFileOrNamesTheOptionThatDoes() {
    return Stream.of(
        dynamicTest(
            "31-tokenizer-option-gguf",
            () -> {
              Path gguf = temp.resolve("model.gguf");
              Result converted = bitnet("convert", Cli.DEMO_MODEL.toString(), gguf.toString());
              assertThat(converted.exitCode()).as(converted.err()).isZero();
              ProcessBuilder builder = builder("tokenize", "--tokenizer", gguf.toString());
              builder.redirectInput(writeLine("{\"text\": \"a\"}").toFile());
              Result result = ChildJvm.finish(builder);
              if (result.exitCode() == 0) {
                assertThat(result.out().replace(" ", "")).contains("[" + idsOf("a") + "]");
              } else {
                assertThat(result.err()).contains("GGUF", "--model");
              }
            }));
  }

  @TestFactory
  Stream<DynamicTest> theNfcNormalizerOfQwen2IsApplied() {
    return Stream.of(
        dynamicTest(
            "32-tokenizer-qwen2-nfc",
            () -> {
              String tokenizer = file("32-tokenizer-qwen2-nfc/tokenizer.json").toString();
              for (String text : List.of("e\\u0301x", "\\u00e9x")) {
                ProcessBuilder builder = builder("tokenize", "--tokenizer", tokenizer);
                builder.redirectInput(writeLine("{\"text\": \"" + text + "\"}").toFile());
                Result result = ChildJvm.finish(builder);
                assertThat(result.exitCode()).as(result.err()).isZero();
                assertThat(result.out().replace(" ", "")).contains("[127,102,87]");
              }
            }));
  }

  // ---- Parts

  private static Path file(String name) {
    return CASES.resolve(name);
  }

  private Path writeLine(String line) throws IOException {
    return Files.writeString(temp.resolve("lines.jsonl"), line + "\n", StandardCharsets.UTF_8);
  }

  /** Copies the demo model and puts the chat template of a case beside it. */
  private Path demoModelWith(String name) throws IOException {
    Path copy = Files.createDirectory(temp.resolve(name));
    try (Stream<Path> files = Files.list(Cli.DEMO_MODEL)) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    Files.copy(file(name + "/chat_template.jinja"), copy.resolve("chat_template.jinja"));
    copy.resolve("chat_template.jinja").toFile().setWritable(true);
    return copy;
  }

  private Result bitnet(String command, String... args) throws Exception {
    return ChildJvm.finish(builder(command, args));
  }

  private ProcessBuilder builder(String command, String... args) {
    List<String> words = new ArrayList<>(List.of("sh", LAUNCHER.toString(), command));
    words.addAll(List.of(args));
    return withJdk(new ProcessBuilder(words));
  }

  /** Returns a run of a shell command, in which $0 is the launcher and $1 an argument. */
  private ProcessBuilder shell(String command, String... args) {
    List<String> words = new ArrayList<>(List.of("sh", "-c", command, LAUNCHER.toString()));
    words.addAll(List.of(args));
    return withJdk(new ProcessBuilder(words));
  }

  private ProcessBuilder withJdk(ProcessBuilder builder) {
    builder.directory(temp.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().remove("BITNET_JAVA_OPTS");
    return builder;
  }
}
