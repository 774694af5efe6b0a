package io.github.bitnet4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.bitnet4j.core.format.SampleModels;
import io.github.bitnet4j.tokenizer.EncodeOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a session promises, on the demo model. */
class SessionTest {
  private static final String PROMPT = "Once upon a time";

  /** Bytes of keys and values for each position of the demo model. */
  private static final long BYTES_PER_POSITION = 2L * 4 * 4 * 32 * Float.BYTES;

  private static Model model;
  private Session session;

  @BeforeAll
  static void load() throws IOException {
    model = Model.load(SampleModels.DEMO);
  }

  @AfterAll
  static void closeModel() {
    model.close();
  }

  @BeforeEach
  void open() {
    session = model.newSession();
  }

  @AfterEach
  void close() {
    session.close();
  }

  private static GenerationConfig.Builder config(int maxTokens) {
    return GenerationConfig.builder().maxTokens(maxTokens);
  }

  /** A sampler that says the given ids one after the other, and then id 0. */
  private static Sampler script(int... ids) {
    int[] next = {0};
    return (logits, random) -> next[0] < ids.length ? ids[next[0]++] : 0;
  }

  private static int[] encode(String text) {
    return model.tokenizer().encode(text);
  }

  private static List<Token> readAll(TokenStream stream) {
    List<Token> tokens = new ArrayList<>();
    stream.forEach(tokens::add);
    return tokens;
  }

  private static String join(List<Token> tokens) {
    StringBuilder text = new StringBuilder();
    tokens.forEach(token -> text.append(token.text()));
    return text.toString();
  }

  // ---- What is generated

  @Test
  void streamGivesWhatGenerateGives() {
    GenerationConfig config = config(40).temperature(0.8f).topP(0.9f).topK(50).seed(7).build();
    Generation whole = session.generate(PROMPT, config);
    try (Session other = model.newSession();
        TokenStream stream = other.stream(PROMPT, config)) {
      List<Token> tokens = readAll(stream);
      Generation result = stream.result();
      assertThat(tokens).extracting(Token::id).isEqualTo(boxed(whole.ids()));
      assertThat(join(tokens)).isEqualTo(whole.text());
      assertThat(result.ids()).isEqualTo(whole.ids());
      assertThat(result.text()).isEqualTo(whole.text()).isNotBlank();
      assertThat(result.promptIds()).isEqualTo(whole.promptIds());
      assertThat(result.finishReason()).isEqualTo(whole.finishReason());
      assertThat(result.seed()).isEqualTo(whole.seed()).isEqualTo(7);
    }
  }

  private static List<Integer> boxed(int[] ids) {
    return Arrays.stream(ids).boxed().toList();
  }

  @Test
  void aTextPromptGetsTheBosTokenAndIdsAreTakenAsTheyAre() {
    int bos = model.tokenizer().bosId().orElseThrow();
    Generation ofText = session.generate(PROMPT, config(5).build());
    int[] ids = model.tokenizer().encode(PROMPT, new EncodeOptions(true, false));
    assertThat(ofText.promptIds()).isEqualTo(ids).startsWith(bos);
    assertThat(session.generate(ids, config(5).build()).ids()).isEqualTo(ofText.ids());
    int[] withoutBos = encode(PROMPT);
    assertThat(session.generate(withoutBos, config(5).build()).promptIds())
        .isEqualTo(withoutBos)
        .doesNotContain(bos);
  }

  @Test
  void namesOfSpecialTokensInAPromptAreOrdinaryText() {
    int eot = model.tokenizer().idOf("<|eot_id|>").orElseThrow();
    int bos = model.tokenizer().bosId().orElseThrow();
    int[] promptIds =
        session.generate("a<|eot_id|><|begin_of_text|>b", config(1).build()).promptIds();
    assertThat(promptIds).doesNotContain(eot).startsWith(bos);
    assertThat(Arrays.stream(promptIds).filter(id -> id == bos)).hasSize(1);
    assertThat(model.tokenizer().decode(Arrays.copyOfRange(promptIds, 1, promptIds.length)))
        .isEqualTo("a<|eot_id|><|begin_of_text|>b");
  }

  @Test
  void generateWithoutSettingsIsGreedyAndReproducible() {
    Generation one = session.generate(PROMPT);
    assertThat(one.text()).startsWith(", there was a little girl named Lily.");
    assertThat(one.ids().length).isBetween(1, 256);
    try (Session other = model.newSession()) {
      assertThat(other.generate(PROMPT).ids()).isEqualTo(one.ids());
    }
  }

