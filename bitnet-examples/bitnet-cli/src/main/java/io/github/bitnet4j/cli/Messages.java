package io.github.bitnet4j.cli;

import io.github.bitnet4j.tokenizer.file.Printable;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;

/** The texts of messages for people: one line, safe for a terminal, with the names of options. */
final class Messages {
  private static final Pattern SETTING = Pattern.compile("^([a-z][A-Za-z]*): ");

  /** Settings of the library whose options have other names than theirs in kebab case. */
  private static final Map<String, List<String>> OPTIONS =
      Map.ofEntries(
          Map.entry("kernels", List.of()), // not only what the option names can be missing
          Map.entry("contextLength", List.of("--context")),
          Map.entry("preparedFile", List.of("--prepared")),
          Map.entry("bannedIds", List.of("--ban")),
          Map.entry("repetition", List.of("--repetition-penalty")),
          Map.entry("presence", List.of("--presence-penalty")),
          Map.entry("frequency", List.of("--frequency-penalty")),
          Map.entry("multiplier", List.of("--dry")),
          Map.entry("base", List.of("--dry-base")),
          Map.entry("allowedLength", List.of("--dry-allowed-length")),
          Map.entry("sequenceBreakers", List.of("--dry-breaker")),
          Map.entry("window", List.of("--window", "--penalty-window")),
          Map.entry("probability", List.of("--xtc-probability")),
          Map.entry("threshold", List.of("--xtc-threshold")),
          Map.entry("tau", List.of("--mirostat")),
          Map.entry("eta", List.of("--mirostat-eta")),
          Map.entry("vocabSize", List.of("--vocab")),
          Map.entry("hiddenSize", List.of("--hidden")),
          Map.entry("intermediateSize", List.of("--ffn")),
          Map.entry("numLayers", List.of("--layers")),
          Map.entry("numHeads", List.of("--heads")),
          Map.entry("numKvHeads", List.of("--kv-heads")));

  private Messages() {}

  /**
   * Returns a text as one line: line breaks become spaces, other control characters and characters
   * that turn the direction of text their escapes, and a long text loses its middle.
   */
  static String oneLine(String text) {
    return Printable.message(text.strip().replaceAll("\\s*\\R\\s*", " "));
  }

  /** Replaces the name of a setting at the start of a message by that of its option, if any. */
  static String withOptionName(String message, CommandSpec command) {
    Matcher matcher = SETTING.matcher(message);
    if (!matcher.find()) {
      return message;
    }
    String setting = matcher.group(1);
    String kebab = "--" + setting.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    return OPTIONS.getOrDefault(setting, List.of(kebab)).stream()
        .filter(name -> command.findOption(name) != null)
        .findFirst()
        .map(name -> name + message.substring(setting.length()))
        .orElse(message);
  }
}
