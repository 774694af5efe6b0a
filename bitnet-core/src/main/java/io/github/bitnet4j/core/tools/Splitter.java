package io.github.bitnet4j.core.tools;

import java.util.List;
import java.util.Optional;

/**
 * The splitters of byte-level vocabularies that both formats have a name for: Hugging Face spells
 * out the regular expression, GGUF names the model that had it first.
 */
enum Splitter {
  LLAMA3(
      "llama-bpe",
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"),
  QWEN2(
      "qwen2",
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"),
  /** What Hugging Face's ByteLevel does by itself. */
  GPT2(
      "gpt-2",
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+");

  private final String ggufName;
  private final String regex;

  Splitter(String ggufName, String regex) {
    this.ggufName = ggufName;
    this.regex = regex;
  }

  static Optional<Splitter> ofRegex(String regex) {
    return List.of(values()).stream().filter(s -> s.regex.equals(regex)).findFirst();
  }

  static Optional<Splitter> ofGgufName(String name) {
    return switch (name) {
      case "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon_e" -> Optional.of(LLAMA3);
      case "qwen2" -> Optional.of(QWEN2);
      case "gpt-2" -> Optional.of(GPT2);
      default -> Optional.empty();
    };
  }

  String ggufName() {
    return ggufName;
  }

  String regex() {
    return regex;
  }
}
