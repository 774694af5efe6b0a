package io.github.bitnet4j.cli;

import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/**
 * Where a command reads and writes.
 *
 * @param in what the user types
 * @param out what the command is asked for, and nothing else
 * @param err everything about it: errors, statistics, prompts
 * @param interactive whether a person reads and types
 */
record Terminal(BufferedReader in, PrintStream out, PrintStream err, boolean interactive) {

  /** Returns the terminal of this process. Pipes and files are UTF-8. */
  static Terminal system() {
    boolean interactive = isInteractive();
    return new Terminal(
        new BufferedReader(new InputStreamReader(System.in, charset("stdin", interactive))),
        new PrintStream(
            new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)),
            false,
            charset("stdout", interactive)),
        System.err,
        interactive);
  }

  @SuppressWarnings("SystemConsoleNull") // with the console of java.base it can be null again
  private static boolean isInteractive() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  /** A terminal of a system without a locale can show more than the ASCII it claims. */
  private static Charset charset(String stream, boolean interactive) {
    Charset own = Charset.forName(System.getProperty(stream + ".encoding", "UTF-8"));
    return interactive && !own.equals(StandardCharsets.US_ASCII) ? own : StandardCharsets.UTF_8;
  }

  /**
   * Prints text at once.
   *
   * @throws IOException if nobody takes it: a closed pipe, a full disk
   */
  void print(String text) throws IOException {
    out.print(text);
    if (out.checkError()) { // flushes
      throw new IOException("standard output: expected to be writable, found it closed or full");
    }
  }
}
