package io.github.bitnet4j.core.model;

import io.github.bitnet4j.core.batching.Batch;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Rotary position embedding in the "rotate half" form: lane j of a head turns together with lane
 * {@code j + headDim / 2}.
 *
 * <p>As in the reference, frequencies {@code 1 / theta^(2j/d)} and angles {@code position *
 * frequency} are rounded to float32; sine and cosine are then taken in double and rounded once.
 * What was computed for a position is kept for the next time. Not thread-safe.
 */
final class Rope {
  private final int half;
  private final float[] frequencies;

  /** Cosines and sines of each position, {@code [2 x half]}; null if it has not been seen. */
  private float[] @Nullable [] tables = {};

  Rope(int headDim, float theta) {
    half = headDim / 2;
    frequencies = new float[half];
    for (int j = 0; j < half; j++) {
      float exponent = (float) (2 * j) / headDim;
      frequencies[j] = 1f / (float) StrictMath.pow(theta, exponent);
    }
  }

  /** Computes the cosines and sines of the positions of a batch, {@code [rows x half]} each. */
  void fill(Batch batch, float[] cos, float[] sin) {
    for (int row = 0; row < batch.rows(); row++) {
      fill(batch.position(row), row, cos, sin);
    }
  }

  /** Computes the cosines and sines of a position into row {@code row} of {@code [.. x half]}. */
  void fill(int position, int row, float[] cos, float[] sin) {
    if (position >= tables.length) {
      tables = Arrays.copyOf(tables, Math.max(position + 1, 2 * tables.length));
    }
    float[] table = tables[position];
    if (table == null) {
      table = table(position);
      tables[position] = table;
    }
    System.arraycopy(table, 0, cos, row * half, half);
    System.arraycopy(table, half, sin, row * half, half);
  }

  private float[] table(int position) {
    float[] table = new float[2 * half];
    for (int j = 0; j < half; j++) {
      float angle = position * frequencies[j];
      table[j] = (float) StrictMath.cos(angle);
      table[half + j] = (float) StrictMath.sin(angle);
    }
    return table;
  }

  /** Turns {@code heads} heads that lie side by side from {@code offset} on, in place. */
  void rotate(float[] x, int offset, int heads, float[] cos, float[] sin, int row) {
    int table = row * half;
    for (int head = 0; head < heads; head++) {
      int first = offset + head * 2 * half;
      for (int j = 0; j < half; j++) {
        float a = x[first + j];
        float b = x[first + half + j];
        float c = cos[table + j];
        float s = sin[table + j];
        x[first + j] = a * c - b * s;
        x[first + half + j] = b * c + a * s;
      }
    }
  }
}
