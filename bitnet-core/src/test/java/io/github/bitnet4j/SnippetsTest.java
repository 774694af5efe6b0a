package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.core.format.SampleModels;
import io.github.bitnet4j.core.trace.Trace;
import io.github.bitnet4j.core.trace.TraceComparison;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The examples of the Javadoc, compiled and run: what stands between the markers {@code // Name}
 * and {@code // end} is what the Javadoc of that class shows.
 */
class SnippetsTest {
  private static final java.nio.file.Path API =
      java.nio.file.Path.of("..", "bitnet-api", "src", "main", "java", "io", "github", "bitnet4j");
  private static final java.nio.file.Path CORE =
      java.nio.file.Path.of("src", "main", "java", "io", "github", "bitnet4j", "core");
  private static final java.nio.file.Path HERE =
      java.nio.file.Path.of("src", "test", "java", "io", "github", "bitnet4j", "SnippetsTest.java");

  private static final Pattern JAVADOC_SNIPPET =
      Pattern.compile("<pre>\\{@code\\R(.*?)\\R \\* \\}</pre>", Pattern.DOTALL);

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private PrintStream out;

  /** In the snippets, every path is that of the demo model. */
  private static final class Path {
    static java.nio.file.Path of(String ignored) {
      return SampleModels.DEMO;
    }
  }

  @BeforeEach
  void capturePrintedText() {
    out = System.out;
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void restore() {
    System.setOut(out);
  }

  private String printed() {
    return printed.toString(StandardCharsets.UTF_8);
  }

  @Test
  void modelSnippet() throws IOException {
    // Model
    try (Model model = Model.load(Path.of("bitnet-b1.58-2B-4T"));
        Session session = model.newSession()) {
      System.out.println(session.generate("Once upon a time").text());
    }
    // end
    assertThat(printed()).startsWith(", there was a little girl named Lily.");
  }

  @Test
  void sessionSnippet() throws IOException {
    try (Model model = Model.load(SampleModels.DEMO)) {
      // Session
      GenerationConfig config =
          GenerationConfig.builder().maxTokens(200).temperature(0.7f).topP(0.9f).seed(42).build();
      try (Session session = model.newSession();
          TokenStream tokens = session.stream("Once upon a time", config)) {
        for (Token token : tokens) {
          System.out.print(token.text());
        }
      }
      // end
      try (Session session = model.newSession()) {
        assertThat(printed())
            .isNotBlank()
            .isEqualTo(session.generate("Once upon a time", config).text());
      }
    }
  }

  @Test
  void generationConfigSnippet() {
    // GenerationConfig
    GenerationConfig config =
        GenerationConfig.builder()
            .maxTokens(100)
            .temperature(0.7f)
            .topP(0.9f)
            .seed(42)
            .stop("\n\n")
            .build();
    // end
    assertThat(config)
        .hasToString(
            "GenerationConfig[maxTokens=100, temperature=0.7, topK=0, topP=0.9,"
                + " seed=OptionalLong[42], stop=[\n\n]]");
  }

  @Test
  void loadOptionsSnippet() throws IOException {
    LoadOptions small = LoadOptions.builder().threads(2).contextLength(384).build();
    // LoadOptions
    LoadOptions options = LoadOptions.builder().threads(2).contextLength(1024).build();
    // end
    assertThat(options.threads()).isEqualTo(small.threads()).hasValue(2);
    assertThat(options.contextLength()).hasValue(1024);
    try (Model model = Model.load(SampleModels.DEMO, small)) {
      assertThat(model.info().contextLength()).isEqualTo(384);
    }
  }

  @Test
  void samplerSnippet() throws IOException {
    try (Model model = Model.load(SampleModels.DEMO);
        Session session = model.newSession()) {
      int comma = model.tokenizer().idOf(",").orElseThrow();
      // Sampler
      Sampler notTheComma =
          (logits, random) -> {
            logits[comma] = Float.NEGATIVE_INFINITY;
            int best = 0;
            for (int id = 1; id < logits.length; id++) {
              if (logits[id] > logits[best]) {
                best = id;
              }
            }
            return best;
          };
      // end
      GenerationConfig config = GenerationConfig.builder().maxTokens(30).build();
      assertThat(session.generate("Once upon a time", config).ids()).contains(comma);
      GenerationConfig without =
          GenerationConfig.builder().maxTokens(30).sampler(notTheComma).build();
      assertThat(session.generate("Once upon a time", without).ids())
          .hasSize(30)
          .doesNotContain(comma);
    }
  }

  @Test
  void logitsProcessorSnippet() throws IOException {
    try (Model model = Model.load(SampleModels.DEMO);
        Session session = model.newSession()) {
      // LogitsProcessor
      LogitsProcessor atLeast20Tokens =
          (ids, logits) -> {
            if (ids.size() - ids.promptSize() < 20) {
              for (int stopId : model.info().stopIds()) {
                logits[stopId] = Float.NEGATIVE_INFINITY;
              }
            }
          };
      // end
      GenerationConfig.Builder endAtOnce = GenerationConfig.builder().allowedIds(2046, 300);
      assertThat(session.generate("The", endAtOnce.logitBias(2046, 100).build()).ids())
          .containsExactly(2046);
      endAtOnce.logitsProcessors(atLeast20Tokens);
      assertThat(session.generate("The", endAtOnce.build()).ids()).hasSize(21).endsWith(300, 2046);
    }
  }

  @Test
  void generationSnippet() throws IOException {
    try (Model model = Model.load(SampleModels.DEMO);
        Session session = model.newSession()) {
      // Generation
      Generation generation = session.generate("Once upon a time");
      System.out.println(generation.text());
      System.out.println(generation.finishReason());
      // end
      assertThat(printed()).endsWith("STOP_TOKEN" + System.lineSeparator());
    }
  }

  @Test
  void tokenStreamSnippet() throws IOException {
    GenerationConfig config = GenerationConfig.builder().maxTokens(5).build();
    try (Model model = Model.load(SampleModels.DEMO);
        Session session = model.newSession()) {
      // TokenStream
      try (TokenStream tokens = session.stream("Once upon a time", config)) {
        for (Token token : tokens) {
          System.out.print(token.text());
        }
        System.out.println(tokens.result().finishReason());
      }
      // end
      assertThat(printed()).isEqualTo(", there was a littleLENGTH" + System.lineSeparator());
    }
  }

  @Test
  void chatMessageSnippet(@TempDir java.nio.file.Path temp) throws IOException {
    GenerationConfig config = GenerationConfig.builder().maxTokens(5).build();
    java.nio.file.Path directory = SampleModels.copy(SampleModels.DEMO, temp.resolve("model"));
    SampleModels.setJson(
        directory,
        "tokenizer_config.json",
        "chat_template",
        SampleModels.quote("{% for m in messages %}{{ m.content }} {% endfor %}"));
    try (Model model = Model.load(directory);
        Session session = model.newSession()) {
      // ChatMessage
      session.addMessage(ChatMessage.system("You answer in one sentence."));
      Generation reply = session.chat(ChatMessage.user("Why is the sky blue?"), config);
      System.out.println(reply.text());
      // end
      assertThat(printed().strip()).isEqualTo(reply.text().strip()).isNotEmpty();
      assertThat(session.messages()).hasSize(3);
    }
  }

  @Test
  void traceSnippet(@TempDir java.nio.file.Path temp) throws IOException {
    try (Model model = Model.load(SampleModels.DEMO);
        Session session = model.newSession()) {
      java.nio.file.Path reference = temp.resolve("reference.safetensors");
      Trace.record(session, new int[] {1, 2, 4}).write(reference);
      // Trace
      Trace ours = Trace.record(session, new int[] {1, 2, 3});
      TraceComparison comparison = ours.compare(Trace.read(reference), 1e-5);
      comparison.firstDeparture().ifPresent(System.out::println);
      // end
      assertThat(printed()).contains("embed");
    }
  }

  @Test
  void outputConstraintSnippet() throws IOException {
    try (Model model = Model.load(SampleModels.DEMO);
        Session session = model.newSession()) {
      // OutputConstraint
      OutputConstraint person =
          OutputConstraint.jsonSchema(
              """
              {"type": "object",
               "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
               "required": ["name", "age"]}
              """);
      GenerationConfig config = GenerationConfig.builder().constraint(person).build();
      Generation generation = session.generate("Someone we know, in JSON: ", config);
      // end
      assertThat(generation.text()).startsWith("{");
    }
  }

  // ---- The Javadoc shows what was run above

  @ParameterizedTest
  @CsvSource({
    "Model, Model.java",
    "Session, Session.java",
    "GenerationConfig, GenerationConfig.java",
    "LoadOptions, LoadOptions.java",
    "Sampler, Sampler.java",
    "LogitsProcessor, LogitsProcessor.java",
    "Generation, Generation.java",
    "TokenStream, TokenStream.java",
    "ChatMessage, ChatMessage.java",
    "OutputConstraint, OutputConstraint.java",
  })
  void theJavadocOfTheApiShowsWhatIsTested(String name, String file) throws IOException {
    assertThat(tested(name)).isEqualTo(shown(API.resolve(file)));
  }

  @Test
  void theJavadocOfTheTraceShowsWhatIsTested() throws IOException {
    assertThat(tested("Trace")).isEqualTo(shown(CORE.resolve("trace").resolve("Trace.java")));
  }

  @Test
  void everySnippetOfTheApiIsTested() throws IOException {
    List<String> withSnippets = new ArrayList<>();
    try (var files = Files.newDirectoryStream(API, "*.java")) {
      for (java.nio.file.Path file : files) {
        if (Files.readString(file).contains("<pre>{@code")) {
          withSnippets.add(file.getFileName().toString());
        }
      }
    }
    assertThat(withSnippets)
        .containsExactlyInAnyOrder(
            "Model.java",
            "Session.java",
            "GenerationConfig.java",
            "LoadOptions.java",
            "Sampler.java",
            "LogitsProcessor.java",
            "Generation.java",
            "TokenStream.java",
            "ChatMessage.java",
            "OutputConstraint.java");
  }

  /** The lines between a marker and the end marker of this file. */
  private static String tested(String name) throws IOException {
    List<String> lines = Files.readAllLines(HERE);
    int start = indexOfLine(lines, "// " + name, 0);
    int end = indexOfLine(lines, "// end", start);
    return stripped(lines.subList(start + 1, end));
  }

  private static int indexOfLine(List<String> lines, String line, int from) {
    for (int i = from; i < lines.size(); i++) {
      if (lines.get(i).strip().equals(line)) {
        return i;
      }
    }
    throw new AssertionError("no line " + line);
  }

  /** The lines of the only snippet in a class's Javadoc. */
  private static String shown(java.nio.file.Path file) throws IOException {
    Matcher matcher = JAVADOC_SNIPPET.matcher(Files.readString(file));
    assertThat(matcher.find()).as("snippet in " + file).isTrue();
    List<String> lines =
        matcher.group(1).lines().map(line -> line.replaceFirst("^ \\* ?", "")).toList();
    assertThat(matcher.find()).as("second snippet in " + file).isFalse();
    return stripped(lines);
  }

  /** Without indentation, which differs inside of a test method. */
  private static String stripped(List<String> lines) {
    return lines.stream().map(String::strip).collect(Collectors.joining("\n"));
  }
}