  @Test
  void thePromptArrayIsCopied() {
    int[] prompt = encode(PROMPT);
    int[] before = prompt.clone();
    try (TokenStream stream = session.stream(prompt, config(3).build())) {
      prompt[0] = 1;
      readAll(stream);
      assertThat(stream.result().promptIds()).isEqualTo(before);
    }
  }

  @Test
  void aStreamIsIteratedOnceAndIsAtItsEndAfterwards() {
    try (TokenStream stream = session.stream(PROMPT, config(2).build())) {
      assertThat(stream.iterator()).isSameAs(stream.iterator());
      assertThat(readAll(stream)).hasSize(2);
      assertThat(readAll(stream)).isEmpty();
      assertThatExceptionOfType(NoSuchElementException.class)
          .isThrownBy(() -> stream.iterator().next());
      assertThat(session.position()).isPositive(); // it was closed by its end
    }
  }

  @Test
  void resultIsRefusedWhileTheStreamIsOpen() {
    try (TokenStream stream = session.stream(PROMPT, config(2).build())) {
      stream.iterator().next();
      assertThatIllegalStateException()
          .isThrownBy(stream::result)
          .withMessageContaining("the stream is open");
      readAll(stream);
      assertThat(stream.result().ids()).hasSize(2);
    }
  }

  // ---- Why it ends

