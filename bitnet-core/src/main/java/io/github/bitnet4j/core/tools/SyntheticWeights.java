package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.core.format.DenseEncoder;
import io.github.bitnet4j.core.format.GgufType;
import io.github.bitnet4j.core.format.TensorContent;
import io.github.bitnet4j.core.format.TensorNames;
import io.github.bitnet4j.core.format.TernaryEncoder;
import io.github.bitnet4j.core.format.WeightSource.Linear;
import io.github.bitnet4j.core.format.WeightSource.Norm;
import io.github.bitnet4j.core.sampling.SplitMix64;
import io.github.bitnet4j.core.weights.ModelConfig;
import io.github.bitnet4j.spi.DenseType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Random weights of a model, made while they are written.
 *
 * <p>Every row of every tensor has a random generator of its own, seeded by the tensor and the row:
 * so rows can be made in any order, by several threads, and a file does not depend on the format's
 * order. Only whole numbers and correctly rounded operations are used, so that a seed gives the
 * same bytes on every machine.
 *
 * <p>Trits have the frequencies of the trained 2B-4T model. Scales keep the values of a layer near
 * 1, whatever its width, as training does: a pass through many layers neither fades nor overflows.
 */
final class SyntheticWeights {
  /** Of 65536: those below are -1, those at or above the second are 1. 42 % are zeros. */
  private static final int NEGATIVE_BELOW = 19_005;

  private static final int POSITIVE_FROM = 46_531;
  private static final double NONZERO = 1 - (POSITIVE_FROM - NEGATIVE_BELOW) / 65_536.0;

  /** Of the scales of layers that shall not matter. */
  private static final float FADED = 0x1p-12f;

  private static final float EMBEDDING_DEVIATION = 0.02f;
  private static final float NORM_DEVIATION = 0.1f;

  private static final int BLOCK_ROWS = 64;

  /** What 16 random bits choose from. */
  private static final int CHOICES = 1 << 16;

  private static final int GROUP = 8;

  private final ModelConfig config;
  private final long seed;
  private final boolean faded;

  /** Groups of eight trits plus one, a byte each: drawn once, so that a weight costs little. */
  private final long[] codeGroups;

  private final float[] normals;

  /**
   * Creates weights.
   *
   * @param faded whether the layers add nearly nothing to the embedding of a token, which then is
   *     the likeliest to follow
   */
  SyntheticWeights(ModelConfig config, long seed, boolean faded) {
    this.config = config;
    this.seed = seed;
    this.faded = faded;
    codeGroups = codeGroups(random("trits", 0));
    normals = normals(random("normals", 0));
  }

  /** Returns the embedding, {@code [vocabSize x hiddenSize]}: normal, of deviation 0.02. */
  TensorContent embedding(DenseType type) {
    int columns = config.hiddenSize();
    return rows(
        config.vocabSize(),
        type.rowBytes(columns),
        (from, to, out) -> {
          DenseEncoder encoder = new DenseEncoder(type, columns);
          float[] row = new float[columns];
          for (int r = from; r < to; r++) {
            fillNormal(random("token_embd", r), row);
            for (int i = 0; i < columns; i++) {
              row[i] *= EMBEDDING_DEVIATION;
            }
            out.write(encoder.encode(row));
          }
        });
  }

  /** Returns the weight of a norm: normal around 1, of deviation 0.1. */
  TensorContent norm(int layer, Norm which, DenseType type) {
    return norm(TensorNames.gguf(layer, which), which.width(config), type);
  }

  /** Returns the weight of the final norm. */
  TensorContent finalNorm(DenseType type) {
    return norm("output_norm", config.hiddenSize(), type);
  }

  private TensorContent norm(String tensor, int width, DenseType type) {
    return out -> {
      float[] row = new float[width];
      fillNormal(random(tensor, 0), row);
      for (int i = 0; i < width; i++) {
        row[i] = bfloat16(1 + NORM_DEVIATION * row[i]);
      }
      out.write(new DenseEncoder(type, width).encode(row));
    };
  }

  /** Returns the scale of a linear layer; BF16 holds it exactly. */
  float scale(int layer, Linear which) {
    double spread = 0.8 + 0.4 * random(TensorNames.gguf(layer, which), -1).nextDouble();
    float scale = bfloat16((float) (spread / Math.sqrt(NONZERO * which.columns(config))));
    return faded ? scale * FADED : scale;
  }

  /** Returns a linear layer as U8 of a Hugging Face directory: four rows share a byte. */
  TensorContent packed(int layer, Linear which) {
    String tensor = TensorNames.gguf(layer, which);
    int rows = which.rows(config);
    int columns = which.columns(config);
    int packedRows = packedRows(which);
    return rows(
        packedRows,
        columns,
        (from, to, out) -> {
          long[] codes = new long[groups(columns)];
          long[] packed = new long[groups(columns)];
          byte[] bytes = new byte[codes.length * GROUP];
          for (int r = from; r < to; r++) {
            Arrays.fill(packed, 0);
            for (int part = 0; part < 4 && r + part * packedRows < rows; part++) {
              fillCodes(random(tensor, r + part * packedRows), codes);
              for (int i = 0; i < codes.length; i++) {
                packed[i] |= codes[i] << 2 * part; // at most 2: stays in its byte
              }
            }
            longs(bytes).put(packed);
            out.write(bytes, 0, columns);
          }
        });
  }

