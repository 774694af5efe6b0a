package io.github.bitnet4j.core.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.bitnet4j.Model;
import io.github.bitnet4j.core.format.GgufValue.StringValue;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tokenizers and chat templates that come from the metadata of a GGUF file. */
class GgufTokenizerTest {
  private static final Path TIED = SampleModels.TIED.resolveSibling("model-i2_s.gguf");

  @TempDir private Path temp;

  private Model loadWith(String key, String value) throws IOException {
    EditableGguf file = EditableGguf.read(TIED);
    file.metadata.put(key, new StringValue(value));
    return Model.load(file.write(temp.resolve("model.gguf")));
  }

  @Test
  void replacesTheConvertersPlaceholderByTheTemplateTheModelWasTrainedWith() throws IOException {
    String placeholder =
        "{% for message in messages %}{{ 'Human: ' + message['content'] + 'BITNETAssistant: ' +"
            + " eos_token }}{% endfor %}";
    try (Model model = loadWith("tokenizer.chat_template", placeholder)) {
      String rendered =
          model
              .tokenizer()
              .chatTemplate()
              .orElseThrow()
              .render(List.of(Map.of("role", "user", "content", " Hi ")), true, Map.of());
      assertThat(rendered).isEqualTo("User: Hi<|eot_id|>Assistant: ");
    }
  }

  @Test
  void keepsAnyOtherTemplate() throws IOException {
    String template = "{{ messages[0]['content'] }}";
    try (Model model = loadWith("tokenizer.chat_template", template)) {
      assertThat(model.tokenizer().chatTemplateSource()).contains(template);
    }
  }

  @Test
  void aVocabularyThatCannotBeUsedLeavesAModelForIds() throws IOException {
    try (Model model = loadWith("tokenizer.ggml.pre", "no-such-splitter")) {
      assertThatIllegalStateException()
          .isThrownBy(model::tokenizer)
          .withMessageContaining("takes token ids only")
          .withMessageContaining("no-such-splitter");
    }
  }
}