  @Test
  void endsAfterMaxTokens() {
    Generation generation = session.generate(PROMPT, config(9).build());
    assertThat(generation.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(generation.ids()).hasSize(9);
    assertThat(generation.stats().prefillTokens() + generation.stats().reusedTokens())
        .isEqualTo(generation.promptIds().length);
    assertThat(generation.stats().decodeTokens()).isEqualTo(8);
    assertThat(generation.stats().prefillTime()).isPositive();
    assertThat(generation.stats().decodeTime()).isPositive();
  }

  @ParameterizedTest
  @CsvSource({"5, 8, 3, CONTEXT_FULL", "7, 8, 1, CONTEXT_FULL", "8, 8, 0, CONTEXT_FULL"})
  void endsWhenTheContextIsFull(int prompt, int context, int generated, FinishReason reason)
      throws IOException {
    LoadOptions options = LoadOptions.builder().contextLength(context).build();
    try (Model small = Model.load(SampleModels.DEMO, options);
        Session s = small.newSession()) {
      assertThat(small.info().contextLength()).isEqualTo(context);
      assertThat(s.contextLength()).isEqualTo(context);
      int[] ids = IntStream.rangeClosed(300, 299 + prompt).toArray();
      Generation generation = s.generate(ids, config(100).ignoreStopTokens(true).build());
      assertThat(generation.finishReason()).isEqualTo(reason);
      assertThat(generation.ids()).hasSize(generated);
      try (TokenStream stream = s.stream(ids, config(100).ignoreStopTokens(true).build())) {
        assertThat(readAll(stream)).hasSize(generated);
        assertThat(stream.result().finishReason()).isEqualTo(reason);
      }
      int room = context - prompt;
      if (room > 0) { // both limits at once: the one that was asked for
        assertThat(s.generate(ids, config(room).ignoreStopTokens(true).build()).finishReason())
            .isEqualTo(FinishReason.LENGTH);
      }
      assertThatExceptionOfType(ContextOverflowException.class)
          .isThrownBy(() -> s.generate(new int[context + 1], config(1).build()))
          .satisfies(e -> assertThat(e.tokens()).isEqualTo(context + 1))
          .satisfies(e -> assertThat(e.contextLength()).isEqualTo(context));
    }
  }

  @Test
  void endsAtEachStopTokenOfTheModel() {
    assertThat(model.info().stopIds()).containsExactly(2046, 2047);
    for (int stopId : model.info().stopIds()) {
      int[] words = encode("The end");
      int[] said = Arrays.copyOf(words, words.length + 2);
      said[words.length] = stopId;
      said[words.length + 1] = words[0];
      Generation generation = session.generate(PROMPT, config(50).sampler(script(said)).build());
      assertThat(generation.finishReason()).isEqualTo(FinishReason.STOP_TOKEN);
      assertThat(generation.ids()).isEqualTo(Arrays.copyOf(said, words.length + 1));
      assertThat(generation.text()).isEqualTo("The end");
    }
  }

  @Test
  void goesOnAfterStopTokensIfAsked() {
    int[] words = encode("The end");
    int[] said = {2046, words[0], 2047, 2045, words[1]};
    Generation generation =
        session.generate(
            PROMPT, config(said.length).ignoreStopTokens(true).sampler(script(said)).build());
    assertThat(generation.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(generation.ids()).isEqualTo(said);
    assertThat(generation.text()).isEqualTo(model.tokenizer().decode(words[0], words[1]));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "\"t on th\", \"The cat sa\", STOP_STRING",
        "\"The cat\", \"\", STOP_STRING",
        "\"mat.\", \"The cat sat on the \", STOP_STRING",
        "\"T\", \"\", STOP_STRING",
        "\"sat in\", \"The cat sat on the mat.\", LENGTH",
        "\"mat. And\", \"The cat sat on the mat.\", LENGTH",
      })
  void stopStringsMaySpanTokensAndHoldBackNoMoreThanTheyMust(
      String stop, String text, FinishReason reason) {
    int[] said = encode("The cat sat on the mat.");
    assertThat(said.length).isGreaterThan(4);
    GenerationConfig config = config(said.length).stop("#none", stop).sampler(script(said)).build();
    try (TokenStream stream = session.stream(PROMPT, config)) {
      String released = "";
      int count = 0;
      for (Token token : stream) {
        released += token.text();
        count++;
        String decoded = model.tokenizer().decode(Arrays.copyOf(said, count));
        if (!decoded.contains(stop) && count < said.length) {
          assertThat(released)
              .isEqualTo(decoded.substring(0, decoded.length() - held(decoded, stop)));
        }
      }
      assertThat(released).isEqualTo(text).isEqualTo(stream.result().text());
      assertThat(stream.result().finishReason()).isEqualTo(reason);
      assertThat(stream.result().ids()).hasSize(count);
    }
  }

  /** The length of the longest end of the text that the stop string begins with. */
  private static int held(String text, String stop) {
    int held = Math.min(text.length(), stop.length() - 1);
    while (!text.endsWith(stop.substring(0, held))) {
      held--;
    }
    return held;
  }

  @Test
  void heldBackTextIsReleasedAtAStopToken() {
    int[] words = encode("The cat");
    int[] said = Arrays.copyOf(words, words.length + 1);
    said[words.length] = 2046;
    GenerationConfig config = config(20).stop("cat and dog").sampler(script(said)).build();
    try (TokenStream stream = session.stream(PROMPT, config)) {
      List<Token> tokens = readAll(stream);
      assertThat(tokens.getLast().text()).isEqualTo("cat");
      assertThat(stream.result().text()).isEqualTo("The cat");
      assertThat(stream.result().finishReason()).isEqualTo(FinishReason.STOP_TOKEN);
    }
  }

  @Test
  void anUnfinishedCharacterAtTheEndBecomesTheReplacementCharacter() {
    int[] smile = encode("🙂");
    assertThat(smile).as("bytes of one character").hasSize(4);
    for (int bytes = 1; bytes < 4; bytes++) {
      int[] part = Arrays.copyOf(smile, bytes);
      Generation cut = session.generate(PROMPT, config(bytes).sampler(script(part)).build());
      assertThat(cut.text()).isEqualTo("\uFFFD");
      int[] stopped = Arrays.copyOf(part, bytes + 1);
      stopped[bytes] = 2046;
      assertThat(session.generate(PROMPT, config(9).sampler(script(stopped)).build()).text())
          .isEqualTo("\uFFFD");
    }
    try (TokenStream stream = session.stream(PROMPT, config(4).sampler(script(smile)).build())) {
      assertThat(readAll(stream)).extracting(Token::text).containsExactly("", "", "", "🙂");
    }
  }

  @Test
  void idsThatTheTokenizerDoesNotKnowHaveNoText(@TempDir Path temp) throws IOException {
    SampleModels.Sizes sizes = new SampleModels.Sizes(64, 64, 1, 2, 1, 2100, 32);
    SampleModels.synthetic(temp, sizes, 1);
    for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
      Files.copy(SampleModels.DEMO.resolve(file), temp.resolve(file));
    }
    try (Model padded = Model.load(temp);
        Session s = padded.newSession()) {
      int[] said = {encode("The")[0], 2099, 2048, encode("The")[0]};
      Generation generation = s.generate(PROMPT, config(4).sampler(script(said)).build());
      assertThat(generation.ids()).isEqualTo(said);
      assertThat(generation.text()).isEqualTo("TheThe");
    }
  }

  // ---- Seeds and samplers

