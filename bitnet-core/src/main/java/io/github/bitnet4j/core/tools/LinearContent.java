package io.github.bitnet4j.core.tools;

import io.github.bitnet4j.ModelFormatException;
import io.github.bitnet4j.core.format.GgufType;
import io.github.bitnet4j.core.format.ModelFiles;
import io.github.bitnet4j.core.format.TensorContent;
import io.github.bitnet4j.core.format.TernaryEncoder;
import io.github.bitnet4j.core.format.WeightSource.Linear;
import io.github.bitnet4j.core.format.WeightSource.Packed;
import io.github.bitnet4j.spi.TernaryTensor;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * A linear layer on its way from one file to another: read when it is written, and remembered by a
 * checksum so that the copy can be compared.
 */
final class LinearContent {
  private final ModelFiles files;
  private final int layer;
  private final Linear which;
  private float scale;
  private long checksum;

  LinearContent(ModelFiles files, int layer, Linear which) {
    this.files = files;
    this.layer = layer;
    this.which = which;
  }

  /** Returns the scale that was written; valid when the trits are written. */
  float scale() {
    return scale;
  }

  /** Writes trits as U8 of a Hugging Face directory. */
  TensorContent packed() {
    return out -> {
      try (Arena memory = Arena.ofConfined()) {
        TernaryTensor trits = read(memory);
        checksum = checksum(trits);
        TensorContent.of(trits.toRowQuarters(memory).data()).writeTo(out);
      }
    };
  }

  /**
   * Writes trits as a ternary type of GGUF.
   *
   * @param headDim rows of an attention head that are to be interleaved, 0 for none
   * @param magnitude turns the stored scale into the one to write
   */
  TensorContent gguf(GgufType type, int headDim, Magnitude magnitude) {
    return out -> {
      try (Arena memory = Arena.ofConfined()) {
        TernaryTensor trits = read(memory);
        checksum = checksum(trits);
        scale = magnitude.of(which, layer, scale);
        writeRows(trits, new TernaryEncoder(type, trits.columns()), headDim, out);
      }
    };
  }

  /** What a stored scale is in another file. */
  @FunctionalInterface
  interface Magnitude {
    /**
     * Returns the magnitude.
     *
     * @throws ConversionException if the file cannot hold it
     */
    float of(Linear which, int layer, float scale) throws ConversionException;
  }

  private TernaryTensor read(Arena memory) throws ModelFormatException {
    Packed packed = files.trits(layer, which, memory);
    scale = packed.scale();
    return packed.trits();
  }

  private void writeRows(TernaryTensor trits, TernaryEncoder encoder, int headDim, OutputStream out)
      throws IOException {
    byte[] row = new byte[trits.columns()];
    for (int stored = 0; stored < trits.rows(); stored++) {
      trits.decodeRow(headDim == 0 ? stored : deinterleaved(stored, headDim), row, 0);
      encoder.writeRow(row, scale, out);
    }
    encoder.writeEnd(scale, out);
  }

  /** Returns which row of a matrix is stored here: the inverse of {@link TernaryTensor}'s rule. */
  private static int deinterleaved(int stored, int headDim) {
    int inHead = stored % headDim;
    return stored - inHead + inHead % 2 * (headDim / 2) + inHead / 2;
  }

  /** Compares with the copy in another file. */
  void verify(ModelFiles copy) throws IOException {
    try (Arena memory = Arena.ofConfined()) {
      Packed packed = copy.trits(layer, which, memory);
      if (checksum(packed.trits()) != checksum || packed.scale() != scale) {
        throw new IOException(
            "tensor %s: read back, its trits or its scale (%s) are not those written (%s); is the disk sound?"
                .formatted(packed.name(), packed.scale(), scale));
      }
    }
  }

  private static long checksum(TernaryTensor trits) {
    CRC32C crc = new CRC32C();
    ByteBuffer row = ByteBuffer.allocate(trits.columns());
    for (int r = 0; r < trits.rows(); r++) {
      trits.decodeRow(r, row.array(), 0);
      crc.update(row.clear());
    }
    return crc.getValue();
  }
}