  /** Returns the rows of {@link #packed}. */
  int packedRows(Linear which) {
    return (which.rows(config) + 3) / 4;
  }

  /** Returns a linear layer as a ternary type of GGUF. */
  TensorContent gguf(int layer, Linear which, GgufType type) {
    String tensor = TensorNames.gguf(layer, which);
    int columns = which.columns(config);
    float scale = scale(layer, which);
    TensorContent rows =
        rows(
            which.rows(config),
            columns / 2, // about
            (from, to, out) -> {
              TernaryEncoder encoder = new TernaryEncoder(type, columns);
              long[] codes = new long[groups(columns)];
              byte[] bytes = new byte[codes.length * GROUP];
              byte[] trits = new byte[columns];
              for (int r = from; r < to; r++) {
                fillCodes(random(tensor, r), codes);
                longs(bytes).put(codes);
                for (int i = 0; i < columns; i++) {
                  trits[i] = (byte) (bytes[i] - 1);
                }
                encoder.writeRow(trits, scale, out);
              }
            });
    return out -> {
      rows.writeTo(out);
      new TernaryEncoder(type, columns).writeEnd(scale, out);
    };
  }

  private static int groups(int columns) {
    return (columns + GROUP - 1) / GROUP;
  }

  private static LongBuffer longs(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
  }

  /** Writes some rows of a tensor. */
  @FunctionalInterface
  private interface RowWriter {
    void write(int from, int to, OutputStream out) throws IOException;
  }

  /** Returns the rows of a tensor, made block by block on all processors. */
  private static TensorContent rows(int rows, long rowBytes, RowWriter writer) {
    int blocksAtOnce = 4 * Runtime.getRuntime().availableProcessors();
    int rowsAtOnce = blocksAtOnce * BLOCK_ROWS;
    return out -> {
      for (int start = 0; start < rows; start += rowsAtOnce) {
        int first = start;
        int blocks = (Math.min(rowsAtOnce, rows - start) + BLOCK_ROWS - 1) / BLOCK_ROWS;
        byte[][] made =
            IntStream.range(0, blocks)
                .parallel()
                .mapToObj(
                    block -> {
                      int from = first + block * BLOCK_ROWS;
                      int to = Math.min(from + BLOCK_ROWS, rows);
                      return block(writer, from, to, Math.toIntExact((to - from) * rowBytes));
                    })
                .toArray(byte[][]::new);
        for (byte[] block : made) {
          out.write(block);
        }
      }
    };
  }

  private static byte[] block(RowWriter writer, int from, int to, int bytes) {
    ByteArrayOutputStream block = new ByteArrayOutputStream(bytes);
    try {
      writer.write(from, to, block);
    } catch (IOException e) {
      throw new UncheckedIOException("memory does not fail", e);
    }
    return block.toByteArray();
  }

  /** Returns the generator of a row; the name is that of GGUF files, whatever is written. */
  private SplitMix64 random(String tensor, int row) {
    long ofTensor = new SplitMix64(new SplitMix64(seed).nextLong() + tensor.hashCode()).nextLong();
    return new SplitMix64(new SplitMix64(ofTensor + row).nextLong());
  }

  /** Draws groups of eight codes. */
  private void fillCodes(SplitMix64 random, long[] codes) {
    for (int i = 0; i < codes.length; ) {
      long bits = random.nextLong();
      for (int end = Math.min(i + 4, codes.length); i < end; i++) {
        codes[i] = codeGroups[(int) bits & 0xFFFF];
        bits >>>= 16;
      }
    }
  }

  private void fillNormal(SplitMix64 random, float[] row) {
    for (int i = 0; i < row.length; ) {
      long bits = random.nextLong();
      for (int end = Math.min(i + 4, row.length); i < end; i++) {
        row[i] = normals[(int) bits & 0xFFFF];
        bits >>>= 16;
      }
    }
  }

  private static long[] codeGroups(SplitMix64 random) {
    long[] groups = new long[CHOICES];
    for (int i = 0; i < CHOICES; i++) {
      for (int n = 0; n < GROUP; n++) {
        int number = (int) random.nextLong() & 0xFFFF;
        int code = number < NEGATIVE_BELOW ? 0 : number < POSITIVE_FROM ? 1 : 2;
        groups[i] |= (long) code << Byte.SIZE * n;
      }
    }
    return groups;
  }

  /** Sums of 12 uniform numbers: nearly normal, of deviation 1, and exact. */
  private static float[] normals(SplitMix64 random) {
    float[] normals = new float[CHOICES];
    for (int i = 0; i < CHOICES; i++) {
      int sum = 0;
      for (int n = 0; n < 12; n++) {
        sum += (int) random.nextLong() & 0xFFFF;
      }
      normals[i] = (sum - 6 * 0xFFFF) * 0x1p-16f;
    }
    return normals;
  }

  private static float bfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    return Float.intBitsToFloat(bits + 0x7FFF + (bits >>> 16 & 1) & 0xFFFF_0000);
  }
}