  @Test
  void aReportedSeedGivesTheSameTextAgain() {
    GenerationConfig unseeded = config(30).temperature(1.2f).build();
    Generation first = session.generate(PROMPT, unseeded);
    Generation again =
        session.generate(PROMPT, config(30).temperature(1.2f).seed(first.seed()).build());
    assertThat(again.ids()).as("seed " + first.seed()).isEqualTo(first.ids());
    assertThat(session.generate(PROMPT, unseeded).seed()).isNotEqualTo(first.seed());
  }

  @Test
  void differentSeedsGiveDifferentTexts() {
    List<String> texts = new ArrayList<>();
    for (int seed = 0; seed < 4; seed++) {
      texts.add(session.generate(PROMPT, config(30).temperature(1.2f).seed(seed).build()).text());
    }
    assertThat(texts).doesNotHaveDuplicates();
  }

  @Test
  void aCustomSamplerReplacesTheRuleAndGetsTheSeededRandomNumbers() {
    List<Long> draws = new ArrayList<>();
    Sampler sampler =
        (logits, random) -> {
          assertThat(logits).hasSize(model.info().vocabSize());
          draws.add(random.nextLong());
          Arrays.fill(logits, Float.NaN); // may be changed freely
          return 300;
        };
    GenerationConfig config = config(3).temperature(0.5f).topK(1).seed(5).sampler(sampler).build();
    assertThat(session.generate(PROMPT, config).ids()).containsExactly(300, 300, 300);
    List<Long> first = List.copyOf(draws);
    draws.clear();
    session.generate(PROMPT, config);
    assertThat(draws).isEqualTo(first).doesNotHaveDuplicates();
  }

  // ---- The KV cache

  /** Greedy, and remembers the logits of every step. */
  private static final class Recorder implements Sampler {
    final List<float[]> logits = new ArrayList<>();

    @Override
    public int sample(float[] values, RandomGenerator random) {
      logits.add(values.clone());
      int best = 0;
      for (int id = 1; id < values.length; id++) {
        best = values[id] > values[best] ? id : best;
      }
      return best;
    }
  }

  @Test
  void whatIsReusedFromTheCacheChangesNoBit() {
    int[] shared =
        model.tokenizer().encode("Once upon a time there was", new EncodeOptions(true, false));
    int[] prompt = concat(shared, encode(" a big dog. He"));
    session.generate(concat(shared, encode(" a cat in the")), config(10).build());
    Recorder reusing = new Recorder();
    Generation warm = session.generate(prompt, config(20).sampler(reusing).build());
    assertThat(warm.stats().reusedTokens()).isBetween(shared.length, prompt.length - 1);
    assertThat(warm.stats().prefillTokens()).isEqualTo(prompt.length - warm.stats().reusedTokens());

    try (Session fresh = model.newSession()) {
      Recorder recomputing = new Recorder();
      Generation cold = fresh.generate(prompt, config(20).sampler(recomputing).build());
      assertThat(cold.stats().reusedTokens()).isZero();
      assertThat(warm.ids()).isEqualTo(cold.ids());
      assertThat(reusing.logits).hasSameSizeAs(recomputing.logits);
      for (int i = 0; i < reusing.logits.size(); i++) {
        assertThat(reusing.logits.get(i)).isEqualTo(recomputing.logits.get(i));
      }
    }
  }

  @Test
  void theSamePromptAgainReusesAllButItsLastToken() {
    int length = session.generate(PROMPT, config(3).build()).promptIds().length;
    Generation.Stats again = session.generate(PROMPT, config(3).build()).stats();
    assertThat(again.reusedTokens()).isEqualTo(length - 1);
    assertThat(again.prefillTokens()).isEqualTo(1);
  }

  @Test
  void aContinuationReusesWhatWasGenerated() {
    Generation first = session.generate(PROMPT, config(10).build());
    int[] all = concat(first.promptIds(), first.ids());
    Generation second = session.generate(all, config(5).build());
    assertThat(second.stats().reusedTokens()).isEqualTo(all.length - 1);
    try (Session fresh = model.newSession()) {
      assertThat(fresh.generate(first.promptIds(), config(15).build()).ids())
          .isEqualTo(concat(first.ids(), second.ids()));
    }
  }

