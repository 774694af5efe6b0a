package io.github.bitnet4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufVocabularyTest {
  @ParameterizedTest
  @ValueSource(strings = {"mini/vocab.gguf", "mini/vocab-no-pre.gguf"})
  void encodesAndDecodesTheGoldenCasesOfTheSmallByteLevelVocabulary(String file)
      throws IOException {
    Tokenizer tokenizer = Tokenizer.of(GgufMetadata.read(TestData.resource(file)));

    TestData.assertCases(tokenizer, TestData.cases(TestData.resource("mini/cases.jsonl")));
    assertThat(tokenizer.bosId()).hasValue(753);
    assertThat(tokenizer.addsBos()).isTrue();
    assertThat(tokenizer.eosId()).hasValue(754);
    assertThat(tokenizer.vocabSize()).isEqualTo(768);
    assertThat(tokenizer.chatTemplateSource()).isPresent();
  }

  @Test
  void encodesAndDecodesTheGoldenCasesOfTheSmallSentencePieceVocabulary() throws IOException {
    Tokenizer tokenizer = Tokenizer.of(GgufMetadata.read(TestData.resource("mini-spm/vocab.gguf")));

    List<TestData.Case> cases = TestData.cases(TestData.resource("mini-spm/cases.jsonl"));
    assertThat(cases).hasSize(500);
    TestData.assertCases(tokenizer, cases);
    assertThat(tokenizer.bosId()).hasValue(1);
    assertThat(tokenizer.addsBos()).isTrue();
    assertThat(tokenizer.eosId()).hasValue(2);
    assertThat(tokenizer.unknownId()).hasValue(0);
  }

  @Test
  void encodesAndDecodesTheGoldenCasesOfLlama2() throws IOException {
    Tokenizer tokenizer =
        Tokenizer.of(GgufMetadata.read(TestData.shared("tokenizer/llama2/vocab.gguf.gz")));

    List<TestData.Case> cases = TestData.cases(TestData.shared("tokenizer/llama2/cases.jsonl"));
    assertThat(cases).hasSize(1046);
    TestData.assertCases(tokenizer, cases);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt-2", "falcon"})
  void encodesAndDecodesTheGoldenCasesOfOtherSplitters(String name) throws IOException {
    Tokenizer tokenizer =
        Tokenizer.of(GgufMetadata.read(TestData.shared("tokenizer/gguf/" + name + ".gguf.gz")));

    TestData.assertCases(
        tokenizer, TestData.cases(TestData.shared("tokenizer/gguf/" + name + "-cases.jsonl")));
  }
}
