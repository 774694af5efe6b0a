package io.github.bitnet4j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The files that {@link Tokenizer#load} finds and how they may begin. */
class TokenizerLoadTest {
  private static final String MARK = "\uFEFF";

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"mini/vocab.gguf", "mini-spm/vocab.gguf"})
  void readsTheVocabularyOfGgufFiles(String name) throws IOException {
    Path file = TestData.resource(name);
    Tokenizer expected = Tokenizer.of(GgufMetadata.read(file));
    String text = "Hello world, 12345 caf\u00e9 \u4f60";

    Tokenizer tokenizer = Tokenizer.load(file);

    assertThat(tokenizer).hasToString(expected.toString());
    assertThat(tokenizer.encode(text)).isEqualTo(expected.encode(text));
    assertThat(tokenizer.bosId()).isEqualTo(expected.bosId());
    assertThat(tokenizer.eosId()).isEqualTo(expected.eosId());
    assertThat(tokenizer.addsBos()).isEqualTo(expected.addsBos());
    assertThat(tokenizer.chatTemplateSource()).isEqualTo(expected.chatTemplateSource());
  }

  @Test
  void findsTheOnlyGgufFileOfAFolder() throws IOException {
    Files.copy(TestData.resource("mini/vocab.gguf"), folder.resolve("a.gguf"));
    assertThat(Tokenizer.load(folder).encode("Hello")).isNotEmpty();
    Files.copy(TestData.resource("mini/vocab.gguf"), folder.resolve("b.gguf"));
    assertThatThrownBy(() -> Tokenizer.load(folder)).isInstanceOf(IOException.class);
  }

  @Test
  void refusesEveryTruncatedGgufFile() throws IOException {
    byte[] bytes = Files.readAllBytes(TestData.resource("mini/vocab.gguf"));
    Path file = folder.resolve("cut.gguf");
    for (int length = 4; length < bytes.length; length += 1 + bytes.length / 300) {
      Files.write(file, Arrays.copyOf(bytes, length));
      try {
        Tokenizer.load(file);
      } catch (TokenizerFormatException e) {
        assertThat(e).hasMessageContaining("cut.gguf").hasMessageContaining("ends inside");
      }
    }
  }

  @Test
  void refusesGgufFilesWithHugeSizesWithoutTakingMemory() throws IOException {
    byte[] bytes = Files.readAllBytes(TestData.resource("mini/vocab.gguf"));
    Path file = folder.resolve("huge.gguf");
    for (int at = 4; at < 600; at += 4) {
      byte[] changed = bytes.clone();
      Arrays.fill(changed, at, at + 8, (byte) 0x7F);
      Files.write(file, changed);
      try {
        Tokenizer.load(file);
      } catch (TokenizerFormatException e) {
        assertThat(e).hasMessageContaining("huge.gguf");
        assertThat(e.getMessage().length()).isLessThan(2000);
      }
    }
  }

  @Test
  void saysThatAGgufFileHasNoTokenizer() throws IOException {
    Path file = folder.resolve("empty.gguf");
    byte[] header = Arrays.copyOf("GGUF".getBytes(StandardCharsets.US_ASCII), 24);
    header[4] = 3;
    Files.write(file, header);
    assertThatThrownBy(() -> Tokenizer.load(file))
        .isInstanceOf(TokenizerFormatException.class)
        .hasMessageContaining(
            "tokenizer.ggml.model: expected the vocabulary of a tokenizer, found" + " nothing");
  }

  @Test
  void skipsByteOrderMarksOfAllFiles() throws IOException {
    String json = Files.readString(TestData.resource("demo/tokenizer.json"));
    String config = Files.readString(TestData.resource("demo/tokenizer_config.json"));
    Files.writeString(folder.resolve("tokenizer.json"), MARK + json);
    Files.writeString(folder.resolve("tokenizer_config.json"), MARK + config);
    Files.writeString(folder.resolve("special_tokens_map.json"), MARK + "{}");
    Files.writeString(folder.resolve("chat_template.jinja"), MARK + "{{ messages[0].content }}");

    Tokenizer tokenizer = Tokenizer.load(folder);

    assertThat(tokenizer.bosId()).hasValue(2045);
    assertThat(
            tokenizer
                .chatTemplate()
                .orElseThrow()
                .render(List.of(Map.of("role", "user", "content", "x")), true, Map.of()))
        .isEqualTo("x");
  }

  @Test
  void ignoresEmptyConfigurations() throws IOException {
    Files.copy(TestData.resource("demo/tokenizer.json"), folder.resolve("tokenizer.json"));
    Files.createFile(folder.resolve("tokenizer_config.json"));
    Files.createFile(folder.resolve("special_tokens_map.json"));
    assertThat(Tokenizer.load(folder).bosId()).hasValue(2045);
  }

  @Test
  void refusesFoldersInThePlaceOfFiles() throws IOException {
    Files.copy(TestData.resource("demo/tokenizer.json"), folder.resolve("tokenizer.json"));
    Files.createDirectory(folder.resolve("tokenizer_config.json"));
    assertThatThrownBy(() -> Tokenizer.load(folder))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining("tokenizer_config.json: expected a regular file");
  }
}