  private static int[] concat(int[] a, int[] b) {
    int[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  @Test
  void positionCountsTheTokensInTheCacheAndResetEmptiesIt() {
    assertThat(session.position()).isZero();
    Generation generation = session.generate(PROMPT, config(4).build());
    // The last token has not been through the model.
    assertThat(session.position()).isEqualTo(generation.promptIds().length + 3);
    session.addMessage(ChatMessage.user("x"));
    session.reset();
    assertThat(session.position()).isZero();
    assertThat(session.messages()).isEmpty();
    Generation again = session.generate(PROMPT, config(4).build());
    assertThat(again.stats().reusedTokens()).isZero();
    assertThat(again.ids()).isEqualTo(generation.ids());
  }

  @Test
  void theCacheGrowsInBlocksOfPositions() {
    assertThat(session.kvCacheBytes()).isZero();
    long before = 0;
    for (int length : new int[] {1, 64, 65, 130, 383}) {
      session.generate(new int[length], config(1).build());
      long bytes = session.kvCacheBytes();
      assertThat(session.position()).isEqualTo(length);
      assertThat(bytes)
          .isEqualTo((length + 63) / 64 * 64 * BYTES_PER_POSITION)
          .isGreaterThanOrEqualTo(before);
      before = bytes;
    }
    assertThat(session.contextLength()).isEqualTo(384);
  }

  @Test
  void traceStartsAnewAndLeavesTheIdsInTheCache() {
    session.generate(PROMPT, config(4).build());
    int[] ids = session.generate(PROMPT, config(1).build()).promptIds();
    List<String> names = new ArrayList<>();
    session.trace(
        ids,
        new TraceListener() {
          @Override
          public void onFloats(String name, int rows, int columns, float[] values) {
            assertThat(rows).isEqualTo(ids.length);
            assertThat(values.length).isGreaterThanOrEqualTo(rows * columns);
            names.add(name);
          }

          @Override
          public void onBytes(String name, int rows, int columns, byte[] values) {
            assertThat(values.length).isGreaterThanOrEqualTo(rows * columns);
            names.add(name);
          }
        });
    assertThat(names)
        .startsWith("embed")
        .contains("layers.0.input_norm", "layers.3.q_proj.act_int8", "layers.3.out", "final_norm")
        .endsWith("logits");
    assertThat(session.position()).isEqualTo(ids.length);
    assertThat(session.generate(ids, config(3).build()).stats().reusedTokens())
        .isEqualTo(ids.length - 1);
  }

  // ---- Prompts that cannot be used

  @Test
  void refusesEmptyPrompts() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> session.generate(""))
        .withMessage("prompt: expected some text, found an empty string");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> session.stream(new int[0], config(1).build()))
        .withMessage("prompt: expected at least one token id, found none");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> session.trace(new int[0], null))
        .withMessage("prompt: expected at least one token id, found none");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 2048, Integer.MIN_VALUE, Integer.MAX_VALUE})
  void refusesIdsOutsideOfTheVocabulary(int id) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> session.generate(new int[] {1, id}, config(1).build()))
        .withMessage("prompt: expected token ids from 0 to 2047, found " + id + " at index 1");
    assertThat(session.generate(PROMPT, config(1).build()).ids()).hasSize(1);
  }

  @Test
  void refusesTextsLongerThanTheContext() {
    String text = "cat ".repeat(500);
    int tokens = encode(text).length + 1;
    assertThatExceptionOfType(ContextOverflowException.class)
        .isThrownBy(() -> session.generate(text))
        .withMessage(
            "prompt: expected at most 384 tokens (the context length), found %d; shorten it or load"
                + " with a larger contextLength",
            tokens);
    assertThat(session.position()).isZero();
  }

  @Test
  void aModelWithoutATokenizerTakesIdsOnly() throws IOException {
    try (Model tied = Model.load(SampleModels.TIED);
        Session s = tied.newSession()) {
      assertThatIllegalStateException()
          .isThrownBy(tied::tokenizer)
          .withMessageContaining("takes token ids only: the directory has no tokenizer.json");
      assertThatIllegalStateException().isThrownBy(() -> s.generate("text"));
      assertThatIllegalStateException().isThrownBy(() -> s.chat(ChatMessage.user("text")));
      int[] ids = {294, 257};
      assertThatIllegalStateException()
          .isThrownBy(() -> s.generate(ids, config(3).stop("x").build()));
      try (TokenStream stream = s.stream(ids, config(3).build())) {
        assertThat(readAll(stream)).hasSize(3).extracting(Token::text).containsOnly("");
        assertThat(stream.result().text()).isEmpty();
      }
    }
  }

  @Test
  void showsModelAndPosition() {
    session.generate(new int[] {1, 2, 3}, config(1).build());
    assertThat(session.toString()).isEqualTo("Session[" + SampleModels.DEMO + ", 3 of 384 tokens]");
    assertThat(model.toString()).contains(SampleModels.DEMO.toString(), "BitNetForCausalLM");
  }
}
