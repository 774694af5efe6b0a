package io.github.bitnet4j.cli;

import io.github.bitnet4j.OutputConstraint;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What the text must look like: one of these. */
final class ConstraintOptions {
  @Option(
      names = "--json-schema",
      paramLabel = "FILE|JSON",
      description = "Write JSON that this schema accepts; {} accepts any.")
  private @Nullable String jsonSchema;

  @Option(
      names = "--grammar",
      paramLabel = "FILE",
      description = "Write what this GBNF grammar says.")
  private @Nullable Path grammar;

  @Option(
      names = "--regex",
      paramLabel = "REGEX",
      description = "Write what this regular expression matches.")
  private @Nullable String regex;

  @Option(
      names = "--choice",
      paramLabel = "TEXT",
      description = "Allowed answer. Repeat the option for each choice; the model picks one.")
  private @Nullable List<String> choices;

  OutputConstraint constraint() {
    if (jsonSchema != null) {
      boolean isJson = jsonSchema.stripLeading().startsWith("{");
      return OutputConstraint.jsonSchema(isJson ? jsonSchema : read(Path.of(jsonSchema)));
    }
    if (grammar != null) {
      return OutputConstraint.gbnf(read(grammar));
    }
    if (regex != null) {
      return OutputConstraint.regex(regex);
    }
    return OutputConstraint.choices(
        choices == null ? new String[0] : choices.toArray(String[]::new));
  }

  private static String read(Path file) {
    try {
      return TextInput.read(file);
    } catch (NoSuchFileException e) {
      throw new UsageException(file + ": does not exist");
    } catch (IOException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }
}
