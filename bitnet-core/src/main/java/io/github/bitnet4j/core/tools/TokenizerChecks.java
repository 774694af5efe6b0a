package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.GgufFile;
import io.github.bitnet4j.core.format.GgufMetadata;
import io.github.bitnet4j.tokenizer.Tokenizer;
import java.util.List;

/** Checks of what stands between text and the model. */
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
    if (tokenizer.chatTemplateSource().isEmpty()) {
      findings.info("chat template", "there is none: the model continues texts, it does not chat");
    }
  }
}
