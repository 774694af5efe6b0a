package io.github.bitnet4j.core.compute;

import io.github.bitnet4j.TraceListener;
import org.jspecify.annotations.Nullable;

/** Reports the values of a forward pass to a listener, if there is one. Not thread-safe. */
public final class Tracer {
  private @Nullable TraceListener listener;
  private int rows;

  /**
   * Reports the values of the next pass.
   *
   * @param listener receives them; null in ordinary generation
   * @param rows rows of the pass
   */
  public void begin(@Nullable TraceListener listener, int rows) {
    this.listener = listener;
    this.rows = rows;
  }

  /** Reports nothing from now on. */
  public void end() {
    listener = null;
  }

  /**
   * Reports floats; only if there is a listener is the name put together.
   *
   * @param values {@code [rows x columns]}
   */
  public void trace(String prefix, String step, int columns, float[] values) {
    if (listener != null) {
      listener.onFloats(prefix + step, rows, columns, values);
    }
  }

  /**
   * Reports bytes; only if there is a listener is the name put together.
   *
   * @param values {@code [rows x columns]}
   */
  public void trace(String prefix, String step, int columns, byte[] values) {
    if (listener != null) {
      listener.onBytes(prefix + step, rows, columns, values);
    }
  }
}
