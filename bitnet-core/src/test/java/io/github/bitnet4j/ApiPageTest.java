package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.core.format.SampleModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The code of docs/api.md: what stands between {@code // begin} and {@code // end}, in order. */
class ApiPageTest {
  private static final Path PAGE = Path.of("..", "docs", "api.md");
  private static final Path HERE =
      Path.of("src", "test", "java", "io", "github", "bitnet4j", "ApiPageTest.java");
  private static final int MOST_LINES = 10;

  @TempDir Path folder;

  private final GenerationConfig config = GenerationConfig.builder().maxTokens(12).build();
  private Path path;
  private Model model;
  private Session session;

  @BeforeEach
  void open() throws IOException {
    path = SampleModels.copy(SampleModels.DEMO, folder.resolve("model"));
    SampleModels.setJson(
        path,
        "tokenizer_config.json",
        "chat_template",
        SampleModels.quote("{% for m in messages %}{{ m.content }} {% endfor %}"));
    model = Model.load(path);
    session = model.newSession();
  }

  @AfterEach
  void close() {
    session.close();
    model.close();
  }

  @Test
  void thePageShowsWhatIsTestedHereInFewLines() throws IOException {
    List<String> shown = blocks("```java\\R(.*?)```", Files.readString(PAGE));
    List<String> tested = blocks("// begin\\R(.*?)\\R *// end", Files.readString(HERE));
    assertThat(shown).hasSize(12);
    assertThat(tested).isEqualTo(shown);
    assertThat(shown).allMatch(block -> block.lines().count() <= MOST_LINES);
  }

  private static List<String> blocks(String pattern, String text) {
    List<String> blocks = new ArrayList<>();
    Matcher matcher = Pattern.compile(pattern, Pattern.DOTALL).matcher(text);
    while (matcher.find()) {
      blocks.add(matcher.group(1).stripIndent().strip());
    }
    return blocks;
  }

  @Test
  void continuesAText() throws IOException {
    // begin
    try (Model model = Model.load(path);
        Session session = model.newSession()) {
      Generation story = session.generate("Once upon a time");
      System.out.println(story.text());
    }
    // end
  }

  @Test
  void showsTokensAsTheyCome() {
    // begin
    try (TokenStream tokens = session.stream("Once upon a time", config)) {
      for (Token token : tokens) {
        System.out.print(token.text());
      }
    }
    // end
  }

  @Test
  void talksWithInstructionsThatStay() {
    // begin
    session.addMessage(ChatMessage.system("Answer in one sentence."));
    Generation reply = session.chat(ChatMessage.user("Why is the sky blue?"), config);
    System.out.println(reply.text());
    session.keepMessages(1); // a new conversation with the same instructions
    // end
    assertThat(reply.text()).isNotEmpty();
    assertThat(session.messages()).hasSize(1);
  }

  @Test
  void drawsTokensAndGetsTheSameTextAgain() {
    // begin
    GenerationConfig creative =
        GenerationConfig.builder().temperature(0.8f).minP(0.05f).maxTokens(20).build();
    Generation first = session.generate("One day", creative);
    Generation again = session.generate("One day", creative.toBuilder().seed(first.seed()).build());
    // end
    assertThat(again.text()).isEqualTo(first.text());
  }

  @Test
  void getsJsonThatASchemaAccepts() {
    // begin
    String schema =
        """
        {"type": "object", "properties": {"name": {"enum": ["Lily", "Tom"]}}, "required": ["name"]}
        """;
    GenerationConfig json =
        GenerationConfig.builder().constraint(OutputConstraint.jsonSchema(schema)).build();
    String object = session.generate("The child as JSON: ", json).text();
    // end
    assertThat(object.replaceAll("\\s", "")).matches("\\{\"name\":\"(Lily|Tom)\"\\}");
  }

  @Test
  void stopsInTime() {
    // begin
    GenerationConfig bounded =
        GenerationConfig.builder().timeLimit(Duration.ofSeconds(30)).stop("\n\n").build();
    Generation part = session.generate("Once upon a time", bounded);
    if (part.finishReason() == FinishReason.TIME_LIMIT) {
      System.out.println("That took too long."); // another thread could call session.cancel()
    }
    // end
    assertThat(part.text()).doesNotContain("\n\n");
  }

  @Test
  void servesManyAtOnce() {
    List<String> prompts = List.of("One day", "Once upon a time", "The dog");
    Map<String, String> answers = new ConcurrentHashMap<>();
    // begin
    try (ExecutorService users = Executors.newVirtualThreadPerTaskExecutor()) {
      for (String prompt : prompts) {
        users.submit(
            () -> {
              try (Session own = model.newSession()) { // passes over the weights are shared
                answers.put(prompt, own.generate(prompt, config).text());
              }
            });
      }
    }
    // end
    assertThat(answers).containsOnlyKeys(prompts);
    assertThat(answers.get("One day")).isEqualTo(session.generate("One day", config).text());
  }

  @Test
  void triesSeveralWaysOn() {
    // begin
    session.generate("Once upon a time, there was a", config);
    try (Session other = session.fork()) { // shares the KV cache
      other.generate("Once upon a time, there was a cat", config);
    }
    // end
  }

  @Test
  void goesOnTomorrow() throws IOException {
    session.generate("Once upon a time", config);
    Path file = folder.resolve("session");
    // begin
    session.save(file);
    try (Session tomorrow = model.restoreSession(file)) {
      System.out.println(tomorrow.position() + " tokens need not be computed again");
    }
    // end
  }

  @Test
  void choosesTheBestAnswer() {
    // begin
    String best = "";
    double bestMean = Double.NEGATIVE_INFINITY;
    for (String answer : List.of(" happy", " a table", " the of")) {
      double mean = session.score("The little girl was very", answer).mean();
      if (mean > bestMean) {
        best = answer;
        bestMean = mean;
      }
    }
    // end
    assertThat(best).isEqualTo(" happy");
  }

  @Test
  void addsARule() {
    // begin
    LogitsProcessor noRepeat =
        (ids, logits) -> logits[ids.get(ids.size() - 1)] = Float.NEGATIVE_INFINITY;
    GenerationConfig ruled =
        GenerationConfig.builder().logitsProcessors(noRepeat).maxTokens(20).build();
    Generation text = session.generate("Once upon a time", ruled);
    // end
    int[] ids = text.ids();
    for (int i = 1; i < ids.length; i++) {
      assertThat(ids[i]).isNotEqualTo(ids[i - 1]);
    }
  }

  @Test
  void writesMoreThanTheContextHolds() {
    // begin
    GenerationConfig endless =
        GenerationConfig.builder().overflow(OverflowPolicy.SHIFT).maxTokens(450).build();
    int prompt = session.countTokens("Once upon a time");
    System.out.println(session.contextLength() - prompt + " tokens fit, 450 are wanted");
    Generation novel = session.generate("Once upon a time", endless);
    // end
    assertThat(prompt).isPositive();
    assertThat(novel.finishReason()).isIn(FinishReason.LENGTH, FinishReason.STOP_TOKEN);
  }
}
