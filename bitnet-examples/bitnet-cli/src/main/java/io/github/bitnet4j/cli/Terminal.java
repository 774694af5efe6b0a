package io.github.bitnet4j.cli;

import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Where a command reads and writes.
 *
 * @param in what the user types
 * @param out what the command is asked for, and nothing else
 * @param err everything about it: errors, statistics, prompts
 * @param interactive whether a person reads and types
 * @param watched tells why {@code out} failed
 */
record Terminal(
    BufferedReader in,
    PrintStream out,
    PrintStream err,
    boolean interactive,
    @Nullable WatchedOutput watched) {

  /** Creates a terminal whose output never fails. */
  Terminal(BufferedReader in, PrintStream out, PrintStream err, boolean interactive) {
    this(in, out, err, interactive, null);
  }

  /** Returns the terminal of this process. Pipes and files are UTF-8. */
  static Terminal system() {
    boolean interactive = isInteractive();
    WatchedOutput output = new WatchedOutput(StandardStreams.out());
    return new Terminal(
        new BufferedReader(
            new InputStreamReader(StandardStreams.in(), charset("stdin", interactive))),
        new PrintStream(new BufferedOutputStream(output), false, charset("stdout", interactive)),
        StandardStreams.err(),
        interactive,
        output);
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
   * @throws ClosedOutputException if its reader has closed it, as {@code head} does
   * @throws IOException if it cannot be written, as on a full disk
   */
  void print(String text) throws IOException {
    out.print(text);
    if (out.checkError()) { // flushes
      throw watched == null ? new IOException(WatchedOutput.UNWRITABLE) : watched.failure();
    }
  }
}
