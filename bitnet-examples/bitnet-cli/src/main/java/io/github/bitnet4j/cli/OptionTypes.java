package io.github.bitnet4j.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.TypeConversionException;

/** Reads the values of options, with messages for people who do not know Java. */
final class OptionTypes {
  private OptionTypes() {}

  /** Sets the converters of a command and its subcommands. */
  static void register(CommandLine line) {
    Function<String, Integer> whole =
        text -> number(text, Integer::valueOf, "a whole number of at most " + Integer.MAX_VALUE);
    Function<String, Long> large =
        text -> number(text, Long::valueOf, "a whole number of at most " + Long.MAX_VALUE);
    Function<String, Float> real = text -> number(text, Float::valueOf, "a number");
    Function<String, Double> precise = text -> number(text, Double::valueOf, "a number");
    line.registerConverter(Path.class, OptionTypes::path)
        .registerConverter(int.class, whole::apply)
        .registerConverter(Integer.class, whole::apply)
        .registerConverter(long.class, large::apply)
        .registerConverter(Long.class, large::apply)
        .registerConverter(float.class, real::apply)
        .registerConverter(Float.class, real::apply)
        .registerConverter(double.class, precise::apply)
        .registerConverter(Double.class, precise::apply);
  }

  private static Path path(String text) {
    if (text.isEmpty()) {
      throw new TypeConversionException("expected a path, found an empty string");
    }
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new TypeConversionException(
          "expected a path, found '%s' (%s)".formatted(text, e.getReason()));
    }
  }

  private static <T> T number(String text, Function<String, T> parser, String expected) {
    try {
      return parser.apply(text);
    } catch (NumberFormatException e) {
      throw new TypeConversionException("expected %s, found '%s'".formatted(expected, text));
    }
  }
}
