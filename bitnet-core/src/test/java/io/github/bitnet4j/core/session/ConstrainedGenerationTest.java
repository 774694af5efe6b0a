package io.github.bitnet4j.core.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.bitnet4j.FinishReason;
import io.github.bitnet4j.Generation;
import io.github.bitnet4j.GenerationConfig;
import io.github.bitnet4j.LoadOptions;
import io.github.bitnet4j.Model;
import io.github.bitnet4j.OutputConstraint;
import io.github.bitnet4j.OutputConstraintException;
import io.github.bitnet4j.Sampler;
import io.github.bitnet4j.Session;
import io.github.bitnet4j.Token;
import io.github.bitnet4j.TokenStream;
import io.github.bitnet4j.core.AvailableKernels;
import io.github.bitnet4j.core.format.SampleModels;
import io.github.bitnet4j.tokenizer.json.JsonReader;
import io.github.bitnet4j.tokenizer.json.JsonValue.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ConstrainedGenerationTest {
  private static final String PROMPT = "Once upon a time, there was a";

  private static final OutputConstraint STORY =
      OutputConstraint.jsonSchema(
          """
          {"type": "object",
           "properties": {
             "hero": {"type": "string", "minLength": 1, "maxLength": 12},
             "age": {"type": "integer", "minimum": 1, "maximum": 99},
             "kind": {"enum": ["cat", "dog", "\u4F60\uD83D\uDE00"]},
             "friends": {"type": "array", "items": {"type": "string", "maxLength": 5},
               "minItems": 1, "maxItems": 2}},
           "required": ["hero", "age", "kind", "friends"]}\
          """);

  private static Model model;

  @BeforeAll
  static void load() throws IOException {
    model = load("vector", 1);
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static Model load(String kernels, int threads) throws IOException {
    return Model.load(
        SampleModels.DEMO, LoadOptions.builder().kernels(kernels).threads(threads).build());
  }

  private static GenerationConfig.Builder config(OutputConstraint constraint) {
    return GenerationConfig.builder().maxTokens(120).seed(5).constraint(constraint);
  }

  private static Generation generate(GenerationConfig.Builder config) {
    try (Session session = model.newSession()) {
      return session.generate(PROMPT, config.build());
    }
  }

  private static List<GenerationConfig.Builder> settings() {
    return List.of(
        config(STORY),
        config(STORY).temperature(1),
        config(STORY).temperature(0.8f).topK(20),
        config(STORY).temperature(1).minP(0.05f).ignoreStopTokens(true));
  }

  @Test
  void completeTextsParse() throws IOException {
    for (GenerationConfig.Builder config : settings()) {
      Generation generation = generate(config);
      assertThat(generation.finishReason()).isEqualTo(FinishReason.COMPLETE);
      JsonObject story = (JsonObject) JsonReader.read(generation.text());
      assertThat(story.members().keySet()).containsExactly("hero", "age", "kind", "friends");
    }
  }

  @Test
  void theTokensAreTheSameOnEveryWay() throws IOException {
    List<Generation> expected = new ArrayList<>();
    settings().forEach(config -> expected.add(generate(config)));
    int accepted = 0;
    for (String kernels : AvailableKernels.names()) {
      try (Model other = load(kernels, kernels.equals("vector") ? 2 : 1);
          Session bold =
              ((TransformerModel) other)
                  .newSession(
                      new PassCosts() {
                        @Override
                        double of(int rows) {
                          return 1;
                        }
                      })) {
        for (int i = 0; i < expected.size(); i++) {
          GenerationConfig config = settings().get(i).speculation(true).build();
          Generation generation = bold.generate(PROMPT, config);
          assertThat(generation.ids()).as("%s", config).isEqualTo(expected.get(i).ids());
          assertThat(generation.text()).isEqualTo(expected.get(i).text());
          assertThat(generation.finishReason()).isEqualTo(expected.get(i).finishReason());
          accepted += generation.stats().acceptedTokens();
        }
      }
    }
    assertThat(accepted).as("guesses that came true").isPositive();
  }

  /** Greedy takes the best allowed token; a sampler sees the others masked. */
  @Test
  void aSamplerSeesTheMask() {
    Sampler best =
        (logits, random) -> {
          int id = 0;
          for (int other = 1; other < logits.length; other++) {
            id = logits[other] > logits[id] ? other : id;
          }
          return id;
        };
    assertThat(generate(config(STORY).sampler(best)).ids())
        .isEqualTo(generate(config(STORY)).ids());
    assertThatIllegalStateException()
        .isThrownBy(() -> generate(config(OutputConstraint.choices("x")).sampler((l, r) -> 300)))
        .withMessageContaining("that token is masked");
  }

  @Test
  void theTextOfAStreamComesWhole() {
    try (Session session = model.newSession();
        TokenStream tokens = session.stream(PROMPT, config(STORY).temperature(2).build())) {
      var text = new StringBuilder();
      for (Token token : tokens) {
        text.append(token.text());
      }
      assertThat(text.toString()).isEqualTo(tokens.result().text());
      assertThat(text.toString()).isEqualTo(generate(config(STORY).temperature(2)).text());
    }
  }

  @Test
  void choicesAndExpressionsEndWhereNothingCanFollow() {
    Generation choice = generate(config(OutputConstraint.choices("yes", "no", "maybe not")));
    assertThat(choice.text()).isIn("yes", "no", "maybe not");
    assertThat(choice.finishReason()).isEqualTo(FinishReason.COMPLETE);
    Generation emoji = generate(config(OutputConstraint.regex("(\u4F60|\uD83D\uDE00){3}")));
    assertThat(emoji.text()).matches("(\u4F60|\uD83D\uDE00){3}");
    assertThat(emoji.finishReason()).isEqualTo(FinishReason.COMPLETE);
    Generation nothing = generate(config(OutputConstraint.choices("")));
    assertThat(nothing.ids()).isEmpty();
    assertThat(nothing.finishReason()).isEqualTo(FinishReason.COMPLETE);
  }

  @Test
  void aTextThatIsCutOffEndsWithLength() {
    int whole = generate(config(STORY)).ids().length;
    Generation cut = generate(config(STORY).maxTokens(whole - 1));
    assertThat(cut.finishReason()).isEqualTo(FinishReason.LENGTH);
    Generation exact = generate(config(STORY).maxTokens(whole));
    assertThat(exact.finishReason()).isEqualTo(FinishReason.COMPLETE);
    assertThat(exact.text()).startsWith(cut.text());
    Generation endless =
        generate(config(OutputConstraint.regex("[a-z ]*")).ignoreStopTokens(true).maxTokens(30));
    assertThat(endless.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(endless.text()).matches("[a-z ]*");
  }

  @Test
  void theModelMayStopWhereTheTextIsComplete() {
    int stop = model.info().stopIds().getFirst();
    Sampler eager =
        (logits, random) -> {
          int id = stop;
          for (int other = 0; logits[id] == Float.NEGATIVE_INFINITY; other++) {
            id = other;
          }
          return id;
        };
    Generation generation = generate(config(OutputConstraint.regex("(ab)+")).sampler(eager));
    assertThat(generation.finishReason()).isEqualTo(FinishReason.STOP_TOKEN);
    assertThat(generation.text()).isEqualTo("ab");
    assertThat(generation.ids()).endsWith(stop);
  }

  @Test
  void stopStringsEndTheTextAnywhere() {
    Generation generation = generate(config(STORY).stop("age"));
    assertThat(generation.finishReason()).isEqualTo(FinishReason.STOP_STRING);
    assertThat(generation.text()).startsWith("{").doesNotContain("age");
  }

  @Test
  void aConstraintThatCannotBeUsedLeavesTheSessionUsable() {
    try (Session session = model.newSession()) {
      assertThatExceptionOfType(OutputConstraintException.class)
          .isThrownBy(
              () -> session.generate(PROMPT, config(OutputConstraint.gbnf("root ::=: ")).build()))
          .withMessageContaining("line 1");
      assertThat(session.generate(PROMPT, config(OutputConstraint.choices("a")).build()).text())
          .isEqualTo("a");
    }
  }

  @Test
  void aConstraintNeedsATokenizer() throws IOException {
    try (Model ids = Model.load(SampleModels.TIED);
        Session session = ids.newSession()) {
      assertThatIllegalStateException()
          .isThrownBy(
              () -> session.generate(new int[] {1}, config(OutputConstraint.json()).build()))
          .withMessageContaining("takes token ids only, and a constraint is about text");
    }
  }
}
