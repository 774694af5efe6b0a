package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.GgufFile;
import io.github.bitnet4j.core.format.GgufMetadata;
import io.github.bitnet4j.tokenizer.ChatTemplate;
import io.github.bitnet4j.tokenizer.ChatTemplateException;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Checks of the tokenizer and the chat template. */
final class TokenizerChecks {
  /** Contractions, numbers, white space, several scripts: where wrong splitters differ. */
  private static final List<String> SAMPLES =
      List.of(
          "Hello, world! It's 1234567 o'clock; we'll see.",
          "def f(x):\n    return x ** 2  # two  spaces\n\n\n",
          "Grüße aus Zürich, naïve café, Ελληνικά, Русский",
          "日本語のテキスト 한국어 العربية हिन्दी",
          "emoji 🙂👩‍👩‍👧 and \t tabs\r\nlines");

  private TokenizerChecks() {}

  static void check(ModelSource source, Findings findings) throws ModelFormatException {
    source.files().warnings().forEach(warning -> findings.warning("files", warning));
    if (source.gguf().isPresent()) {
      checkGguf(source.gguf().get(), source, findings);
    }
    Tokenizer tokenizer = source.files().tokenizer();
    if (tokenizer == null) {
      findings.warning(
          "tokenizer",
          "the model takes token ids only: "
              + source.files().noTokenizerReason()
              + ". Get tokenizer.json and tokenizer_config.json of the original, or a complete"
              + " file");
    } else {
      checkTokenizer(tokenizer, source, findings);
    }
    if (source.files().stopIds().isEmpty()) {
      findings.warning(
          "stop tokens",
          "no file names an end-of-sequence token: generation ends only at its token limit");
    }
  }

  private static void checkGguf(GgufFile file, ModelSource source, Findings findings)
      throws ModelFormatException {
    GgufMetadata metadata = new GgufMetadata(file.path(), file.metadata());
    boolean gpt2 = metadata.string("tokenizer.ggml.model").filter("gpt2"::equals).isPresent();
    if (gpt2 && metadata.string("tokenizer.ggml.pre").isEmpty()) {
      findings.warning(
          "tokenizer.ggml.pre",
          "it is missing: other engines split text in a generic way and get digits and contractions"
              + " wrong"
              + (source.files().tokenizer() == null
                  ? ""
                  : ". This library takes llama-bpe, which is right for the published models"));
    }
    Tokenizer tokenizer = source.files().tokenizer();
    if (tokenizer != null
        && !metadata.string("tokenizer.chat_template").equals(tokenizer.chatTemplateSource())) {
      findings.warning(
          "tokenizer.chat_template",
          "it is a converter's placeholder, not what bitnet-b1.58-2B-4T was trained with. This"
              + " library uses the published one; other engines chat badly with this file");
    }
  }

  private static void checkTokenizer(Tokenizer tokenizer, ModelSource source, Findings findings) {
    int vocabSize = source.config().vocabSize();
    if (tokenizer.vocabSize() != vocabSize) {
      findings.info(
          "vocabulary",
          "the tokenizer has %d tokens, the model %d; the rest is padding"
              .formatted(tokenizer.vocabSize(), vocabSize));
    }
    for (String sample : SAMPLES) {
      String back = tokenizer.decode(tokenizer.encode(sample));
      // Vocabularies of the SentencePiece kind put a space before a text.
      if (!back.equals(sample) && !back.equals(" " + sample)) {
        findings.warning(
            "tokenizer",
            "the text \"%s\" comes back as \"%s\"; the vocabulary is incomplete or not this model's"
                .formatted(sample.strip(), back.strip()));
        return;
      }
    }
    checkChatTemplate(tokenizer, findings);
  }

  /** Lays out typical conversations: a template that cannot be used refuses every message. */
  private static void checkChatTemplate(Tokenizer tokenizer, Findings findings) {
    if (tokenizer.chatTemplateSource().isEmpty()) {
      findings.info("chat template", "there is none: the model continues texts, it does not chat");
      return;
    }
    Map<String, String> user = Map.of("role", "user", "content", "Hello");
    Map<String, String> assistant = Map.of("role", "assistant", "content", "Hi. How can I help?");
    Map<String, String> system = Map.of("role", "system", "content", "Answer briefly.");
    if (!canLayOut(tokenizer, findings, List.of(user), "the first message of a chat")) {
      return;
    }
    if (canLayOut(tokenizer, findings, List.of(user, assistant, user), "a second message")) {
      Optional<String> fault = fault(tokenizer, List.of(system, user));
      fault.ifPresent(
          reason -> findings.info("chat template", "it refuses a system message: " + reason));
    }
  }

  private static boolean canLayOut(
      Tokenizer tokenizer,
      Findings findings,
      List<Map<String, String>> conversation,
      String subject) {
    Optional<String> fault = fault(tokenizer, conversation);
    fault.ifPresent(
        reason ->
            findings.warning(
                "chat template",
                "it cannot be used for %s: %s. Chatting with this model fails; continuing texts works"
                    .formatted(subject, reason)));
    return fault.isEmpty();
  }

  private static Optional<String> fault(
      Tokenizer tokenizer, List<Map<String, String>> conversation) {
    try {
      ChatTemplate template = tokenizer.chatTemplate().orElseThrow();
      int bos = tokenizer.addsBos() ? 1 : 0;
      return template.encode(tokenizer, conversation, true).length <= bos
          ? Optional.of("it writes nothing")
          : Optional.empty();
    } catch (ChatTemplateException | IllegalArgumentException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }
}
