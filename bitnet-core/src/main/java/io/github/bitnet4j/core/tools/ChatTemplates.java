package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.GgufMetadata;
import java.util.List;
import java.util.Optional;

/**
 * What is known of the published bitnet-b1.58-2B-4T that its official GGUF file lacks or has wrong:
 * the file does not name its splitter, and its chat template is a placeholder of the converter.
 */
final class ChatTemplates {
  /** The template of the model's {@code tokenizer_config.json}. */
  private static final String BITNET =
      "{% for message in messages %}{{ message['role'] | capitalize + ': ' + message['content'] | trim"
          + " + '<|eot_id|>' }}{% endfor %}{% if add_generation_prompt %}{{ 'Assistant: ' }}{% endif %}";

  private static final int BITNET_VOCABULARY = 128_256;

  private ChatTemplates() {}

  /** Returns the splitter of a file that does not name it, if it is that model. */
  static Optional<String> inferredPre(ModelSource source) {
    return isBitnet(source) && source.config().vocabSize() == BITNET_VOCABULARY
        ? Optional.of(Splitter.LLAMA3.ggufName())
        : Optional.empty();
  }

  /** Returns whether a template is the placeholder. */
  static boolean isPlaceholder(ModelSource source, String template) {
    return isBitnet(source) && template.contains("BITNETAssistant");
  }

  /** Returns the chat template of a GGUF file, the right one instead of the placeholder. */
  static Optional<String> of(GgufMetadata metadata, ModelSource source, List<String> warnings)
      throws ModelFormatException {
    Optional<String> template = metadata.string("tokenizer.chat_template");
    if (template.isPresent() && isPlaceholder(source, template.get())) {
      warnings.add(
          "the chat template of the file is a placeholder that the model was not trained on;"
              + " tokenizer_config.json has the published one");
      return Optional.of(BITNET);
    }
    return template;
  }

  private static boolean isBitnet(ModelSource source) {
    String architecture = source.config().architecture();
    return architecture.equals("bitnet-b1.58") || architecture.equals("bitnet-25");
  }
}
