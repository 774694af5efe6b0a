package io.github.bitnet4j.cli;

import java.io.IOException;
import java.nio.file.Path;

/** One line about a file, for scripts. */
final class FileVerdict {
  private FileVerdict() {}

  /** Returns {@code OK path}. */
  static String ok(Path path) {
    return "OK " + Messages.oneLine(path.toString()) + System.lineSeparator();
  }

  /** Returns {@code REJECTED path: reason}. */
  static String rejected(Path path, String reason) {
    String prefix = path + ": ";
    String rest = reason.startsWith(prefix) ? reason.substring(prefix.length()) : reason;
    return "REJECTED " + Messages.oneLine(prefix + rest) + System.lineSeparator();
  }

  /** Returns {@code REJECTED path: reason} for a file that cannot be read or used. */
  static String rejected(Path path, IOException e) {
    return rejected(path, e.getMessage() == null ? e.toString() : e.getMessage());
  }
}
