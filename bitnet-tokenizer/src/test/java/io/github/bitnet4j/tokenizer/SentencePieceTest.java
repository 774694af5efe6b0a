package io.github.bitnet4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.tokenizer.TestData.Case;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Vocabularies of SentencePiece in Hugging Face's form and in its own. */
class SentencePieceTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"tokenizer.json", "tokenizer.model"})
  void encodesAndDecodesTheGoldenCasesOfTheSmallVocabulary(String file) throws IOException {
    Tokenizer tokenizer = Tokenizer.load(TestData.resource("mini-spm/" + file));
    List<Case> cases = TestData.cases(TestData.resource("mini-spm/cases.jsonl"));

    assertThat(cases).hasSize(500);
    TestData.assertCases(tokenizer, cases);
    assertThat(tokenizer.vocabSize()).isEqualTo(800);
    assertThat(tokenizer.bosId()).hasValue(1);
    assertThat(tokenizer.addsBos()).isTrue();
    assertThat(tokenizer.unknownId()).hasValue(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tokenizer.json.gz", "tokenizer.model"})
  void encodesAndDecodesTheGoldenCasesOfLlama2(String file) throws IOException {
    Tokenizer tokenizer = Tokenizer.load(TestData.unpacked("tokenizer/llama2/" + file, folder));
    List<Case> cases = TestData.cases(TestData.shared("tokenizer/llama2/cases.jsonl"));
    List<Case> longCases = TestData.cases(TestData.shared("tokenizer/llama2/long-cases.jsonl"));

    assertThat(cases).hasSize(1046);
    TestData.assertCases(tokenizer, cases);
    assertThat(longCases).isNotEmpty();
    TestData.assertLongCases(tokenizer, longCases);
  }

  @Test
  void readsTheModelOfAFolderWithoutTokenizerJson() throws IOException {
    Files.copy(TestData.resource("mini-spm/tokenizer.model"), folder.resolve("tokenizer.model"));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        """
        {"add_bos_token": false, "added_tokens_decoder": {
          "0": {"content": "<unk>", "special": true},
          "800": {"content": "<pad>", "special": true}}}\
        """);
    Files.writeString(folder.resolve("special_tokens_map.json"), "{\"eos_token\": \"<pad>\"}");
    Files.writeString(folder.resolve("chat_template.jinja"), "{{ messages }}");
    Tokenizer tokenizer = Tokenizer.load(folder);

    assertThat(tokenizer.vocabSize()).isEqualTo(801);
    assertThat(tokenizer.bosId()).hasValue(1);
    assertThat(tokenizer.addsBos()).isFalse();
    assertThat(tokenizer.eosId()).hasValue(800);
    assertThat(tokenizer.specialTokens()).containsExactly("<unk>", "<s>", "</s>", "<pad>");
    assertThat(tokenizer.chatTemplateSource()).hasValue("{{ messages }}");
  }
}
