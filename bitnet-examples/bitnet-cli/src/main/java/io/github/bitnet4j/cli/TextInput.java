package io.github.bitnet4j.cli;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads texts that people wrote with any editor, and checks files before a model is loaded. */
final class TextInput {
  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private TextInput() {}

  /**
   * Returns the text of a file, without a byte order mark at its start.
   *
   * @throws IOException with the name of the file, also if it is not valid UTF-8
   */
  static String read(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException(file + ": expected a file with text, found a directory");
    }
    try {
      return withoutMark(Files.readString(file));
    } catch (CharacterCodingException e) {
      throw new IOException(file + ": expected text in UTF-8, found other bytes", e);
    } catch (OutOfMemoryError e) {
      throw new IOException(file + ": expected a text that fits the memory", e);
    }
  }

  /** Returns a text without a byte order mark at its start. */
  static String withoutMark(String text) {
    return !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK ? text.substring(1) : text;
  }

  /** Refuses a file to be written whose directory does not exist, or that is a directory. */
  static void checkOutput(String option, Path file) throws IOException {
    Path parent = file.toAbsolutePath().getParent();
    if (parent == null || Files.isDirectory(file)) {
      throw new IOException(option + ": expected a file, found the directory " + file);
    }
    if (!Files.isDirectory(parent)) {
      throw new IOException(
          "%s: %s: the directory %s does not exist".formatted(option, file, parent));
    }
  }
}
