package io.github.bitnet4j.cli;

import io.github.bitnet4j.LoadOptions;
import java.util.Locale;

/**
 * Shows a person how far the loading of a large model has come: a line that is erased at the end.
 */
final class LoadProgress implements LoadOptions.ProgressListener {
  private static final long LARGE = 100_000_000;
  private static final int BAR = 40;

  /** System property that the launcher sets: only a shell can ask this of standard error. */
  private static final String STDERR_IS_TERMINAL = "bitnet4j.stderrIsTerminal";

  private final Terminal terminal;
  private final String activity;
  private boolean shown;

  LoadProgress(Terminal terminal) {
    this(terminal, "Loading");
  }

  /** Creates a line for something else that takes long. */
  LoadProgress(Terminal terminal, String activity) {
    this.terminal = terminal;
    this.activity = activity;
  }

  @Override
  public void onProgress(long done, long total) {
    if (Boolean.getBoolean(STDERR_IS_TERMINAL) && total > LARGE) {
      int bar = (int) (BAR * done / total);
      terminal
          .err()
          .printf(
              Locale.ROOT,
              "\r%s [%s%s] %3d %%",
              activity,
              "=".repeat(bar),
              " ".repeat(BAR - bar),
              100 * done / total);
      terminal.err().flush();
      shown = true;
    }
  }

  /** Leaves an empty line, if a line was shown. */
  void erase() {
    if (shown) {
      terminal.err().print("\r" + " ".repeat(BAR + 20) + "\r");
      terminal.err().flush();
    }
  }
}
