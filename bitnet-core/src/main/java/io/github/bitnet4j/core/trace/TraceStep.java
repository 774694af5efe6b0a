package io.github.bitnet4j.core.trace;

/**
 * The values of one step of a forward pass, {@code [rows x columns]}, row-major, a row for each
 * token.
 *
 * <p>Float32 values, or int8 values (as floats) for the quantized inputs of linear layers.
 */
public final class TraceStep {
  private final String name;
  private final boolean int8;
  private final int rows;
  private final int columns;
  private final float[] values;

  TraceStep(String name, boolean int8, int rows, int columns, float[] values) {
    this.name = name;
    this.int8 = int8;
    this.rows = rows;
    this.columns = columns;
    this.values = values;
  }

  /** Returns the name, such as {@code layers.0.q_proj}. */
  public String name() {
    return name;
  }

  /** Returns whether the values are int8. */
  public boolean isInt8() {
    return int8;
  }

  /** Returns the number of tokens. */
  public int rows() {
    return rows;
  }

  /** Returns the number of values for each token. */
  public int columns() {
    return columns;
  }

  /** Returns a value. */
  public float get(int row, int column) {
    return values[row * columns + column];
  }

  /** Returns the L2 norm of one token's values. */
  public double rowNorm(int row) {
    double sum = 0;
    for (int column = 0; column < columns; column++) {
      double value = get(row, column);
      sum += value * value;
    }
    return Math.sqrt(sum);
  }

  float[] values() {
    return values;
  }
}
