package io.github.bitnet4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.bitnet4j.tokenizer.TestData.Case;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TokenizerTest {
  private static final EncodeOptions PROMPT = new EncodeOptions(true, false);
  private static final EncodeOptions SPECIAL = new EncodeOptions(false, true);

  @Test
  void encodesAndDecodesTheGoldenCasesOfTheSmallVocabulary() throws IOException {
    List<Case> cases = TestData.cases(TestData.resource("mini/cases.jsonl"));

    assertThat(cases).hasSize(512);
    TestData.assertCases(TestData.mini(), cases);
  }

  @Test
  void encodesThePromptsAndDecodesTheContinuationsOfTheDemoModel() throws IOException {
    Tokenizer tokenizer = TestData.demo();
    List<Case> cases = TestData.cases(TestData.resource("demo/cases.jsonl"));

    assertThat(cases).hasSize(8);
    for (Case golden : cases) {
      assertThat(tokenizer.encode(golden.text("prompt"), PROMPT))
          .as(golden.text("prompt"))
          .isEqualTo(golden.ids("prompt_ids"));
      assertThat(tokenizer.decode(golden.ids("continuation_ids")))
          .isEqualTo(golden.text("continuation_text"));
    }
  }

  @Test
  void knowsTheTokensOfTheDemoModel() throws IOException {
    Tokenizer tokenizer = TestData.demo();

    assertThat(tokenizer.vocabSize()).isEqualTo(2048);
    assertThat(tokenizer.bosId()).hasValue(2045);
    assertThat(tokenizer.addsBos()).isTrue();
    assertThat(tokenizer.eosId()).hasValue(2046);
    assertThat(tokenizer.idOf("<|eot_id|>")).hasValue(2047);
    assertThat(tokenizer.idOf(" there")).hasValue(399);
    assertThat(tokenizer.idOf("<|no_such_token|>")).isEmpty();
    assertThat(tokenizer.isSpecial(2047)).isTrue();
    assertThat(tokenizer.isSpecial(399)).isFalse();
    assertThat(tokenizer.chatTemplate()).isEmpty();
    assertThat(tokenizer.chatTemplateSource()).isEmpty();
  }

  @Test
  void takesTheBosTokenFromThePostProcessorWithoutAConfiguration() throws IOException {
    Tokenizer tokenizer = TestData.mini();

    assertThat(tokenizer.bosId()).hasValue(753);
    assertThat(tokenizer.addsBos()).isTrue();
    assertThat(tokenizer.eosId()).isEmpty();
    assertThat(tokenizer.encode("", PROMPT)).containsExactly(753);
    assertThat(tokenizer.encode("")).isEmpty();
  }

  @Test
  void refusesIdsOutsideOfTheVocabulary() throws IOException {
    Tokenizer tokenizer = TestData.mini();

    for (int id : new int[] {-1, 768, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      assertThatThrownBy(() -> tokenizer.decode(1, id))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("token id " + id + " is not in the range 0 to 767");
      assertThatThrownBy(() -> tokenizer.isSpecial(id))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void parsesSpecialTokensOnlyWhenAsked() throws IOException {
    Tokenizer tokenizer = TestData.demo();
    String text = "Hi<|eot_id|>there<|eot_id|><|begin_of_text|>";

    assertThat(tokenizer.encode(text)).doesNotContain(2047, 2045);
    assertThat(tokenizer.encode(text, SPECIAL)).containsSubsequence(2047, 2047, 2045);
    assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
    assertThat(tokenizer.decode(tokenizer.encode(text, SPECIAL))).isEqualTo(text);
  }

  @Test
  void encodesTemplatesWithGuardedNamesOfSpecialTokensAsOrdinaryText() throws IOException {
    Tokenizer tokenizer = TestData.demo();
    char guard = '\uE000';
    String content = "a <|eot_id|> b";
    String guarded = "a <|\uE000eot_id|> b\uE000";

    int[] ids = tokenizer.encodeTemplated(guarded + "<|eot_id|>c", guard);

    var expected = new TokenBuffer(16);
    for (int id : tokenizer.encode(content)) {
      expected.add(id);
    }
    expected.add(2047);
    for (int id : tokenizer.encode("c")) {
      expected.add(id);
    }
    assertThat(ids).isEqualTo(expected.toArray());
    assertThat(tokenizer.encodeTemplated("\uE000", guard)).isEmpty();
    assertThat(tokenizer.encodeTemplated("it\uE000's", guard)).isEqualTo(tokenizer.encode("it's"));
  }

  @Test
  void decodesWhatItEncodesForRandomText() throws IOException {
    Tokenizer tokenizer = TestData.mini();
    long seed = 20250101;
    Random random = new Random(seed);
    for (int i = 0; i < 500; i++) {
      var text = new StringBuilder();
      int length = random.nextInt(60);
      for (int c = 0; c < length; c++) {
        int bits = 1 + random.nextInt(20);
        int codePoint = random.nextInt(1 << bits);
        text.appendCodePoint(
            codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE
                ? ' '
                : codePoint);
      }
      assertThat(tokenizer.decode(tokenizer.encode(text.toString())))
          .as("seed %d, text %d", seed, i)
          .isEqualTo(text.toString());
    }
  }
}
